// `thalweg demo` on the embedded broker: whole pipelines with Kafka's protocol, and nothing to install.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/demo_view.h"
#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;

class Demo : public ::testing::Test {
 protected:
  Folder folder;
  std::string sums =
      folder.write("sums.yaml", std::string(sum_pipeline) + "dead_letters: sums.dead\n");
};

TEST_F(Demo, Samples_go_in_predictions_come_out_and_it_ends_by_itself) {
  std::string lines;
  for (int i = 1; i <= 50; ++i)
    lines += "{\"id\":\"r" + std::to_string(i) + "\",\"x\":[" + std::to_string(i % 5) + ",0.5]}\n";
  lines += "nonsense\n";
  const Ran ran = run_thalweg({"demo", sums, "--input", folder.write("in.jsonl", lines), "--rate",
                               "0", "--patience", "20"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("51 records in: 40 forwarded, 10 filtered, 1 dead (not_json 1)"));
  EXPECT_THAT(ran.out, HasSubstr("4.5000  r4"));
  EXPECT_THAT(ran.out, HasSubstr("dead letter  not_json: "));
  for (const char* part : {"records/s", "batches", "in the model", "dead letters   1"})
    EXPECT_THAT(ran.out, HasSubstr(part));
}

TEST_F(Demo, Limit_and_rate_are_kept) {
  std::string lines;
  for (int i = 1; i <= 100; ++i) lines += "{\"id\":\"r\",\"x\":[1,1]}\n";
  const Ran ran = run_thalweg(
      {"demo", sums, "--input", folder.write("in.jsonl", lines), "--limit", "20", "--rate", "40"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("20 records in"));
}

TEST_F(Demo, An_empty_sample_is_an_error) {
  const Ran ran = run_thalweg({"demo", sums, "--input", folder.write("in.jsonl", "\n")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("--input: expected lines"));
}

TEST_F(Demo, A_pipeline_that_gives_nothing_back_is_given_up_with_what_was_seen) {
  const Ran ran = run_thalweg({"demo", sums, "--input",
                               folder.write("in.jsonl", "{\"id\":\"a\",\"x\":[1,1]}\n"),
                               "--patience", "1", "--set", "models.adder.slow=4s", "--set",
                               "models.adder.warm_up=false", "--set", "shutdown_timeout=1s"});
  EXPECT_EQ(ran.code, 4) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("expected 1 records to come out; 1 were sent"));
}

TEST_F(Demo, A_pipeline_that_stops_ends_the_demo_with_its_error) {
  const std::string bare = folder.write("bare.yaml", sum_pipeline);
  const Ran ran = run_thalweg(
      {"demo", bare, "--input", folder.write("in.jsonl", "nonsense\n"), "--patience", "20"});
  EXPECT_EQ(ran.code, 3) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("no dead_letters are configured"));
}

TEST(DemoLine, The_number_with_a_fraction_is_the_score_and_the_longest_text_the_text) {
  EXPECT_EQ(cli::demo_line(R"({"n":7,"id":"a","text":"Forest fire","score":0.5})", 60),
            "▇▇▇▇▇····· 0.5000  Forest fire");
  EXPECT_EQ(cli::demo_line(R"({"sum":12,"id":"a"})", 60), "12.0000  a");
  EXPECT_EQ(cli::demo_line(R"([1,2])", 60), "[1,2]");
}

TEST(DemoLine, A_long_text_is_cut_between_characters) {
  const std::string line = cli::demo_line(R"({"t":"äääääääääääääääääääääääääääää","s":0.1})", 30);
  EXPECT_THAT(line, ::testing::EndsWith("ä…"));
}

}  // namespace
}  // namespace thalweg::test
