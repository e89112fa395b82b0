// The bench of bench.h.
#include "feature/support/bench.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/column_type.h"
#include "config/yaml_reader.h"

namespace thalweg::feature_test {

namespace dom = simdjson::dom;

namespace {

double number_of(dom::element json) {
  if (std::string_view text; json.get(text) == simdjson::SUCCESS) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return text == "NaN" ? std::nan("") : text == "Infinity" ? infinity : -infinity;
  }
  if (bool truth = false; json.get(truth) == simdjson::SUCCESS) return truth ? 1 : 0;
  return double(json);
}

template <class T>
T value_of(dom::element json) {
  if constexpr (std::is_integral_v<T>) {
    if (std::int64_t whole = 0; json.get(whole) == simdjson::SUCCESS) return static_cast<T>(whole);
  }
  // A float is written with the shortest digits that read back as it: by way of double nothing is lost.
  return static_cast<T>(number_of(json));
}

template <class T>
void flatten(dom::element json, std::vector<T>& out) {
  if (!json.is_array()) {
    out.push_back(value_of<T>(json));
    return;
  }
  for (const dom::element item : json.get_array()) flatten(item, out);
}

template <class T>
void append_numbers(Column& column, dom::element row) {
  std::vector<T> values;
  flatten(row, values);
  T* to = column.type().ragged() ? column.extend<T>(values.size()) : column.append<T>();
  std::copy(values.begin(), values.end(), to);
  if (column.type().ragged()) column.end_row();
}

// Texts of tests live for the whole run, as those of a batch's payload do for the batch.
std::string_view kept(std::string_view text) {
  static Arena arena;
  return arena.copy(text);
}

void append_strings(Column& column, dom::element row) {
  const auto push = [&](dom::element text) { column.push_string(kept(text.get_string().value())); };
  if (row.is_array()) {
    for (const dom::element item : row.get_array()) push(item);
  } else {
    push(row);
  }
  column.end_row();
}

template <class T>
std::string number_json(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return "\"NaN\"";
    if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }
  return fmt::format("{}", value);
}

std::string element_json(const Column& column, std::size_t i) {
  switch (column.type().dtype) {
    case DType::float32: return number_json(column.values<float>()[i]);
    case DType::float64: return number_json(column.values<double>()[i]);
    case DType::int32: return number_json(column.values<std::int32_t>()[i]);
    case DType::int64: return number_json(column.values<std::int64_t>()[i]);
    case DType::uint8: return fmt::format("{}", column.values<std::uint8_t>()[i]);
    case DType::boolean: return column.values<std::uint8_t>()[i] != 0 ? "true" : "false";
    default: return fmt::format("\"{}\"", column.strings()[i]);
  }
}

}  // namespace

const Registry& registry() {
  static const Registry all = [] {
    Registry registry;
    register_feature_steps(registry);
    return registry;
  }();
  return all;
}

Node yaml(std::string_view text) {
  auto node = read_yaml(text, {.name = ""});
  EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message());
  return node.ok() ? *node : Node();
}

Node node_from(dom::element json) {
  switch (json.type()) {
    case dom::element_type::ARRAY: {
      std::vector<Node> items;
      for (const dom::element item : json.get_array()) items.push_back(node_from(item));
      return Node::sequence(std::move(items));
    }
    case dom::element_type::OBJECT: {
      std::vector<std::pair<std::string, Node>> entries;
      for (const auto [key, value] : json.get_object()) entries.emplace_back(key, node_from(value));
      return Node::map(std::move(entries));
    }
    case dom::element_type::STRING:
      return Node::scalar(std::string(json.get_string().value()), true);
    case dom::element_type::NULL_VALUE: return {};
    default: return Node::scalar(simdjson::minify(json));
  }
}

ColumnType type(std::string_view text) {
  auto parsed = parse_column_type(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return *parsed;
}

void append_row(Column& column, dom::element row) {
  switch (column.type().dtype) {
    case DType::float32: return append_numbers<float>(column, row);
    case DType::float64: return append_numbers<double>(column, row);
    case DType::int32: return append_numbers<std::int32_t>(column, row);
    case DType::int64: return append_numbers<std::int64_t>(column, row);
    case DType::uint8:
    case DType::boolean: return append_numbers<std::uint8_t>(column, row);
    default: return append_strings(column, row);
  }
}

void append_json(Column& column, std::string_view rows) {
  dom::parser parser;
  const dom::element json = parser.parse(simdjson::padded_string(rows)).value();
  for (const dom::element row : json.get_array()) append_row(column, row);
}

std::string row_json(const Column& column, std::size_t row) {
  const auto [begin, end] = column.extent(row);
  if (column.type().shape.rank() == 0) return element_json(column, begin);
  std::string json = "[";
  for (std::size_t i = begin; i < end; ++i)
    json += (i == begin ? "" : ",") + element_json(column, i);
  return json + "]";
}

Bench::Bench(std::string_view fields, const Node& features, const Registry& steps,
             const std::string& folder) {
  const Node declared = yaml(fields);
  for (const auto& [name, text] : declared.entries())
    schema_.fields.push_back({name, type(text.text())});
  for (const Field& field : schema_.fields) columns_.emplace_back(field.type);
  auto program = FeatureProgram::bind(features, schema_, folder, steps);
  if (program) {
    program_ = *program;
  } else {
    error_ = program.error().message();
  }
  frame_.scratch.arena = &arena_;
}

void Bench::clear() {
  for (Column& column : columns_) column.clear();
  arena_.reset();
}

Bench& Bench::feed(std::size_t i, std::string_view rows) {
  append_json(columns_[i], rows);
  return *this;
}

std::span<const Column* const> Bench::run() {
  return program_->run(columns_, columns_.empty() ? 0 : columns_[0].rows(), frame_);
}

std::string Bench::operator()(std::string_view rows) {
  if (!bound()) return "not bound: " + error_;
  clear();
  feed(0, rows);
  const Column& out = *run()[0];
  std::string json = "[";
  for (std::size_t row = 0; row < out.rows(); ++row)
    json += (row == 0 ? "" : ",") + row_json(out, row);
  return json + "]";
}

std::string Bench::failures() const {
  std::string all;
  for (const RowFailure& failure : frame_.scratch.failures) {
    all += fmt::format("{}{}:{}", all.empty() ? "" : " ", failure.row,
                       to_string(failure.error.code()));
  }
  return all;
}

}  // namespace thalweg::feature_test
