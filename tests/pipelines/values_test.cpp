// Hard values through whole pipelines: each goes where it should, nothing is lost, and no cut into batches can be seen from outside.
#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

namespace thalweg {
namespace {

// Candidates are scored and the two best come out; `w` reaches the model and the output, so that it may become NaN there.
constexpr const char* kPipeline = R"(
pipeline: hard
models: {m: {runtime: fake, inputs: {x: 'float32[?]', w: 'float32[?]'}, outputs: {y: 'float32[?]'}}}
from:
  topic: in
  start: earliest
  value_bytes_max: 12MiB
  depth_max: 64
  on_null: ON_NULL
  fields: {id: string, w: float32, items: 'float32[]'}
steps:
  - filter: {field: w, not_equals: -7}
  - explode: {fields: items, as: {items: x}, on_empty: ON_EMPTY}
  - infer: {model: m, outputs: {y: score}}
  - top_k: {fields: [x, score], by: score, k: 2}
to: {topic: out, value: {id: id, best: x, scores: score}, nonfinite: NONFINITE}
dead_letters: dead
)";

struct Policies {
  std::string on_null = "dead", on_empty = "dead", nonfinite = "dead";
};

std::string pipeline(const Policies& p) {
  std::string text = kPipeline;
  const auto put = [&](const std::string& name, const std::string& value) {
    text.replace(text.find(name + (name == "NONFINITE"  ? "}"
                                   : name == "ON_EMPTY" ? "}"
                                                        : "\n")),
                 name.size(), value);
  };
  put("ON_NULL", p.on_null);
  put("ON_EMPTY", p.on_empty);
  put("NONFINITE", "'" + p.nonfinite + "'");
  return text;
}

// What became of one record: its output, "filtered", or the code of its dead letter.
struct Outcome {
  std::string what;
  TestCounts counts;
};

Outcome send_one(TestInput input, const Policies& policies = {}) {
  TestDriver driver = TestDriver::from_text(pipeline(policies));
  const std::optional<std::string> sent = input.value;
  driver.send("in", std::move(input));
  driver.run();
  const auto outputs = driver.read("out");
  const auto dead = driver.dead_letters();
  EXPECT_TRUE(driver.counts().add_up());
  EXPECT_LE(outputs.size() + dead.size(), 1U);
  Outcome outcome{"filtered", driver.counts()};
  if (!outputs.empty()) outcome.what = outputs[0].value.value_or("(null)");
  if (!dead.empty()) {
    outcome.what = dead[0].dead_code();
    EXPECT_EQ(dead[0].value, sent) << "a dead letter is the record as it came";
    EXPECT_LE(dead[0].header("__thalweg.errors.message")->size(), 2048U);
  }
  return outcome;
}

std::string becomes(const std::string& value, const Policies& policies = {}) {
  return send_one({.value = value}, policies).what;
}

TEST(HardValues, A_good_one_passes) {
  EXPECT_EQ(becomes(R"({"id":"a","w":1,"items":[1,3,2]})"),
            R"({"id":"a","best":[3,2],"scores":[4,3]})");
}

TEST(HardValues, Ten_megabytes_pass_below_the_bound_and_are_a_dead_letter_above_it) {
  const std::string big(10 << 20, 'x');
  const std::string out = becomes(R"({"w":1,"items":[1],"id":")" + big + "\"}");
  EXPECT_EQ(out.size(), big.size() + std::string(R"({"id":"","best":[1],"scores":[2]})").size());
  EXPECT_EQ(becomes(R"({"id":"a","w":1,"items":[1],"more":")" + std::string(12 << 20, 'x') + "\"}"),
            "too_large");
}

