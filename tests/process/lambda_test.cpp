#include "process/lambda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rows.h"

namespace thalweg {
namespace {

using testing::ElementsAre;

const Schema kInput{{{"x", {DType::int32, {}}}}};

void fill(Batch& batch, int rows) {
  batch.rows().begin(kInput);
  for (int i = 0; i < rows; ++i) {
    support::add_row_of_new_record(batch);
    *batch.rows().columns[0].append<std::int32_t>() = i;
  }
}

TEST(Lambda, A_column_is_computed_for_live_rows_and_a_refusal_is_a_dead_letter) {
  auto twice = make_column("twice", kInput, {"y", {DType::float32, {}}},
                           [](const Rows& rows, std::uint32_t row, Column& to, Batch&) -> Status {
                             const int x = rows.columns[0].values<std::int32_t>()[row];
                             *to.append<float>() = 2.0F * static_cast<float>(x);
                             if (x == 3) return Error(Code::handler_failed, "not three");
                             return {};
                           });
  EXPECT_EQ(twice->schema().names(), (std::vector<std::string>{"x", "y"}));
  for (int round = 0; round < 2; ++round) {
    Batch batch;
    fill(batch, 5);
    batch.select({1, 2, 3});
    EXPECT_EQ(twice->process(batch, {}), Progress::done);
    EXPECT_TRUE(twice->result(batch).ok());
    EXPECT_THAT(batch.rows().columns[1].values<float>(), ElementsAre(0, 2, 4, 0, 0));
    EXPECT_THAT(support::live(batch.rows()), ElementsAre(1, 2));
    EXPECT_EQ(batch.error_of(3)->code(), Code::handler_failed);
    EXPECT_TRUE(support::accounted(batch));
  }
}

TEST(Lambda, A_handlers_error_for_all_is_the_result_once) {
  auto failing = make_lambda(
      "fails", kInput, [](Batch&) -> Status { return Error(Code::model_unavailable, "later"); });
  Batch batch;
  fill(batch, 1);
  (void)failing->process(batch, {});
  EXPECT_EQ(failing->result(batch).error().code(), Code::model_unavailable);
}

TEST(Lambda, A_filter_keeps_what_the_function_likes) {
  auto even = make_filter("even", kInput, [](const Rows& rows, std::uint32_t row) {
    return rows.columns[0].values<std::int32_t>()[row] % 2 == 0;
  });
  Batch batch;
  fill(batch, 4);
  (void)even->process(batch, {});
  EXPECT_THAT(support::live(batch.rows()), ElementsAre(0, 2));
  EXPECT_EQ(batch.count(Disposition::filtered), 2u);
}

}  // namespace
}  // namespace thalweg
