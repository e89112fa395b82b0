// `thalweg score`: lines in, lines out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;

class Score : public ::testing::Test {
 protected:
  Folder folder;
  std::string sums = folder.write("sums.yaml", sum_pipeline);
};

TEST_F(Score, A_line_in_is_a_line_out_in_order) {
  const Ran ran =
      run_thalweg({"score", sums}, "{\"id\":\"a\",\"x\":[1,2]}\n{\"id\":\"b\",\"x\":[3,4]}");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "{\"id\":\"a\",\"sum\":3}\n{\"id\":\"b\",\"sum\":7}\n");
  EXPECT_THAT(ran.err, HasSubstr("2 records in: 2 forwarded, 0 filtered, 0 dead"));
}

TEST_F(Score, Nothing_in_is_nothing_out) {
  const Ran ran = run_thalweg({"score", sums});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
}

TEST_F(Score, A_bad_line_is_reported_with_its_number_and_the_others_go_on) {
  const Ran ran = run_thalweg({"score", sums},
                              "{\"id\":\"a\",\"x\":[1,2]}\nnonsense\n{\"id\":\"c\",\"x\":[5,6]}\n");
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "{\"id\":\"a\",\"sum\":3}\n{\"id\":\"c\",\"sum\":11}\n");
  EXPECT_THAT(ran.err, HasSubstr(R"({"line":2,"code":"not_json")"));
  EXPECT_THAT(ran.err, HasSubstr("1 dead (not_json 1)"));
}

TEST_F(Score, Files_can_take_the_place_of_the_streams) {
  const std::string input = folder.write("in.jsonl", "{\"id\":\"a\",\"x\":[1,2]}\n{}\n");
  const Ran ran =
      run_thalweg({"score", sums, "--input", input, "--output", folder.path("out.jsonl"), "--dead",
                   folder.path("dead.jsonl"), "--quiet"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(folder.read("out.jsonl"), "{\"id\":\"a\",\"sum\":3}\n");
  EXPECT_THAT(folder.read("dead.jsonl"), HasSubstr("missing_field"));
}

TEST_F(Score, A_file_that_cannot_be_read_is_an_external_error) {
  const Ran ran = run_thalweg({"score", sums, "--input", folder.path("none")});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("--input: expected a file that can be read"));
}

TEST_F(Score, A_pipeline_that_does_not_fit_leaves_the_output_file_alone) {
  folder.write("out.jsonl", "precious\n");
  const Ran ran = run_thalweg(
      {"score", sums, "--output", folder.path("out.jsonl"), "--set", "to.0.value={a: nobody}"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(folder.read("out.jsonl"), "precious\n");
}

TEST_F(Score, Limit_ends_early) {
  const Ran ran = run_thalweg({"score", sums, "--limit", "1"},
                              "{\"id\":\"a\",\"x\":[1,2]}\n{\"id\":\"b\",\"x\":[3,4]}\n");
  EXPECT_EQ(ran.out, "{\"id\":\"a\",\"sum\":3}\n");
}

TEST_F(Score, Any_cut_into_batches_gives_the_same_lines) {
  std::string lines;
  for (int i = 0; i < 500; ++i) {
    lines += "{\"id\":\"r" + std::to_string(i) + "\",\"x\":[" + std::to_string(i % 7) + "," +
             std::to_string(i) + ".25]}\n";
  }
  const Ran whole = run_thalweg({"score", sums}, lines);
  EXPECT_THAT(whole.err, HasSubstr("500 records in: 428 forwarded, 72 filtered, 0 dead"));
  for (const std::string rows : {"1", "3", "64"}) {
    EXPECT_EQ(run_thalweg({"score", sums, "--set", "batch.rows_max=" + rows}, lines).out, whole.out)
        << rows;
  }
}

TEST_F(Score, Several_outputs_name_their_topic_unless_one_is_chosen) {
  const std::string two = folder.write("two.yaml", R"(
pipeline: two
from: { topic: in, start: earliest, fields: { n: float64 } }
to:
  - { topic: all, value: { n: n } }
  - { topic: high, when: { field: n, above: 10 }, format: text, value: n }
)");
  const std::string lines = "{\"n\":1}\n{\"n\":20}\n";
  EXPECT_EQ(run_thalweg({"score", two, "--set", "batch.rows_max=1"}, lines).out,
            "{\"topic\":\"all\",\"value\":{\"n\":1}}\n"
            "{\"topic\":\"all\",\"value\":{\"n\":20}}\n"
            "{\"topic\":\"high\",\"value\":20}\n");
  EXPECT_EQ(run_thalweg({"score", two, "--topic", "high"}, lines).out, "20\n");
  const Ran unknown = run_thalweg({"score", two, "--topic", "hihg"}, lines);
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("Did you mean 'high'?"));
}

}  // namespace
}  // namespace thalweg::test
