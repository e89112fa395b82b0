#include "thalweg/error.h"

#include <gtest/gtest.h>

#include "thalweg/registry.h"

namespace thalweg {
namespace {

TEST(Error, Every_code_is_found_by_its_name_and_has_a_sentence) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(code_from(to_string(code)), code);
    EXPECT_FALSE(doc_of(code).empty());
  }
  EXPECT_EQ(code_from("no_such_code"), std::nullopt);
}

TEST(Error, The_axes_decide_between_dead_letter_retry_and_stop) {
  EXPECT_EQ(Error(Code::not_json, "").retry(), Retry::no);
  EXPECT_EQ(Error(Code::model_failed, "").retry(), Retry::backoff);
  EXPECT_EQ(Error(Code::model_failed, "").domain(), Domain::internal);
  EXPECT_EQ(Error(Code::io_failed, "").retry(), Retry::fatal);
  EXPECT_EQ(to_string(Domain::external), "external");
  EXPECT_EQ(to_string(Retry::backoff), "backoff");
}

TEST(Error, At_puts_the_place_in_front) {
  const Error error =
      Error(Code::config_invalid, "expected a number").at("step filter").at("a.yaml:3");
  EXPECT_EQ(error.message(), "a.yaml:3: step filter: expected a number");
}

TEST(ErrorDeathTest, Reading_the_value_of_a_failure_aborts) {
  const Result<int> failed = Error(Code::internal, "no");
  EXPECT_DEATH((void)failed.value(), "");
}

TEST(Registry, A_name_added_again_replaces_the_earlier_part) {
  Registry registry;
  registry.add(OperatorKind{"filter", "one", nullptr, {}});
  registry.add(OperatorKind{"explode", "two", nullptr, {}});
  registry.add(OperatorKind{"filter", "three", nullptr, {}});
  EXPECT_EQ(registry.operators().size(), 2u);
  EXPECT_EQ(registry.op("filter")->doc, "three");
  EXPECT_EQ(registry.op("filtr"), nullptr);
  EXPECT_EQ(registry.decoder("filter"), nullptr);
}

}  // namespace
}  // namespace thalweg
