// Any condition of a filter: it is refused, or it answers the same row by row and for all rows at once.
#include <limits>

#include "fuzz/input.h"
#include "process/condition.h"

namespace {

using namespace thalweg;
using fuzz::require;

const Schema& schema() {
  static const Schema schema{{{"f", {DType::float32, {}}},
                              {"i", {DType::int64, {}}},
                              {"b", {DType::boolean, {}}},
                              {"s", {DType::string, {}}},
                              {"m", {DType::float64, {{2, 2}}}},
                              {"v", {DType::int32, {{-1}}}}}};
  return schema;
}

void fill(Rows& rows) {
  constexpr float numbers[] = {0, -1.5F, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity()};
  rows.begin(schema());
  for (std::uint32_t row = 0; row < 4; ++row) {
    rows.record_of.push_back(row);
    *rows.columns[0].append<float>() = numbers[row];
    *rows.columns[1].append<std::int64_t>() =
        row == 3 ? std::numeric_limits<std::int64_t>::min() : row;
    *rows.columns[2].append<std::uint8_t>() = row % 2;
    rows.columns[3].push_string(row == 0 ? "" : row == 1 ? "CH" : "a\nb");
    rows.columns[3].end_row();
    std::fill_n(rows.columns[4].append<double>(), 4, static_cast<double>(numbers[row]));
    std::fill_n(rows.columns[5].extend<std::int32_t>(row), row, 7);
    rows.columns[5].end_row();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Rows& rows = []() -> const Rows& {
    static Rows made;
    fill(made);
    return made;
  }();
  const auto node = read_yaml(fuzz::text_of(data, size), {.name = "fuzz", .expand = false});
  if (!node) return 0;
  const auto condition = Condition::bind(*node, schema());
  if (!condition) {
    require(condition.error().code() == Code::config_invalid);
    return 0;
  }
  std::vector<std::uint32_t> passing, one_by_one;
  condition->select(rows, passing);
  for (std::uint32_t row = 0; row < rows.count(); ++row) {
    if (condition->test(rows, row)) one_by_one.push_back(row);
  }
  require(passing == one_by_one);
  require(!condition->describe().empty());
  return 0;
}
