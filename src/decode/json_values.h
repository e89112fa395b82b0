// Reads one JSON value into a field's slot, as the field's type says.
//
//   JSON                    float32, float64    int32, int64, uint8         bool          string
//   1, 1.5, 1e3             nearest value       whole ones: 1, 1.0, 1e3     wrong_type    wrong_type
//   true, "x", …            wrong_type          wrong_type                  true, false   "x"
//   too large a number      out_of_range        out_of_range
//
// Nothing is converted between kinds: a number in quotes is a string. null is as good as absent (the caller looks for it first).
#pragma once

#include <optional>

#include "thalweg/batch.h"
#include "thalweg/error.h"

#include "decode/slot.h"
#include "json/walker.h"

namespace thalweg::decode {

class ValueReader {
 public:
  void start(json::Walker& walker, Arena& arena) noexcept {
    walker_ = &walker;
    arena_ = &arena;
    error_.reset();
  }
  // Reads the value at which the walker stands. False: error() says why.
  [[nodiscard]] bool read(Slot& slot);

  // REQUIRES that something returned false.
  [[nodiscard]] Error take_error() { return *std::move(error_); }

  // Records the error; false, to be returned.
  bool fail(Error error);
  // The walker's fault becomes the error.
  bool broken();
  // The value at hand is not what was expected: wrong_type, or not_json where it is not even that.
  bool unexpected(const FieldSpec& field, std::string_view expected);

 private:
  template <class T>
  bool read_numbers(Slot& slot);
  template <class T>
  bool read_number(const FieldSpec& field, T* out);
  template <class T>
  bool read_fixed(const FieldSpec& field, std::span<const std::int64_t> dims, T*& out);
  template <class T>
  bool read_list(Slot& slot);
  template <class T>
  bool read_list_text(Slot& slot, std::string_view text, std::string_view raw);
  bool read_bool(const FieldSpec& field, std::uint8_t* out);
  bool read_strings(Slot& slot, std::span<const std::int64_t> dims);
  bool read_words(Slot& slot);
  bool read_text(std::string_view& out);
  bool wrong_length(const FieldSpec& field, std::size_t expected, std::size_t got);
  bool count_rest(const FieldSpec& field, std::size_t expected, std::size_t seen);

  json::Walker* walker_ = nullptr;
  Arena* arena_ = nullptr;
  std::optional<Error> error_;
};

// "field 'mcc' (/merchant/mcc)", or "field 'amount'" where the name says it all.
[[nodiscard]] std::string describe(const FieldSpec& field);

}  // namespace thalweg::decode
