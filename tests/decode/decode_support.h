// For tests of decoders: a decoder from a piece of YAML, a batch from values, and what became of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/registry.h"

namespace thalweg::test {

// `fields` as they stand under `fields:` in a pipeline file, in flow style: "{a: float32}". Aborts on a wrong one.
[[nodiscard]] std::unique_ptr<Decoder> make_decoder(const std::string& format,
                                                    const std::string& fields,
                                                    const std::string& settings = "{}");
// The error of a wrong one.
[[nodiscard]] Error decoder_error(const std::string& format, const std::string& fields);

// Adds one record per value. The values must outlive the batch's use.
void add_values(Batch& batch, const std::vector<std::string>& values);

// One value through a decoder: its batch, with one row or one dead record.
class Decoded {
 public:
  Decoded(const std::string& fields, std::string value, const std::string& format = "json",
          const std::string& settings = "{}");

  [[nodiscard]] bool ok() const { return batch.disposition(0) == Disposition::pending; }
  // REQUIRES !ok().
  [[nodiscard]] const Error& error() const { return *batch.error_of(0); }
  [[nodiscard]] const Column& column(std::size_t i = 0) const { return batch.rows().columns[i]; }
  template <class T>
  [[nodiscard]] std::vector<T> values(std::size_t column_index = 0) const {
    const auto span = column(column_index).values<T>();
    return {span.begin(), span.end()};
  }
  [[nodiscard]] std::vector<std::string> strings(std::size_t column_index = 0) const {
    const auto span = column(column_index).strings();
    return {span.begin(), span.end()};
  }

  std::string bytes;
  std::unique_ptr<Decoder> decoder;
  Batch batch;
};

}  // namespace thalweg::test
