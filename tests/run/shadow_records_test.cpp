// What a shadow says, as records: whose answers, of which row, beside which ones.
#include "monitor/shadow_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/process.h"

namespace thalweg::monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Column scores(const std::vector<float>& values) {
  Column column;
  column.reset({DType::float32, {}});
  for (const float value : values) *column.append<float>() = value;
  return column;
}

class ShadowRecordsTest : public testing::Test {
 protected:
  ShadowRecordsTest() {
    register_builtins(registry_);
    champion_.model = challenger_.model = "fraud";
    champion_.version = 3;
    challenger_.version = 4;
    route_.epoch = 12;
    route_.shadow_topic = "side";
    variant_.name = "a";
    batch_.add_record({.topic = "in",
                       .partition = {2},
                       .offset = {41},
                       .timestamp = {1000},
                       .key = "k",
                       .value = {}});
    batch_.add_record({.topic = "in",
                       .partition = {2},
                       .offset = {42},
                       .timestamp = {1001},
                       .key = {},
                       .value = {}});
    batch_.rows().record_of = {0, 1, 1};
  }
  void tell(const std::vector<std::uint32_t>& rows, const std::vector<float>& ours,
            const std::vector<float>& theirs) {
    std::vector<Column> one, other;
    one.push_back(scores(theirs));
    other.push_back(scores(ours));
    const std::vector<std::uint32_t> numbers = {Compared::only_row, 0, 1};
    records_.observer().on_shadow()->compared({.route = route_,
                                               .variant = variant_,
                                               .champion = champion_,
                                               .challenger = challenger_,
                                               .output_schema = schema_,
                                               .champion_outputs = one,
                                               .challenger_outputs = other,
                                               .champion_ns_per_row = 90'400,
                                               .challenger_ns_per_row = 93'100,
                                               .batch = &batch_,
                                               .rows = rows,
                                               .row_numbers = numbers});
  }

  Registry registry_;
  Route route_;
  Variant variant_;
  ModelVersion champion_, challenger_;
  Schema schema_{{{"score", {DType::float32, {}}}}};
  Batch batch_;
  std::vector<ShadowRecord> told_;
  ShadowRecords records_{registry_, [this](ShadowRecord r) { told_.push_back(std::move(r)); }};
};

TEST_F(ShadowRecordsTest, A_record_says_whose_answer_to_what_beside_whose) {
  tell({0}, {0.5F}, {0.25F});
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].topic, "side");
  EXPECT_EQ(told_[0].key, "k");
  EXPECT_EQ(told_[0].timestamp.ms, 1000);
  EXPECT_EQ(told_[0].header, "id=in-2-41,model=fraud,version=4,role=shadow,epoch=12");
  EXPECT_EQ(
      told_[0].value,
      R"({"id":"in-2-41","models":[{"model":"fraud","version":4,"variant":"shadow",)"
      R"("role":"shadow","epoch":12}],"latency_us":93.1,"outputs":{"score":0.5},)"
      R"("champion":{"version":3,"variant":"a","latency_us":90.4,"outputs":{"score":0.25}}})");
}

TEST_F(ShadowRecordsTest, Rows_of_one_record_are_numbered_as_the_inference_log_numbers_them) {
  tell({1, 2}, {0.5F, 0.75F}, {0.25F, 1});
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_THAT(told_[0].value, HasSubstr(R"({"id":"in-2-42","row":0,)"));
  EXPECT_THAT(told_[1].value, HasSubstr(R"({"id":"in-2-42","row":1,)"));
  EXPECT_THAT(told_[1].value, HasSubstr(R"("outputs":{"score":0.75},"champion")"));
  EXPECT_FALSE(told_[1].key);
}

TEST_F(ShadowRecordsTest, What_is_no_number_in_json_is_null) {
  tell({0}, {std::numeric_limits<float>::quiet_NaN()}, {0.25F});
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_THAT(told_[0].value, HasSubstr(R"("outputs":{"score":null},"champion")"));
}

TEST_F(ShadowRecordsTest, Without_a_topic_nothing_is_written) {
  route_.shadow_topic.clear();
  tell({0}, {0.5F}, {0.25F});
  EXPECT_THAT(told_, SizeIs(0));
}

}  // namespace
}  // namespace thalweg::monitor
