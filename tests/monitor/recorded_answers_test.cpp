// Who answered, by the inference log: what its lines say, in whatever order they come, and nothing that they do not say.
#include "monitor/recorded_answers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace thalweg::monitor {
namespace {

class Recorded : public testing::Test {
 protected:
  // An epoch of one version, from an offset of partition 0.
  void epoch(std::int64_t epoch, int version, std::int64_t from, std::int32_t log_partition = 0) {
    add(fmt::format(R"({{"epochs":{{"model":"m","version":{},"variant":"","epoch":{},"topic":"in",)"
                    R"("partition":0,"from":{}}}}})",
                    version, epoch, from),
        log_partition);
  }
  void split(std::int64_t epoch, std::int64_t from, const std::string& variant,
             bool routed = true) {
    add(fmt::format(
            R"({{"epochs":{{"model":"m","version":{},"variant":"{}","epoch":{},"topic":"in",)"
            R"("partition":0,"from":{}{}}}}})",
            variant == "a" ? 1 : 2, variant, epoch, from,
            routed ? R"(,"salt":"s","key":"card","route":[{"variant":"a","version":1,)"
                     R"("end":9000},{"variant":"b","version":2,"end":10000}])"
                   : ""),
        0);
  }
  void add(const std::string& line, std::int32_t log_partition = 0) {
    const Status added = answers_.add(line, log_partition, place_++);
    ASSERT_TRUE(added.ok()) << added.error().message();
  }
  // The only version; -1: not known; -2: several.
  std::int64_t at(std::int64_t offset) const {
    const RecordedRoute* route = answers_.route_of("m", "in", 0, offset);
    if (route == nullptr) return -1;
    return route->variants.size() == 1 ? route->variants[0].version : -2;
  }

  RecordedAnswers answers_;
  std::int64_t place_ = 0;
};

TEST_F(Recorded, An_epoch_reaches_from_its_first_record_to_the_next_one) {
  epoch(3, 1, 10);
  epoch(7, 2, 20);
  answers_.close();
  EXPECT_EQ(at(9), -1) << "before the log begins nobody is known";
  EXPECT_EQ(at(10), 1);
  EXPECT_EQ(at(19), 1);
  EXPECT_EQ(at(20), 2);
  EXPECT_EQ(at(1000), 2);
  EXPECT_EQ(answers_.route_of("m", "in", 1, 15), nullptr) << "another partition";
  EXPECT_EQ(answers_.route_of("other", "in", 0, 15), nullptr);
  EXPECT_EQ(answers_.versions("m"), (std::vector<std::int64_t>{1, 2}));
}

TEST_F(Recorded, A_line_of_one_variant_says_the_whole_route) {
  split(4, 0, "a");
  answers_.close();
  const RecordedRoute* route = answers_.route_of("m", "in", 0, 5);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->epoch, 4);
  EXPECT_EQ(route->salt, "s");
  EXPECT_EQ(route->key, "card");
  EXPECT_EQ(route->variants, (std::vector<RecordedVariant>{{"a", 1, 9000}, {"b", 2, 10000}}));
}

TEST_F(Recorded, A_split_whose_shares_nobody_wrote_down_is_not_guessed) {
  split(4, 0, "a", false);
  split(4, 3, "b", false);
  answers_.close();
  EXPECT_EQ(at(5), -1);
}

TEST_F(Recorded, A_line_just_after_a_change_has_its_route_from_the_others_of_its_epoch) {
  split(4, 0, "a", false);
  split(4, 6, "a");
  answers_.close();
  EXPECT_EQ(at(3), -2);
}

TEST_F(Recorded, A_predictions_own_line_is_believed_before_the_epochs) {
  split(4, 0, "a", false);
  add(R"({"id":"in-0-5","models":[{"model":"m","version":2,"variant":"b","epoch":4}]})");
  add(R"({"id":"in-0-6","models":[{"model":"m","version":1,"variant":"a","epoch":4}]})");
  add(R"({"id":"in-0-6","models":[{"model":"m","version":2,"variant":"b","epoch":5}]})");
  answers_.close();
  EXPECT_EQ(at(4), -1);
  EXPECT_EQ(at(5), 2);
  EXPECT_EQ(at(6), 2) << "of two the later one counts";
  EXPECT_EQ(answers_.predictions(), 2U);
}

TEST_F(Recorded, Where_a_prediction_and_its_epoch_agree_the_whole_route_is_given) {
  split(4, 0, "a");
  add(R"({"id":"in-0-5","models":[{"model":"m","version":2,"variant":"b","epoch":4}]})");
  answers_.close();
  EXPECT_EQ(at(5), -2);
}

TEST_F(Recorded, A_record_whose_rows_went_to_several_variants_needs_its_epoch) {
  add(R"({"id":"in-0-5","row":0,"models":[{"model":"m","version":1,"variant":"a","epoch":4}]})");
  add(R"({"id":"in-0-5","row":1,"models":[{"model":"m","version":2,"variant":"b","epoch":4}]})");
  answers_.close();
  EXPECT_EQ(at(5), -1);
}

TEST_F(Recorded, What_was_read_again_was_answered_by_the_later_epoch) {
  epoch(3, 1, 0);
  epoch(7, 2, 20);
  epoch(9, 3, 15);  // a restart: from the committed offset on, all of it anew
  answers_.close();
  EXPECT_EQ(at(14), 1);
  EXPECT_EQ(at(15), 3);
  EXPECT_EQ(at(25), 3);
}

TEST_F(Recorded, A_process_that_had_not_heard_yet_answers_by_the_older_epoch) {
  epoch(7, 2, 0);
  epoch(3, 1, 10);
  epoch(7, 2, 12);
  answers_.close();
  EXPECT_EQ(at(9), 2);
  EXPECT_EQ(at(11), 1);
  EXPECT_EQ(at(12), 2);
}

TEST_F(Recorded, Between_partitions_of_the_log_the_offsets_decide_and_a_doubt_is_nobody) {
  epoch(7, 2, 20, 1);
  epoch(3, 1, 0, 0);
  answers_.close();
  EXPECT_EQ(at(19), 1);
  EXPECT_EQ(at(20), 2);

  RecordedAnswers doubtful;
  answers_ = doubtful;
  epoch(9, 3, 15, 1);
  epoch(7, 2, 20, 0);  // older than 9, or read again later?
  answers_.close();
  EXPECT_EQ(at(15), 3);
  EXPECT_EQ(at(20), -1);
}

TEST_F(Recorded, What_is_no_json_is_an_error) {
  EXPECT_EQ(answers_.add("nonsense", 0, 0).error().code(), Code::not_json);
}

}  // namespace
}  // namespace thalweg::monitor
