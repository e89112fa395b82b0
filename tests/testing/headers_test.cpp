// The headers of what comes out: they tell of the record, and never of its neighbours in the batch.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "thalweg/testing.h"

namespace thalweg {
namespace {

constexpr const char* pipeline = R"(
pipeline: p
models: { m: { runtime: fake, inputs: { x: "float32[?,2]" } } }
from: { topic: in, start: earliest, on_null: forward, fields: { x: "float32[2]" } }
steps: [ infer: { model: m, outputs: { y: y } } ]
to: { topic: out, value: { y: y } }
dead_letters: dead
)";

TestDriver driver_of(std::size_t batch_records) {
  TestOptions options;
  options.batch_records = batch_records;
  return TestDriver::from_text(pipeline, options);
}

std::map<std::string, std::string> headers_of(const TestOutput& output) {
  return {output.headers.begin(), output.headers.end()};
}

TEST(Headers, A_record_that_no_model_saw_names_none_wherever_the_batch_is_cut) {
  for (const std::size_t batch_records : {std::size_t{1}, std::size_t{1024}}) {
    TestDriver driver = driver_of(batch_records);
    driver.send("in", R"({"x": [1, 2]})");
    driver.send("in", "not json");
    driver.send("in", TestInput{});
    driver.run();
    const auto dead = driver.dead_letters();
    ASSERT_EQ(dead.size(), 1U);
    const auto headers = headers_of(dead[0]);
    EXPECT_EQ(headers.at("__thalweg.errors.code"), "not_json");
    EXPECT_EQ(headers.count("__thalweg.errors.model"), 0U) << batch_records;
    const auto out = driver.read("out");
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(headers_of(out[0]).at("thalweg"), "id=in-0-0,model=m,version=0");
    EXPECT_FALSE(out[1].value);
    EXPECT_EQ(headers_of(out[1]).at("thalweg"), "id=in-0-2") << batch_records;
    EXPECT_TRUE(driver.counts().add_up());
  }
}

TEST(Headers, A_dead_letter_of_a_model_names_it) {
  TestDriver driver = TestDriver::from_text(R"(
pipeline: p
models: { m: { runtime: fake, inputs: { x: "float32[?]" }, fail_when: negative } }
from: { topic: in, start: earliest, fields: { x: float32 } }
steps: [ infer: { model: m, outputs: { y: y } } ]
to: { topic: out, value: { y: y } }
dead_letters: dead
)");
  driver.send("in", R"({"x": -1})");
  driver.run();
  const auto dead = driver.dead_letters();
  ASSERT_EQ(dead.size(), 1U);
  const auto headers = headers_of(dead[0]);
  EXPECT_EQ(headers.at("__thalweg.errors.stage"), "infer");
  EXPECT_EQ(headers.at("__thalweg.errors.model"), "m");
  EXPECT_EQ(headers.at("__thalweg.errors.version"), "0");
}

}  // namespace
}  // namespace thalweg
