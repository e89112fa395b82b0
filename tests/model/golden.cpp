#include "model/golden.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>
#include <simdjson.h>

#include "model/numbers.h"

namespace thalweg::golden {
namespace {

namespace dom = simdjson::dom;

std::string from_base64(std::string_view text) {
  static const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned value = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    value = (value << 6) | static_cast<unsigned>(alphabet.find(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>((value >> bits) & 0xff));
  }
  return bytes;
}

double number(dom::element element) {
  if (element.is_bool()) return element.get_bool().value() ? 1 : 0;
  if (!element.is_string()) return element.get_double().value();
  const std::string_view name = element.get_string();
  if (name == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return name == "Infinity" ? std::numeric_limits<double>::infinity()
                            : -std::numeric_limits<double>::infinity();
}

Value read_value(dom::object json) {
  Value value;
  value.dtype = *dtype_from(std::string_view(json["dtype"]));
  for (const dom::element dim : json["shape"].get_array()) value.dims.push_back(std::int64_t(dim));
  const std::size_t count = elements_of(value.dims);
  value.numbers.resize(count * size_of(value.dtype));
  std::size_t i = 0;
  for (const dom::element element : json["data"].get_array()) {
    if (value.dtype == DType::string) {
      const bool encoded = json["encoding"].error() == simdjson::SUCCESS;
      const std::string_view text = element.get_string();
      value.texts.push_back(encoded ? from_base64(text) : std::string(text));
    } else if (value.dtype == DType::int64) {  // a double would lose digits
      reinterpret_cast<std::int64_t*>(value.numbers.data())[i] = element.get_int64();
    } else {
      set_number(value.dtype, value.numbers.data(), i, number(element));
    }
    ++i;
  }
  value.strings.assign(value.texts.begin(), value.texts.end());
  return value;
}

std::map<std::string, Value> read_values(dom::object json) {
  std::map<std::string, Value> values;
  for (const auto [name, value] : json) {
    Value& placed = values[std::string(name)];
    placed = read_value(value.get_object());
    placed.strings.assign(placed.texts.begin(), placed.texts.end());
  }
  return values;
}

std::vector<TensorSpec> read_specs(dom::object json) {
  std::vector<TensorSpec> specs;
  for (const auto [name, spec] : json) {
    TensorSpec& read = specs.emplace_back();
    read.name = std::string(name);
    read.dtype = *dtype_from(std::string_view(spec["dtype"]));
    read.unknown_rank = spec["shape"].is_null();
    if (read.unknown_rank) continue;
    for (const dom::element dim : spec["shape"].get_array())
      read.shape.dims.push_back(std::int64_t(dim));
  }
  return specs;
}

bool near(double a, double b, double tolerance) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

}  // namespace

Golden read(const std::string& file) {
  dom::parser parser;
  dom::element json;
  if (const auto error = parser.load(file).get(json)) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), simdjson::error_message(error));
    std::abort();
  }
  Golden golden;
  for (const auto [name, signature] : json["signatures"].get_object()) {
    golden.signatures.push_back({std::string(name), read_specs(signature["inputs"].get_object()),
                                 read_specs(signature["outputs"].get_object())});
  }
  for (const dom::element item : json["cases"].get_array()) {
    Case& read = golden.cases.emplace_back();
    if (item["signature"].error() == simdjson::SUCCESS)
      read.signature = std::string(std::string_view(item["signature"]));
    read.inputs = read_values(item["inputs"].get_object());
    if (item["outputs"].error() == simdjson::SUCCESS)
      read.outputs = read_values(item["outputs"].get_object());
    if (item["error"].error() == simdjson::SUCCESS)
      read.error = static_cast<int>(std::int64_t(item["error"]["number"]));
  }
  return golden;
}

std::string difference(const Tensor& got, const Value& expected, double tolerance) {
  if (got.dtype != expected.dtype) {
    return fmt::format("dtype {} instead of {}", to_string(got.dtype), to_string(expected.dtype));
  }
  if (got.shape.dims != expected.dims) {
    return fmt::format("shape {} instead of {}", got.shape.to_string(),
                       Shape{expected.dims}.to_string());
  }
  const std::size_t count = elements_of(expected.dims);
  for (std::size_t i = 0; i < count; ++i) {
    if (got.dtype == DType::string) {
      if (got.strings[i] == expected.strings[i]) continue;
      return fmt::format("element {}: '{}' instead of '{}'", i, got.strings[i],
                         expected.strings[i]);
    }
    if (got.dtype == DType::int64) {
      const auto a = static_cast<const std::int64_t*>(got.data)[i];
      const auto b = reinterpret_cast<const std::int64_t*>(expected.numbers.data())[i];
      if (a != b) return fmt::format("element {}: {} instead of {}", i, a, b);
      continue;
    }
    const double a = number_at(got.dtype, got.data, i);
    const double b = number_at(got.dtype, expected.numbers.data(), i);
    if (!near(a, b, tolerance)) return fmt::format("element {}: {} instead of {}", i, a, b);
  }
  return "";
}

std::string folder(const std::string& name) {
  return std::string(THALWEG_SOURCE_DIR) + "/tests/models/" + name;
}

}  // namespace thalweg::golden
