// A compiled template is a row of pieces, each of which writes a bit of every output.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/error.h"

#include "encode/arena_writer.h"
#include "encode/reference.h"
#include "json/index.h"
#include "json/walker.h"

namespace thalweg::encode {

enum class Nonfinite : std::uint8_t { dead, null };

// What the pieces of one encoder share: the place where they write, and the index of the input for those that look into it.
struct Scratch {
  json::Index index;
  json::Walker walker;
};

struct Job {
  const Batch& batch;
  std::uint32_t row;
  std::uint32_t record;
  ArenaWriter& out;
  Scratch& scratch;
  bool indexed = false;  // the scratch holds this record's index
  std::optional<Error> error{};

  [[nodiscard]] const Column& column(std::size_t i) const { return batch.rows().columns[i]; }
  [[nodiscard]] std::string_view input() const {
    return batch.record(record).value.value_or("null");
  }
  // Records the error; false, to be returned.
  bool fail(Code code, std::string message) {
    error.emplace(code, std::move(message));
    return false;
  }
};

class Piece {
 public:
  virtual ~Piece() = default;
  // False: job.error says why.
  [[nodiscard]] virtual bool write(Job& job) const = 0;
};

using Pieces = std::vector<std::unique_ptr<Piece>>;

[[nodiscard]] inline bool write_all(const Pieces& pieces, Job& job) {
  for (const auto& piece : pieces) {
    if (!piece->write(job)) return false;
  }
  return true;
}

// --- the kinds of pieces ---------------------------------------------------------------------------------------

// Text that is always the same: keys, braces, constants.
[[nodiscard]] std::unique_ptr<Piece> literal_piece(std::string text);
// A reference as a JSON value.
[[nodiscard]] std::unique_ptr<Piece> reference_piece(const Reference& reference,
                                                     Nonfinite nonfinite);
// The bytes of a reference as base64. REQUIRES a column, the input, the key or a header.
[[nodiscard]] std::unique_ptr<Piece> base64_piece(const Reference& reference);
// The place of the largest element of a numeric column, or its label. `labels` empty: the place.
[[nodiscard]] std::unique_ptr<Piece> argmax_piece(const Reference& reference,
                                                  std::vector<std::string> labels);
// The part of the input that the pointer names, as it stands; null where there is none.
[[nodiscard]] std::unique_ptr<Piece> part_piece(const std::string& pointer);
// The whole input, checked to be JSON, since it stands inside of other JSON.
[[nodiscard]] std::unique_ptr<Piece> input_piece();
// The input, an object, with members replaced and added.
struct AddedMember {
  std::string key;  // as it is
  Pieces value;
};
[[nodiscard]] std::unique_ptr<Piece> merge_piece(std::vector<AddedMember> members);

}  // namespace thalweg::encode
