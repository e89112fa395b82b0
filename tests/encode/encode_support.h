// For tests of encoders: a batch with columns, an encoder from a piece of YAML, and what it writes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/registry.h"

namespace thalweg::test {

[[nodiscard]] Result<std::unique_ptr<Encoder>> make_encoder(const std::string& format,
                                                            const std::string& value,
                                                            const Schema& schema,
                                                            const std::string& settings = "{}");

// One record with one row, column by column.
class OneRow {
 public:
  explicit OneRow(std::string input = "{}", std::optional<std::string> key = std::nullopt);

  template <class T>
  OneRow& numbers(const std::string& name, std::vector<T> values,
                  std::vector<std::int64_t> dims = {}) {
    Column& column = add(name, DTypeOf<T>::value, std::move(dims));
    T* const to = column.type().ragged() ? column.template extend<T>(values.size())
                                         : column.template append<T>();
    std::copy(values.begin(), values.end(), to);
    if (column.type().ragged()) column.end_row();
    return *this;
  }
  OneRow& bools(const std::string& name, std::vector<std::uint8_t> values,
                std::vector<std::int64_t> dims = {});
  OneRow& strings(const std::string& name, std::vector<std::string> values,
                  std::vector<std::int64_t> dims = {});

  // What the encoder writes, or "code: message" of its error.
  [[nodiscard]] std::string json(const std::string& value, const std::string& settings = "{}") {
    return encode("json", value, settings);
  }
  [[nodiscard]] std::string encode(const std::string& format, const std::string& value,
                                   const std::string& settings = "{}");
  // The message of the error that binding gives.
  [[nodiscard]] std::string refusal(const std::string& format, const std::string& value);

  Schema schema;
  Batch batch;

 private:
  Column& add(const std::string& name, DType dtype, std::vector<std::int64_t> dims);

  std::string input_;
  std::optional<std::string> key_;
  std::vector<std::unique_ptr<std::string>> texts_;
};

}  // namespace thalweg::test
