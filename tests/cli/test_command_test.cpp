// `thalweg test`: cases that hold and cases that do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TestCommand : public ::testing::Test {
 protected:
  Ran test_with(const std::string& cases, std::vector<std::string> more = {}) {
    folder.write("sums.cases.yaml", cases);
    more.insert(more.begin(), {"test", sums});
    return run_thalweg(more);
  }
  Folder folder;
  std::string sums = folder.write("sums.yaml", sum_pipeline);
};

TEST_F(TestCommand, Cases_that_hold_pass) {
  const Ran ran = test_with(R"(
cases:
  - { name: a sum, input: { value: { id: a, x: [1, 2] }, key: k }, output: { value: { id: a, sum: 3 }, key: k } }
  - { name: filtered, input: { value: { id: a, x: [-1, 2] } }, filtered: true }
  - { name: dead, input: { value: { id: a } }, dead: missing_field }
)");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("✓ a sum"));
  EXPECT_THAT(ran.out, HasSubstr("4 passed, 0 failed"));  // the accounting is a case of its own
}

TEST_F(TestCommand, A_wrong_number_fails_with_place_and_both_sides) {
  const Ran ran = test_with(
      "cases: [{ name: a sum, input: { value: { id: a, x: [1, 2] } }, output: { value: { id: a, "
      "sum: 4 } } }]");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("✗ a sum"));
  EXPECT_THAT(ran.out, HasSubstr("value/sum\n        expected  4\n        got       3"));
}

TEST_F(TestCommand, A_member_nobody_expected_fails_unless_a_subset_will_do) {
  const std::string input = "input: { value: { id: a, x: [1, 2] } }";
  const Ran exact = test_with("cases: [{ name: x, " + input + ", output: { value: { sum: 3 } } }]");
  EXPECT_EQ(exact.code, 1);
  EXPECT_THAT(exact.out, HasSubstr("value/id\n        expected  nothing\n        got       \"a\""));
  EXPECT_EQ(
      test_with("cases: [{ name: x, " + input + ", output: { value: { sum: 3 }, subset: true } }]")
          .code,
      0);
}

TEST_F(TestCommand, Numbers_may_be_off_by_the_tolerance_and_no_more) {
  const auto with = [&](const std::string& tolerance, const std::string& sum) {
    return test_with("tolerance: " + tolerance +
                     "\ncases: [{ name: x, input: { value: { id: a, x: [1, 2.5] } }, output: { "
                     "value: { id: a, sum: " +
                     sum + " } } }]")
        .code;
  };
  EXPECT_EQ(with("0.01", "3.505"), 0);
  EXPECT_EQ(with("0.01", "3.6"), 1);
  EXPECT_EQ(with("0", "3.5"), 0);
}

TEST_F(TestCommand, Another_outcome_than_expected_says_what_came) {
  const Ran ran = test_with(R"(
cases:
  - { name: should be filtered, input: { value: { id: a, x: [1, 2] } }, filtered: true }
  - { name: should be dead, input: { value: { id: a, x: [1, 2] } }, dead: not_json }
  - { name: should come out, input: { value: "{" }, output: { value: 1 } }
)");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("expected  filtered"));
  EXPECT_THAT(ran.out, HasSubstr("expected  dead: not_json"));
  EXPECT_THAT(ran.out, HasSubstr("got       dead: not_json ("));
  EXPECT_THAT(ran.out, HasSubstr("1 passed, 3 failed"));
}

// A model whose answer for a row depends on its neighbours: only running the cases in several cuts can find it.
TEST_F(TestCommand, An_outcome_that_depends_on_the_batch_is_a_failure_named_as_such) {
  const Ran ran =
      test_with(R"(
cases:
  - { name: one, input: { value: { id: a, x: [1, 1] } }, output: {} }
  - { name: two, input: { value: { id: b, x: [100, 1] } }, output: {} }
)",
                {"--set", "models.adder.function=mean", "--set", "models.adder.warm_up=false"});
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out,
              HasSubstr("another outcome alone in its batch than in one batch with the others"));
}