TEST(HardValues, What_is_no_JSON_is_told_from_what_is_cut_off_too_deep_or_no_text) {
  EXPECT_EQ(becomes("hello"), "not_json");
  EXPECT_EQ(becomes(""), "not_json");
  EXPECT_EQ(becomes(R"({"id":"a","w":1,"items":[1,)"), "not_json");
  EXPECT_EQ(becomes(R"({"id":"a","w":1,"items":[1]} {})"), "not_json");
  EXPECT_EQ(becomes(R"({"id":"a","w":NaN,"items":[1]})"), "not_json");
  EXPECT_EQ(becomes("{\"id\":\"\xff\",\"w\":1,\"items\":[1]}"), "not_utf8");
  EXPECT_EQ(becomes(R"({"id":"a","w":1,"items":[1],"d":)" + std::string(100'000, '[') +
                    std::string(100'000, ']') + "}"),
            "too_deep");
  EXPECT_EQ(becomes(std::string("\0\0\0\0\x07{\"id\":\"a\"}", 15)), "confluent_framed");
}

TEST(HardValues, Members_that_do_not_fit_their_field) {
  EXPECT_EQ(becomes(R"({"w":1,"items":[1]})"), "missing_field");
  EXPECT_EQ(becomes(R"({"id":null,"w":1,"items":[1]})"), "missing_field");
  EXPECT_EQ(becomes(R"({"id":7,"w":1,"items":[1]})"), "wrong_type");
  EXPECT_EQ(becomes(R"({"id":"a","w":"1","items":[1]})"), "wrong_type");
  EXPECT_EQ(becomes(R"({"id":"a","w":1,"items":[1,"2"]})"), "wrong_type");
  EXPECT_EQ(becomes(R"({"id":"a","w":1e39,"items":[1]})"), "out_of_range");
  EXPECT_EQ(becomes(R"([])"), "wrong_type");
}

TEST(HardValues, An_infinity_made_by_the_model_is_refused_or_written_as_null) {
  const std::string infinite = R"({"id":"a","w":3e38,"items":[3e38,-3e38]})";
  EXPECT_EQ(becomes(infinite), "nonfinite");
  EXPECT_EQ(becomes(infinite, {.nonfinite = "null"}),
            R"({"id":"a","best":[3e+38,-3e+38],"scores":[null,0]})");
}

TEST(HardValues, An_empty_list_to_explode_follows_its_policy) {
  const std::string empty = R"({"id":"a","w":1,"items":[]})";
  EXPECT_EQ(becomes(empty), "no_rows");
  EXPECT_EQ(becomes(empty, {.on_empty = "drop"}), "filtered");
  EXPECT_EQ(becomes(empty, {.on_empty = "forward"}), R"({"id":"a","best":[],"scores":[]})");
}

TEST(HardValues, A_key_without_a_value_follows_its_policy) {
  const TestInput tombstone{.key = "k"};
  EXPECT_EQ(send_one(tombstone).what, "null_value");
  const Outcome dropped = send_one(tombstone, {.on_null = "drop"});
  EXPECT_EQ(dropped.what, "filtered");
  EXPECT_EQ(dropped.counts.filtered, 1U);
  const Outcome forwarded = send_one(tombstone, {.on_null = "forward"});
  EXPECT_EQ(forwarded.what, "(null)");
  EXPECT_EQ(forwarded.counts.forwarded, 1U);
}

// --- any cut ----------------------------------------------------------------------------------------------------------

std::vector<TestInput> mixture() {
  std::vector<TestInput> all;
  for (int i = 0; i < 240; ++i) {
    const std::string id = std::to_string(i);
    const auto record = [&](const std::string& w, const std::string& items) {
      return R"({"id":")" + id + R"(","w":)" + w + R"(,"items":[)" + items + "]}";
    };
    TestInput input{
        .key = "k" + std::to_string(i % 5), .headers = {{"n", id}}, .partition = {i % 3}};
    switch (i % 12) {
      case 0: input.value = record("1", ""); break;
      case 1: input.value = std::nullopt; break;
      case 2: input.value = "{"; break;
      case 3: input.value = record("3e38", "3e38"); break;
      case 4: input.value = record("-7", "1,2"); break;
      case 5:
        input.key = std::nullopt;
        input.value = record("2", "5");
        break;
      case 6: input.value = record("\"x\"", "5"); break;
      default: input.value = record(std::to_string(i), "1,-2,3.5,0,4"); break;
    }
    all.push_back(std::move(input));
  }
  return all;
}

using Trace = std::map<
    std::string,
    std::vector<std::string>>;  // topic and partition of the input: what came of it, in order

std::string words(const TestOutput& o) {
  std::string text =
      o.key.value_or("(none)") + " " + o.value.value_or("(null)") + " " + o.dead_code();
  for (const auto& [name, value] : o.headers) {
    if (name != "__thalweg.errors.message") text += " " + name + "=" + value;
  }
  return text;
}

std::string partition_of(const TestOutput& o) {
  return std::to_string(std::stoi(*o.header("n")) % 3);
}

Trace trace(std::size_t batch_records, TestCounts& counts) {
  TestDriver driver = TestDriver::from_text(pipeline({.on_null = "forward"}),
                                            {.partitions = 3, .batch_records = batch_records});
  for (TestInput& input : mixture()) driver.send("in", std::move(input));
  driver.run();
  Trace trace;
  for (const TestOutput& o : driver.read("out"))
    trace["out " + partition_of(o)].push_back(words(o));
  for (const TestOutput& o : driver.dead_letters())
    trace["dead " + partition_of(o)].push_back(words(o));
  counts = driver.counts();
  driver.close();
  for (const auto& [at, offset] : driver.committed())
    EXPECT_EQ(offset, Offset{80}) << at.to_string();
  return trace;
}

class AnyCut : public testing::TestWithParam<std::size_t> {};

TEST_P(AnyCut, Gives_the_same_outputs_dead_letters_and_counts) {
  TestCounts whole, cut;
  const Trace expected = trace(1024, whole);
  EXPECT_EQ(trace(GetParam(), cut), expected);
  EXPECT_TRUE(cut.add_up());
  EXPECT_EQ(cut.in, 240U);
  EXPECT_EQ(std::tuple(cut.forwarded, cut.filtered, cut.dead),
            std::tuple(whole.forwarded, whole.filtered, whole.dead));
  EXPECT_EQ(cut.filtered, 20U);
  EXPECT_EQ(cut.dead, 80U);
}

INSTANTIATE_TEST_SUITE_P(Sizes, AnyCut, testing::Values(1, 2, 3, 7, 64, 239));

}  // namespace
}  // namespace thalweg
