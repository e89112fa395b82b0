// A bench for features: binds expressions written as YAML, feeds columns written as JSON, reads rows back as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "thalweg/batch.h"
#include "thalweg/registry.h"

#include "feature/program.h"

namespace thalweg::feature_test {

// With the built-in steps.
[[nodiscard]] const Registry& registry();
[[nodiscard]] Node yaml(std::string_view text);
// JSON as settings: texts are quoted scalars.
[[nodiscard]] Node node_from(simdjson::dom::element json);
[[nodiscard]] ColumnType type(std::string_view text);

// Appends a row written as JSON: a value, or (nested) lists of them. "NaN", "Infinity" and "-Infinity" are numbers where
// the column holds numbers.
void append_row(Column& column, simdjson::dom::element row);
void append_json(Column& column, std::string_view rows);  // a JSON list of rows
// A row as JSON; NaN and infinities as texts; floats with the shortest digits that read back as the same.
[[nodiscard]] std::string row_json(const Column& column, std::size_t row);

class Bench {
 public:
  // `fields` and `features` as YAML maps: "{amount: float32}", "{x: {log1p: amount}}".
  Bench(std::string_view fields, std::string_view features) : Bench(fields, yaml(features)) {}
  Bench(std::string_view fields, const Node& features, const Registry& steps = registry(),
        const std::string& folder = "");

  [[nodiscard]] bool bound() const { return program_ != nullptr; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const FeatureProgram& program() const { return *program_; }
  [[nodiscard]] Column& column(std::size_t i = 0) { return columns_[i]; }
  [[nodiscard]] std::vector<Column>& columns() { return columns_; }
  [[nodiscard]] FeatureFrame& frame() { return frame_; }

  // Forgets all rows.
  void clear();
  // Fills the i-th field with rows written as JSON.
  Bench& feed(std::size_t i, std::string_view rows);
  std::span<const Column* const> run();
  // Feeds the only field, runs, and gives all rows of the first output as a JSON list.
  std::string operator()(std::string_view rows);
  // Codes of the refused rows of the last run: "2:not_utf8 5:feature_failed".
  [[nodiscard]] std::string failures() const;

 private:
  Schema schema_;
  std::vector<Column> columns_;
  std::shared_ptr<const FeatureProgram> program_;
  std::string error_;
  Arena arena_;
  FeatureFrame frame_;
};

}  // namespace thalweg::feature_test
