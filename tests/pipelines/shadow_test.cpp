// A shadow in a whole pipeline: whatever becomes of it, the outputs are those of a pipeline without one, and the pipeline ends when it is told to.
//
// The model's answer is the mean over its whole call, so that outputs are the same only where the champion's calls were cut alike.
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr const char* pipeline_text = R"(
pipeline: watched
models:
  m:
    runtime: fake
    function: mean
    version: 1
    {}
from: {{ topic: in, start: earliest, fields: {{ x: float32 }} }}
batch: {{ rows_max: 7 }}
steps: [ {{ infer: {{ model: m, outputs: {{ y: y }} }} }} ]
to: {{ topic: out, value: {{ x: x, y: y }} }}
dead_letters: dead
)";

class ShadowInPipeline : public testing::Test {
 protected:
  ShadowInPipeline() { register_builtins(registry_); }

  struct Outcome {
    std::vector<std::string> outputs;  // header and value
    std::vector<VersionTotals> totals;

    [[nodiscard]] VersionTotals shadow() const {
      for (const VersionTotals& one : totals) {
        if (one.role == Role::shadow) return one;
      }
      return {};
    }
    [[nodiscard]] std::uint64_t lost(ShadowLoss why) const {
      return shadow().lost.at(static_cast<std::size_t>(why));
    }
  };

  // `records` numbers below zero, from a topic that ends.
  Outcome run(int records, const std::string& settings) {
    MemoryLog log;
    log.create("in", 1);
    for (int i = 1; i <= records; ++i)
      log.append("in", 0, {.value = fmt::format(R"({{"x":-{}}})", i)});
    auto file = read_pipeline_text(fmt::format(pipeline_text, settings), "watched.yaml");
    EXPECT_TRUE(file.ok()) << file.error().message();
    Process process(registry_, log_);
    const Status added = process.add(std::move(*file));
    EXPECT_TRUE(added.ok()) << added.error().message();
    MemorySink* sink = nullptr;
    Ports ports;
    ports.source = [&](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
      auto source = std::make_unique<MemorySource>(log, std::vector<std::string>{"in"});
      source->end();
      return std::unique_ptr<Source>(std::move(source));
    };
    ports.sink = [&](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      sink = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    const Status ran = process.run(ports);
    EXPECT_TRUE(ran.ok()) << ran.error().message();
    Outcome outcome;
    for (const SentRecord& sent : sink->acknowledged("out"))
      outcome.outputs.push_back(sent.header("thalweg").value_or("") + " " +
                                sent.value.value_or(""));
    EXPECT_TRUE(sink->acknowledged("dead").empty());
    outcome.totals = process.pipelines().front()->view().totals;
    return outcome;
  }
  static std::string shadowed(const std::string& challenger) {
    return "shadow: { version: 2, cpu_share: 1 }\n    versions: { 2: { " + challenger + " } }";
  }

  Registry registry_;
  Log log_{LogLevel::error, LogFormat::json};
};

TEST_F(ShadowInPipeline, Outputs_are_those_without_it_to_the_last_bit_whatever_becomes_of_it) {
  const Outcome without = run(143, "");
  ASSERT_EQ(without.outputs.size(), 143U);
  for (const std::string challenger :
       {"function: sum", "fail_when: negative", "fail_when: negative, fail_code: model_failed",
        "slow: 20ms", "async: true", "async: true, fail_when: negative"}) {
    const Outcome with = run(143, shadowed(challenger));
    EXPECT_EQ(with.outputs, without.outputs) << challenger;
  }
}

TEST_F(ShadowInPipeline,
       Rows_it_fails_are_counted_and_it_is_what_a_pipeline_that_lags_drops_first) {
  const Outcome with = run(143, shadowed("fail_when: negative"));
  const VersionTotals shadow = with.shadow();
  EXPECT_EQ(shadow.answered, 0U);
  EXPECT_GE(with.lost(ShadowLoss::lagging), 100U) << "all but the first and the last are behind";
  std::uint64_t seen = shadow.rows;
  for (const std::uint64_t lost : shadow.lost) seen += lost;
  EXPECT_LE(seen, 143U);
}

TEST_F(ShadowInPipeline, A_pipeline_ends_while_its_shadow_hangs) {
  const Outcome without = run(5, "");
  const auto began = std::chrono::steady_clock::now();
  const Outcome with = run(5, shadowed("hang_when: negative"));
  EXPECT_EQ(with.outputs, without.outputs);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
}

}  // namespace
}  // namespace thalweg
