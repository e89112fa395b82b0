// `thalweg model baseline`: training rows in, the file that drift is compared with out.
#include "monitor/baseline.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* pipeline = R"(
pipeline: p
models: { m: { runtime: fake, inputs: { x: "float32[?,2]" }, outputs: { y: "float32[?]" } } }
from: { topic: in, start: earliest, fields: { x: "float32[2]", kind: string } }
steps:
  - filter: { field: x, index: 0, above: 0 }
  - infer: { model: m, outputs: { y: score } }
to: { topic: out, value: { score: score } }
)";

class MakeBaseline : public ::testing::Test {
 protected:
  MakeBaseline() {
    fs::create_directories(folder.path("m/3"));
    folder.write("m/3/fake.yaml", "inputs: {x: 'float32[?,2]'}\noutputs: {y: 'float32[?]'}\n");
    folder.write("p.yaml", pipeline);
    std::string rows;
    for (int i = 1; i <= 2000; ++i) rows += fmt::format("{{\"x\":[{},{}]}}\n", i, i % 7);
    folder.write("rows.jsonl", rows);
  }
  Ran baseline(const std::string& what, std::vector<std::string> more = {}) {
    std::vector<std::string> all{"model", "baseline", folder.path(what)};
    all.insert(all.end(), more.begin(), more.end());
    return run_thalweg(all);
  }
  monitor::Baseline read(const std::string& name) {
    auto read = monitor::parse_baseline(folder.read(name), name);
    EXPECT_TRUE(read.ok()) << read.error().message();
    return read ? *read : monitor::Baseline{};
  }
  std::string rows() { return folder.path("rows.jsonl"); }
  Folder folder;
};

TEST_F(MakeBaseline, Of_a_models_folder_it_has_what_the_model_reads_and_what_it_says) {
  const Ran ran = baseline("m", {"--from", rows(), "--out", folder.path("b.json")});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("baseline of m 3: 2 fields of 2,000 rows"));
  const monitor::Baseline made = read("b.json");
  EXPECT_EQ(made.rows, 2000U);
  ASSERT_NE(made.find("x"), nullptr);
  ASSERT_NE(made.find("y"), nullptr) << "the answer, too";
  EXPECT_DOUBLE_EQ(made.find("y")->high, 2000 + 2000 % 7) << "the fake model adds up";
}

TEST_F(MakeBaseline, Publish_takes_it_and_the_version_then_brings_it) {
  ASSERT_EQ(baseline("m/3", {"--from", rows(), "--out", folder.path("b.json")}).code, 0);
  const Ran published = run_thalweg({"model", "publish", folder.path("m/3"), "--to",
                                     folder.path("base"), "--baseline", folder.path("b.json")});
  ASSERT_EQ(published.code, 0) << published.err;
  const auto brought = monitor::read_baseline(folder.path("base/1"));
  ASSERT_TRUE(brought.ok()) << brought.error().message();
  EXPECT_EQ(*brought, read("b.json"));
}

// The whole round: rows, baseline, published version, a stream that is watched.
TEST_F(MakeBaseline, Drift_is_judged_by_it_silence_on_the_same_rows_and_an_alarm_on_shifted_ones) {
  std::mt19937 random(4711);
  const auto row = [&](double shift) {
    std::normal_distribution<double> normal(shift, 1);
    const double x = normal(random);
    return fmt::format("{{\"x\":[{:.4f},{:.4f}]}}", x, normal(random));
  };
  std::string training;
  for (int i = 0; i < 5000; ++i) training += row(0) + "\n";
  folder.write("rows.jsonl", training);
  ASSERT_EQ(baseline("m", {"--from", rows(), "--out", folder.path("b.json")}).code, 0);
  ASSERT_EQ(run_thalweg({"model", "publish", folder.path("m/3"), "--to", folder.path("base"),
                         "--baseline", folder.path("b.json")})
                .code,
            0);
  TestDriver driver = TestDriver::from_text(fmt::format(R"(
pipeline: p
models: {{m: {{runtime: fake, path: {}}}}}
from: {{topic: in, start: earliest, fields: {{x: "float32[2]"}}}}
steps: [infer: {{model: m, outputs: {{y: y}}}}]
to: {{topic: out, value: {{y: y}}}}
drift: {{rows_min: 1000, window: 1s, windows: 3, topic: events}}
)",
                                                        folder.path("base")));
  const auto window = [&](int count, double shift) {
    for (int i = 0; i < count; ++i) driver.send("in", row(shift));
    driver.clock().advance(std::chrono::seconds(2));
    driver.run();
  };
  window(100, 0);  // the version is met, and its baseline read
  for (int i = 0; i < 20; ++i) window(1000, 0);
  EXPECT_TRUE(driver.read("events").empty());
  for (int i = 0; i < 4; ++i) window(1000, 1);
  window(0, 1);
  const auto begun = driver.read("events");
  ASSERT_EQ(begun.size(), 2U) << "the field and the answer";
  EXPECT_THAT(*begun[0].value, HasSubstr(R"("state":"begin")"));
}

