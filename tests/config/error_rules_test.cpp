// What `errors:` says about a record that cannot go on, and what it refuses to be told.
#include "config/error_rules.h"

#include <gtest/gtest.h>

#include "config/pipeline.h"

namespace thalweg {
namespace {

std::string with(const std::string& line, bool dead_letters = true) {
  return "pipeline: p\nfrom: {topic: a, start: earliest}\nto: b\n" +
         std::string(dead_letters ? "dead_letters: {topic: d}\n" : "") + line + "\n";
}
ErrorRules rules(const std::string& line, bool dead_letters = true) {
  auto file = read_pipeline_text(with(line, dead_letters), "t.yaml");
  EXPECT_TRUE(file.ok()) << file.error().message();
  return *read_error_rules(file->values);
}
std::string refusal(const std::string& line, bool dead_letters = true) {
  auto file = read_pipeline_text(with(line, dead_letters), "t.yaml");
  return file.ok() ? "none" : file.error().message();
}
Error error(Code code, const std::string& stage) {
  return Error(code, "why").in_stage(stage);
}

TEST(ErrorRules, Without_any_a_dead_letter_where_there_is_a_topic_and_a_stop_where_there_is_none) {
  EXPECT_EQ(rules("").fate_of(error(Code::not_json, "decode")), Fate::dead_letter);
  EXPECT_EQ(rules("", false).fate_of(error(Code::not_json, "decode")), Fate::stop);
  EXPECT_EQ(rules("").source_of(error(Code::not_json, "decode")), "");
}

TEST(ErrorRules, The_code_comes_before_the_stage_and_the_stage_before_the_policy) {
  const ErrorRules r =
      rules("errors: {policy: dead_letter, stages: {decode: stop}, codes: {not_json: skip}}");
  EXPECT_EQ(r.fate_of(error(Code::not_json, "decode")), Fate::skip);
  EXPECT_EQ(r.fate_of(error(Code::wrong_type, "decode")), Fate::stop);
  EXPECT_EQ(r.fate_of(error(Code::invalid_model_input, "infer")), Fate::dead_letter);
  EXPECT_EQ(r.source_of(error(Code::not_json, "decode")), "errors.codes.not_json");
  EXPECT_EQ(r.source_of(error(Code::wrong_type, "decode")), "errors.stages.decode");
  EXPECT_EQ(r.source_of(error(Code::too_old, "infer")), "errors.policy");
}

TEST(ErrorRules, One_word_is_the_policy) {
  EXPECT_EQ(rules("errors: skip", false).fate_of(error(Code::too_old, "decode")), Fate::skip);
}

TEST(ErrorRules, A_typing_slip_is_an_error_with_the_word_that_was_meant) {
  EXPECT_NE(refusal("errors: {codes: {not_jsn: skip}}").find("'not_json'"), std::string::npos);
  EXPECT_NE(refusal("errors: {stages: {decod: skip}}").find("'decode'"), std::string::npos);
  EXPECT_NE(refusal("errors: {codes: {not_json: skp}}").find("'skip'"), std::string::npos);
}

TEST(ErrorRules, Only_errors_of_records_can_be_ruled) {
  EXPECT_NE(refusal("errors: {codes: {model_failed: skip}}"), "none");
  EXPECT_NE(refusal("errors: {codes: {topic_missing: skip}}"), "none");
}

TEST(ErrorRules, The_kind_of_a_step_is_a_stage) {
  EXPECT_EQ(refusal("steps: [mine: {}]\nerrors: {stages: {mine: skip}}"), "none");
  EXPECT_NE(refusal("errors: {stages: {mine: skip}}"), "none");
}

TEST(ErrorRules, A_named_step_has_a_rule_of_its_own_between_code_and_stage) {
  const std::string steps = "steps: [infer: {model: m, name: scorer}, infer: {model: m}]\n";
  const ErrorRules r = rules(
      steps +
      "errors: {steps: {scorer: skip}, stages: {infer: stop}, codes: {too_old: dead_letter}}");
  EXPECT_EQ(r.fate_of(error(Code::feature_failed, "infer").in_step("scorer")), Fate::skip);
  EXPECT_EQ(r.source_of(error(Code::feature_failed, "infer").in_step("scorer")),
            "errors.steps.scorer");
  EXPECT_EQ(r.fate_of(error(Code::feature_failed, "infer").in_step("infer")), Fate::stop);
  EXPECT_EQ(r.fate_of(error(Code::too_old, "infer").in_step("scorer")), Fate::dead_letter);
  EXPECT_NE(refusal(steps + "errors: {steps: {scorr: skip}}").find("'scorer'"), std::string::npos);
}

TEST(ErrorRules, A_dead_letter_needs_a_topic) {
  EXPECT_NE(refusal("errors: dead_letter", false).find("dead_letters.topic"), std::string::npos);
  EXPECT_NE(refusal("errors: {codes: {not_json: dead_letter}}", false), "none");
  EXPECT_EQ(refusal("errors: {codes: {not_json: skip}}", false), "none");
}

TEST(ErrorRules, The_guard_is_off_unless_a_share_is_given) {
  EXPECT_FALSE(rules("").guard().has_value());
  const auto guard = rules("errors: {dead_share_max: 0.25, dead_share_records: 200}").guard();
  ASSERT_TRUE(guard.has_value());
  EXPECT_EQ(guard->share_max, 0.25);
  EXPECT_EQ(guard->records, 200U);
  EXPECT_NE(refusal("errors: {dead_share_max: 2}"), "none");
}

TEST(ErrorRules, A_retry_topic_is_read_too_and_is_nobody_else_s) {
  const auto text = [](const std::string& retry) {
    return "pipeline: p\nfrom: {topics: [a, c], start: latest}\nto: b\ndead_letters: {topic: d, "
           "retry_topic: " +
           retry + "}\n";
  };
  auto file = read_pipeline_text(text("r"), "t.yaml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(read_topics(file->values), (std::vector<std::string>{"a", "c", "r"}));
  for (const char* taken : {"a", "b", "c", "d", "'not a name'"})
    EXPECT_FALSE(read_pipeline_text(text(taken), "t.yaml").ok()) << taken;
}

}  // namespace
}  // namespace thalweg
