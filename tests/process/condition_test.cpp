#include "process/condition.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "process/filter.h"
#include "support/nodes.h"
#include "support/rows.h"

namespace thalweg {
namespace {

using support::node;
using testing::ElementsAre;
using testing::HasSubstr;

const Schema kSchema{{{"amount", {DType::float32, {}}},
                      {"count", {DType::int32, {}}},
                      {"country", {DType::string, {}}},
                      {"valid", {DType::boolean, {}}},
                      {"scores", {DType::float32, {{3}}}},
                      {"list", {DType::int64, {{Shape::unknown}}}}}};

struct Row {
  float amount = 0;
  std::int32_t count = 0;
  std::string_view country = "CH";
  bool valid = true;
  std::vector<float> scores{0, 0, 0};
  std::vector<std::int64_t> list{};
};

void fill(Batch& batch, const std::vector<Row>& rows) {
  batch.rows().begin(kSchema);
  auto& columns = batch.rows().columns;
  for (const Row& row : rows) {
    support::add_row_of_new_record(batch);
    *columns[0].append<float>() = row.amount;
    *columns[1].append<std::int32_t>() = row.count;
    columns[2].push_string(row.country);
    columns[2].end_row();
    *columns[3].append<std::uint8_t>() = row.valid ? 1 : 0;
    std::copy_n(row.scores.begin(), 3, columns[4].append<float>());
    std::copy(row.list.begin(), row.list.end(), columns[5].extend<std::int64_t>(row.list.size()));
    columns[5].end_row();
  }
}

std::vector<std::uint32_t> passing(const char* text, const std::vector<Row>& rows) {
  auto condition = Condition::bind(node(text), kSchema);
  EXPECT_TRUE(condition.ok()) << (condition.ok() ? "" : condition.error().message());
  if (!condition.ok()) return {99};
  Batch batch;
  fill(batch, rows);
  std::vector<std::uint32_t> kept;
  condition->select(batch.rows(), kept);
  for (std::uint32_t r = 0; r < rows.size(); ++r) {  // both forms say the same
    const bool in = std::find(kept.begin(), kept.end(), r) != kept.end();
    EXPECT_EQ(condition->test(batch.rows(), r), in);
  }
  return kept;
}

std::string error_of(const char* text) {
  auto condition = Condition::bind(node(text), kSchema, "step filter");
  return condition.ok() ? "no error" : condition.error().message();
}

TEST(Condition, Numbers_are_compared_with_bounds) {
  const std::vector<Row> rows = {{.amount = -1}, {.amount = 0}, {.amount = 1}};
  EXPECT_THAT(passing("{field: amount, above: 0}", rows), ElementsAre(2));
  EXPECT_THAT(passing("{field: amount, at_least: 0}", rows), ElementsAre(1, 2));
  EXPECT_THAT(passing("{field: amount, below: 0}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: amount, at_most: 0}", rows), ElementsAre(0, 1));
  EXPECT_THAT(passing("{field: amount, above: -1, below: 1}", rows), ElementsAre(1));
  EXPECT_THAT(passing("{field: amount, above: -.inf}", rows), ElementsAre(0, 1, 2));
}

TEST(Condition, A_bound_is_rounded_to_the_fields_type) {
  EXPECT_THAT(passing("{field: amount, equals: 0.9}", {{.amount = 0.9F}}), ElementsAre(0));
  EXPECT_THAT(passing("{field: amount, at_least: 0.9}", {{.amount = 0.9F}}), ElementsAre(0));
}

TEST(Condition, Whole_numbers_take_bounds_between_them) {
  const std::vector<Row> rows = {{.count = 1}, {.count = 2}};
  EXPECT_THAT(passing("{field: count, above: 1.5}", rows), ElementsAre(1));
  EXPECT_THAT(passing("{field: count, at_least: 1.5}", rows), ElementsAre(1));
  EXPECT_THAT(passing("{field: count, below: 1.5}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: count, at_most: 1.5}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: count, at_most: 5000000000}", rows), ElementsAre(0, 1));
}

TEST(Condition, NaN_fails_all_comparisons_but_not_equals) {
  const std::vector<Row> rows = {{.amount = NAN}, {.amount = 1}};
  EXPECT_THAT(passing("{field: amount, above: 0}", rows), ElementsAre(1));
  EXPECT_THAT(passing("{field: amount, at_most: 0}", rows), ElementsAre());
  EXPECT_THAT(passing("{field: amount, equals: 1}", rows), ElementsAre(1));
  EXPECT_THAT(passing("{field: amount, not_equals: 1}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{not: {field: amount, above: 0}}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: amount, is_nan: true}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: amount, is_nan: false}", rows), ElementsAre(1));
}

TEST(Condition, Strings_and_booleans_are_compared_as_such) {
  const std::vector<Row> rows = {{.country = "CH"}, {.country = "AT", .valid = false}};
  EXPECT_THAT(passing("{field: country, equals: AT}", rows), ElementsAre(1));
  EXPECT_THAT(passing("{field: country, not_equals: AT}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: country, one_of: [CH, DE]}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: valid, equals: true}", rows), ElementsAre(0));
}

TEST(Condition, An_index_picks_an_element_and_a_missing_one_fails) {
  const std::vector<Row> rows = {{.scores = {1, 2, 3}, .list = {7, 8}}, {.scores = {3, 2, 1}}};
  EXPECT_THAT(passing("{field: scores, index: 2, above: 2}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: list, index: 1, equals: 8}", rows), ElementsAre(0));
  EXPECT_THAT(passing("{field: list, index: 0, not_equals: 8}", rows), ElementsAre(0));
}

TEST(Condition, All_any_and_not_nest) {
  const std::vector<Row> rows = {{.amount = 1}, {.amount = 2, .country = "AT"}, {.amount = 3}};
  EXPECT_THAT(passing("{any: [{field: amount, above: 2}, {field: country, equals: AT}]}", rows),
              ElementsAre(1, 2));
  EXPECT_THAT(
      passing("{all: [{field: amount, above: 1}, {not: {field: country, equals: AT}}]}", rows),
      ElementsAre(2));
}

TEST(Condition, Only_live_rows_are_asked) {
  Batch batch;
  fill(batch, {{.amount = 1}, {.amount = 2}, {.amount = 3}});
  batch.select({0, 2});
  std::vector<std::uint32_t> kept;
  Condition::bind(node("{field: amount, above: 1}"), kSchema)->select(batch.rows(), kept);
  EXPECT_THAT(kept, ElementsAre(2));
}

TEST(Condition, Mistakes_are_named_with_their_cure) {
  EXPECT_THAT(error_of("{field: amout, above: 0}"), HasSubstr("Did you mean 'amount'?"));
  EXPECT_THAT(error_of("{field: amount, abov: 0}"), HasSubstr("above"));
  EXPECT_THAT(error_of("{field: scores, above: 0}"), HasSubstr("index: 0"));
  EXPECT_THAT(error_of("{field: scores, index: 3, above: 0}"), HasSubstr("below 3"));
  EXPECT_THAT(error_of("{field: amount, index: 0, above: 0}"), HasSubstr("leave out index"));
  EXPECT_THAT(error_of("{field: country, above: 0}"), HasSubstr("use equals"));
  EXPECT_THAT(error_of("{field: count, equals: 1.5}"), HasSubstr("a whole number was expected"));
  EXPECT_THAT(error_of("{field: valid, equals: yes}"), HasSubstr("true or false"));
  EXPECT_THAT(error_of("{field: country, is_nan: true}"), HasSubstr("float field"));
  EXPECT_THAT(error_of("{field: amount}"), HasSubstr("a comparison of 'amount' was expected"));
  EXPECT_THAT(error_of("{all: []}"), HasSubstr("a list of conditions"));
  EXPECT_THAT(error_of("{all: [{field: amount, above: 0}], field: amount}"),
              HasSubstr("a condition was expected"));
  EXPECT_THAT(error_of("{above: 0}"), HasSubstr("step filter: a condition was expected"));
}

TEST(Filter, Rows_that_fail_leave_and_their_records_are_filtered) {
  Registry registry;
  register_filter(registry);
  auto made = support::make_operator(registry, "filter", "{field: amount, above: 0}", kSchema);
  ASSERT_TRUE(made.ok()) << made.error().message();
  Operator& filter = **made;
  EXPECT_EQ(filter.schema(), kSchema);
  EXPECT_EQ(filter.describe(), "amount above 0");
  Batch batch;
  fill(batch, {{.amount = 1}, {.amount = -1}, {.amount = 2}});
  EXPECT_EQ(filter.process(batch, {}), Progress::done);
  EXPECT_THAT(support::live(batch.rows()), ElementsAre(0, 2));
  EXPECT_EQ(batch.disposition(1), Disposition::filtered);
}

TEST(Filter, A_misspelt_key_names_the_one_that_was_meant) {
  Registry registry;
  register_filter(registry);
  auto made = support::make_operator(registry, "filter", "{field: amount, abve: 0}", kSchema);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message(), HasSubstr("Did you mean 'above'?"));
}

RC_GTEST_PROP(Condition, A_row_passes_exactly_if_the_comparison_holds, ()) {
  const auto amounts = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-5, 5));
  const int low = *rc::gen::inRange(-5, 5);
  const int high = *rc::gen::inRange(-5, 5);
  std::vector<Row> rows;
  std::vector<std::uint32_t> expected;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    rows.push_back({.amount = static_cast<float>(amounts[i])});
    if (amounts[i] >= low && amounts[i] < high) expected.push_back(static_cast<std::uint32_t>(i));
  }
  const std::string text =
      "{field: amount, at_least: " + std::to_string(low) + ", below: " + std::to_string(high) + "}";
  RC_ASSERT(passing(text.c_str(), rows) == expected);
}

}  // namespace
}  // namespace thalweg