TEST_F(MakeBaseline, Of_a_pipeline_rows_that_it_filters_do_not_count) {
  folder.write("rows.jsonl", R"({"x":[1,2],"kind":"a"})"
                             "\n"
                             R"({"x":[-1,2],"kind":"b"})"
                             "\n");
  const Ran ran = baseline("p.yaml", {"--from", rows()});
  ASSERT_EQ(ran.code, 0) << ran.err;
  folder.write("out.json", ran.out);
  const monitor::Baseline made = read("out.json");
  EXPECT_EQ(made.rows, 1U);
  ASSERT_NE(made.find("score"), nullptr) << "outputs are called as the pipeline calls them";
  EXPECT_EQ(made.find("kind"), nullptr) << "the model does not read it";
}

TEST_F(MakeBaseline, A_bad_row_is_told_with_its_line_and_the_others_count) {
  folder.write("rows.jsonl", "{\"x\":[1,2]}\n{\"x\":\"no\"}\n{\"x\":[3,4]}\nnonsense\n");
  const Ran ran =
      baseline("m", {"--from", rows(), "--out", folder.path("b.json"), "--json", "--quiet"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("rows.jsonl:2: "));
  EXPECT_THAT(ran.err, HasSubstr("rows.jsonl:4: "));
  EXPECT_THAT(ran.out, HasSubstr(R"("version":3)"));
  EXPECT_THAT(ran.out, HasSubstr(R"("rows":2,"fields":2,"lines":4,"dead":2,"filtered":0)"));
  EXPECT_EQ(read("b.json").rows, 2U);
}

TEST_F(MakeBaseline, Of_a_thousand_bad_rows_twenty_are_told) {
  std::string bad = "{\"x\":[1,2]}\n";
  for (int i = 0; i < 1000; ++i) bad += "{}\n";
  folder.write("rows.jsonl", bad);
  const Ran ran = baseline("m", {"--from", rows(), "--quiet"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 21);
  EXPECT_THAT(ran.err, HasSubstr("further ones are only counted"));
}

TEST_F(MakeBaseline, Where_nothing_can_be_made_nothing_is_written_and_the_cure_is_said) {
  const std::string out = folder.path("b.json");
  EXPECT_EQ(baseline("m").code, 2) << "without rows";
  EXPECT_EQ(baseline("m", {"--from", rows(), "--json"}).code, 2) << "two things on one stream";
  const Ran gone = baseline("m", {"--from", folder.path("none"), "--out", out});
  EXPECT_NE(gone.code, 0);
  EXPECT_THAT(gone.err, HasSubstr("--from"));
  folder.write("rows.jsonl", "{\"a\":1}\n");
  const Ran wrong = baseline("m", {"--from", rows(), "--out", out});
  EXPECT_EQ(wrong.code, 3);
  EXPECT_THAT(wrong.err, HasSubstr("expected rows that model 'm' answers; got none"));
  EXPECT_THAT(baseline("p.yaml", {"--from", rows(), "--model", "n"}).err,
              HasSubstr("--model: expected 'm'; got 'n'"));
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(MakeBaseline, Of_a_model_with_variants_the_version_has_to_be_named) {
  fs::create_directories(folder.path("m/4"));
  folder.write("m/4/fake.yaml", "inputs: {x: 'float32[?,2]'}\noutputs: {y: 'float32[?]'}\n");
  folder.write("ab.yaml", fmt::format(R"(
pipeline: p
models: {{ m: {{ runtime: fake, path: {}, shadow: 3,
  variants: [{{name: a, version: 3, share: 50%}}, {{name: b, version: 4, share: 50%}}] }} }}
from: {{ topic: in, start: earliest, fields: {{ x: "float32[2]" }} }}
steps: [infer: {{ model: m, outputs: {{ y: score }} }}]
to: {{ topic: out, value: {{ score: score }} }}
)",
                                      folder.path("m")));
  const Ran which = baseline("ab.yaml", {"--from", rows()});
  EXPECT_NE(which.code, 0);
  EXPECT_THAT(which.err, HasSubstr("expected --version, since model 'm' has variants"));
  const Ran ran = baseline(
      "ab.yaml", {"--from", rows(), "--version", "4", "--out", folder.path("b.json"), "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("version":4)"));
  EXPECT_EQ(read("b.json").rows, 2000U) << "all rows, not those of its share";
}

}  // namespace
}  // namespace thalweg::test