TEST_F(TestCommand, A_mistake_in_the_case_file_names_its_line) {
  const Ran ran = test_with("cases:\n  - { name: x, input: { value: 1 }, dead: missing_feild }\n");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("sums.cases.yaml:2"));
  EXPECT_THAT(ran.err, HasSubstr("Did you mean 'missing_field'?"));
  EXPECT_THAT(test_with("cases: [{ name: x, input: { value: 1 } }]").err,
              HasSubstr("expected one of output, outputs, filtered"));
}

TEST_F(TestCommand, A_pipeline_without_cases_says_where_they_would_be) {
  const Ran ran = run_thalweg({"test", sums});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("sums.cases.yaml or"));
}

TEST_F(TestCommand, Filter_runs_only_the_cases_with_that_name) {
  const std::string cases = R"(
cases:
  - { name: good one, input: { value: { id: a, x: [1, 2] } }, output: { value: { id: a, sum: 3 } } }
  - { name: bad one, input: { value: { id: a, x: [1, 2] } }, filtered: true }
)";
  EXPECT_EQ(test_with(cases, {"--filter", "good"}).code, 0);
  EXPECT_EQ(test_with(cases, {"--filter", "bad"}).code, 1);
  EXPECT_EQ(test_with(cases, {"--filter", "neither"}).code, 3);
}

TEST_F(TestCommand, Golden_lines_are_compared_with_what_score_writes) {
  folder.write("sums.input.jsonl",
               "{\"id\":\"a\",\"x\":[1,2]}\nbroken\n{\"id\":\"b\",\"x\":[-1,2]}\n");
  EXPECT_EQ(
      run_thalweg({"score", sums, "--input", folder.path("sums.input.jsonl"), "--output",
                   folder.path("sums.expected.jsonl"), "--dead", folder.path("sums.dead.jsonl")})
          .code,
      1);
  const Ran good = run_thalweg({"test", sums});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  EXPECT_THAT(good.out, HasSubstr("✓ golden lines"));
  folder.write("sums.expected.jsonl", "{\"id\":\"a\",\"sum\":4}\n");
  const Ran bad = run_thalweg({"test", sums});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, HasSubstr("sums.expected.jsonl:1/sum"));
  folder.write("sums.expected.jsonl", "{\"id\":\"a\",\"sum\":3}\n");
  folder.write("sums.dead.jsonl", "");
  EXPECT_EQ(run_thalweg({"test", sums}).code, 1);
}

TEST_F(TestCommand, Junit_has_a_case_for_each_and_counts_the_failures) {
  const Ran ran = test_with(R"(
cases:
  - { name: "good & <one>", input: { value: { id: a, x: [1, 2] } }, output: { value: { id: a, sum: 3 } } }
  - { name: bad one, input: { value: { id: a, x: [1, 2] } }, filtered: true }
)",
                            {"--junit", folder.path("results.xml")});
  EXPECT_EQ(ran.code, 1);
  const std::string xml = folder.read("results.xml");
  EXPECT_THAT(xml, HasSubstr(R"(tests="3" failures="1" errors="0")"));
  EXPECT_THAT(xml, HasSubstr("name=\"good &amp; &lt;one&gt;\""));
  EXPECT_THAT(xml, HasSubstr("<failure message="));
}

TEST_F(TestCommand, A_pipeline_that_cannot_be_built_does_not_keep_the_others_from_being_tried) {
  const std::string broken = folder.write("broken.yaml", "pipeline: x\n");
  folder.write("sums.cases.yaml",
               "cases: [{ name: a sum, input: { value: { id: a, x: [1, 2] } }, output: { value: { "
               "id: a, sum: 3 } } }]");
  const Ran ran = run_thalweg({"test", broken, sums, "--junit", folder.path("results.xml")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("✓ a sum"));
  EXPECT_THAT(folder.read("results.xml"), HasSubstr("<error message="));
}

TEST_F(TestCommand, A_case_does_not_reach_the_environment) {
  const Ran ran = test_with(
      "cases: [{ name: x, input: { value: { id: \"${HOME}\", x: [1, 2] } }, output: { value: { id: "
      "\"${HOME}\", sum: 3 } } }]");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

}  // namespace
}  // namespace thalweg::test
