// The comparison of golden.h.
#include "feature/support/golden.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace thalweg::feature_test {

namespace dom = simdjson::dom;

namespace {

template <class T>
bool same_number(T got, T expected, int ulps) {
  if (std::isnan(expected)) return std::isnan(got);
  if (ulps == 0) return got == expected && std::signbit(got) == std::signbit(expected);
  T near = got;
  for (int i = 0; i < ulps && near != expected; ++i) near = std::nextafter(near, expected);
  return near == expected;
}

// One row of the column against one of the golden, both brought to columns of the same type.
bool same_row(const Column& got, std::size_t row, dom::element expected, const GoldenUse& use) {
  Column golden(got.type());
  append_row(golden, expected);
  if (got.type().dtype == DType::string) {
    const auto a = got.string_row(row), b = golden.string_row(0);
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
  const auto compare = [&]<class T>(T) {
    const auto a = got.row<T>(row), b = golden.row<T>(0);
    if (a.size() > b.size() || (a.size() < b.size() && !use.padded)) return false;
    for (std::size_t i = 0; i < b.size(); ++i) {
      const T value = i < a.size() ? a[i] : T{};
      if constexpr (std::is_floating_point_v<T>) {
        if (!same_number(value, b[i], use.ulps)) return false;
      } else if (value != b[i]) {
        return false;
      }
    }
    return true;
  };
  switch (got.type().dtype) {
    case DType::float32: return compare(float{});
    case DType::float64: return compare(double{});
    case DType::int32: return compare(std::int32_t{});
    case DType::int64: return compare(std::int64_t{});
    default: return compare(std::uint8_t{});
  }
}

Node settings_from(dom::object params, const GoldenUse& use) {
  Node settings = Node::map({});
  for (const auto [key, value] : params) {
    std::string name(key);
    if (name == "dtype" || name == "output_dtype" || value.is_null()) continue;
    for (const auto& [param, setting] : use.names) {
      if (param == key) name = setting;
    }
    if (!name.empty()) settings.set(name, node_from(value));
  }
  return settings;
}

std::string type_of(dom::object params, std::optional<dom::element> first, const GoldenUse& use) {
  if (!use.type.empty()) return use.type;
  std::string_view dtype = "string";
  if (params["dtype"].get(dtype) != simdjson::SUCCESS && first) {
    dom::element value = *first;
    while (value.is_array() && value.get_array().size() > 0)
      value = value.get_array().at(0).value();
    if (value.is_int64()) dtype = "int64";
  }
  if (!first || !first->is_array()) return std::string(dtype);
  return fmt::format("{}[{}]", dtype, first->get_array().size());
}

void check_case(const GoldenUse& use, dom::element one, Node settings) {
  const dom::element input = one["input"];
  std::vector<dom::element> rows;
  if (use.one_row) {
    rows.push_back(input);
  } else {
    for (const dom::element row : input.get_array()) rows.push_back(row);
  }
  std::vector<std::pair<std::string, Node>> entries{{use.step, Node::scalar("x")}};
  for (const auto& entry : settings.entries()) entries.push_back(entry);
  const std::string type = type_of(one["params"].get_object(),
                                   rows.empty() ? std::nullopt : std::optional(rows.front()), use);
  Bench bench("{x: \"" + type + "\"}", Node::map({{"y", Node::map(std::move(entries))}}));

  dom::element output;
  const bool refused = one["output"].get(output) != simdjson::SUCCESS;
  if (!bench.bound()) {
    EXPECT_TRUE(refused) << use.step << " " << settings.to_json() << ": " << bench.error();
    return;
  }
  for (const dom::element row : rows) append_row(bench.column(), row);
  const Column& got = *bench.run()[0];
  EXPECT_EQ(refused, !bench.failures().empty())
      << use.step << " " << settings.to_json() << ": " << bench.failures();
  if (refused) return;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const dom::element expected = use.one_row ? output : output.get_array().at(row).value();
    EXPECT_TRUE(same_row(got, row, expected, use))
        << use.step << " " << settings.to_json() << "\n of "
        << std::string(simdjson::minify(rows[row])).substr(0, 400) << "\n expected "
        << std::string(simdjson::minify(expected)).substr(0, 400) << "\n got "
        << row_json(got, row).substr(0, 400);
  }
}

}  // namespace

dom::element load_golden(dom::parser& parser, const std::string& file) {
  const std::string path = fmt::format("{}/tests/feature/golden/{}.json", THALWEG_SOURCE_DIR, file);
  return parser.load(path).value();
}

int check_golden(const GoldenUse& use) {
  dom::parser parser;
  const dom::element golden = load_golden(parser, use.file);
  int compared = 0;
  for (const dom::element one : golden["cases"].get_array()) {
    Node settings = settings_from(one["params"].get_object(), use);
    if (use.adjust && !use.adjust(one["params"].get_object(), settings)) continue;
    check_case(use, one, settings);
    ++compared;
  }
  EXPECT_GT(compared, 0) << use.file;
  return compared;
}

}  // namespace thalweg::feature_test
