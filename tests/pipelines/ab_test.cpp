// An A/B test in a whole pipeline with two workers: what the process says of it while it runs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

constexpr const char* pipeline_text = R"(
pipeline: p
workers: 2
models:
  m:
    runtime: fake
    variants: [ {name: a, version: 1, share: 75%}, {name: b, version: 2, share: 25%} ]
    versions:
      1: { inputs: { x: "float32[?]" }, outputs: { y: "float32[?]" } }
      2: { inputs: { x: "float32[?]" }, outputs: { y: "float32[?]" }, function: mean }
from: { topic: in, start: earliest, fields: { x: float32 } }
steps: [ {infer: { model: m, outputs: { y: y } }} ]
to: { topic: out, value: { y: y } }
)";

TEST(AbInPipeline, Rows_of_all_workers_are_in_one_test_with_the_shares_of_the_route) {
  Registry registry;
  register_builtins(registry);
  MemoryLog log;
  log.create("in", 2);
  for (int i = 0; i < 20'000; ++i) {
    log.append("in", i % 2,
               {.value = fmt::format(R"({{"x":{}}})", i % 2), .key = std::to_string(i / 4)});
  }
  auto file = read_pipeline_text(pipeline_text, "ab.yaml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  Log silent(LogLevel::error, LogFormat::json);
  Process process(registry, silent);
  const Status added = process.add(std::move(*file));
  ASSERT_TRUE(added.ok()) << added.error().message();
  const Ports ports{
      .source = [&](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
        auto source = std::make_unique<MemorySource>(log, std::vector<std::string>{"in"});
        source->end();
        return std::unique_ptr<Source>(std::move(source));
      },
      .sink = [](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
        return std::unique_ptr<Sink>(std::make_unique<MemorySink>());
      }};
  const Status ran = process.run(ports);
  ASSERT_TRUE(ran.ok()) << ran.error().message();
  const PipelineView view = process.pipelines().front()->view();
  ASSERT_EQ(view.monitoring.ab.size(), 1U);
  const monitor::AbLive& test = view.monitoring.ab.front();
  ASSERT_EQ(test.arms.size(), 2U);
  std::uint64_t in = 0;
  for (const WorkerMetrics* worker : view.workers) in += worker->records_in.get();
  EXPECT_EQ(test.arms[0].asked + test.arms[1].asked, in) << "of both workers";
  EXPECT_EQ(test.arms[1].version, 2);
  EXPECT_NEAR(test.arms[1].share_seen, 0.25, 0.02);
  EXPECT_FALSE(test.verdicts.at(0).ratio.mismatch);
  EXPECT_THAT(metrics_page({view}),
              HasSubstr(R"(thalweg_ab_share_expected{pipeline="p",model="m",epoch="-1",)"
                        R"(variant="b",version="2"} 0.25)"));
  EXPECT_THAT(process.pipelines().front()->monitoring().json(),
              HasSubstr(R"("ab":[{"model":"m","epoch":-1,"arms":[{"variant":"a","version":1)"));
}

}  // namespace
}  // namespace thalweg
