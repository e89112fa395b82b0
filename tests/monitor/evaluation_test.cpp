// What is taken for a label.
#include "monitor/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::monitor {
namespace {

using testing::HasSubstr;

TEST(Evaluation, A_label_is_true_false_0_or_1_and_no_other_number_is_rounded_to_one) {
  Evaluation evaluation(EvaluationOptions{});
  for (const char* label : {"true", "false", "0", "1", "1.0"}) {
    const auto taken =
        evaluation.add_label(std::string(R"({"id":"p-0-)") + label + R"(","label":)" + label + "}");
    EXPECT_TRUE(taken.ok()) << label;
  }
  for (const char* label : {"0.7", "2", "-3", "0.2", "\"1\"", "null", "1e300"}) {
    const auto refused =
        evaluation.add_label(std::string(R"({"id":"p-0-1","label":)") + label + "}");
    ASSERT_FALSE(refused.ok()) << label;
    EXPECT_EQ(refused.error().code(), Code::missing_field) << "as a label that is not there";
    EXPECT_THAT(refused.error().message(), HasSubstr("true, false, 0 or 1"));
    EXPECT_THAT(refused.error().message(),
                HasSubstr(std::string("got ") + (label == std::string("1e300") ? "1e" : label)));
  }
  EXPECT_EQ(evaluation.report().labels, 5U);
}

}  // namespace
}  // namespace thalweg::monitor
