// A challenger that is broken in every way, in a whole pipeline, and sees every row: the outputs are to the last bit those of a pipeline without it.
//
// A record is five rows and one call, and the next one comes when everybody is done with it: so the champion's calls are the same ones each time, and the
// shadow never falls behind. The answer is the mean of the call.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <limits>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/runtime/fake/fake_runtime.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "support/scripted_model.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

enum class Breaks : std::uint8_t { not_at_all, throws, fails, says_nan, is_slow };
std::atomic<Breaks> breaks{Breaks::not_at_all};  // version 2, at rows below zero: warm-up has none

class BreakingModel final : public LoadedModel {
 public:
  explicit BreakingModel(std::unique_ptr<LoadedModel> whole) : whole_(std::move(whole)) {}
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return whole_->signatures();
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override {
    const auto in = support::numbers<float>(request.inputs[0]);
    const bool breaks_now = std::any_of(in.begin(), in.end(), [](float x) { return x < 0; });
    switch (breaks_now ? breaks.load() : Breaks::not_at_all) {
      case Breaks::throws: throw std::runtime_error("thrown by the challenger");
      case Breaks::fails: return done(Error(Code::model_failed, "failed by the challenger"));
      case Breaks::says_nan: {
        std::vector<float> out(in.size(), std::numeric_limits<float>::quiet_NaN());
        const std::int64_t rows = std::ssize(out);
        return done(std::vector<Tensor>{support::make_tensor<float>({rows}, std::move(out))});
      }
      case Breaks::is_slow: std::this_thread::sleep_for(20ms); break;  // it is the call that lasts
      case Breaks::not_at_all: break;
    }
    whole_->submit(signature, request, std::move(done));
  }

 private:
  const std::unique_ptr<LoadedModel> whole_;
};

class BreakingRuntime final : public ModelRuntime {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "breaking"; }
  [[nodiscard]] bool recognises(const std::string&) const override { return false; }
  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> load(const ModelSpec& spec) override {
    auto whole = fake_runtime().make()->load(spec);
    if (!whole || spec.version != 2) return whole;
    return std::unique_ptr<LoadedModel>(std::make_unique<BreakingModel>(std::move(whole).value()));
  }
};

constexpr const char* pipeline_text = R"(
pipeline: watched
models: {{ m: {{ runtime: breaking, function: mean, version: 1{} }} }}
from: {{ topic: in, start: earliest, fields: {{ x: {{ at: "/x/*", type: float32 }} }} }}
steps: [ {{ explode: x }}, {{ infer: {{ model: m, outputs: {{ y: y }} }} }} ]
to: {{ topic: out, value: {{ x: x, y: y }} }}
dead_letters: dead
)";
constexpr int records = 30;
constexpr std::uint64_t rows_a_record = 5;

class ShadowBroken : public testing::TestWithParam<Breaks> {
 protected:
  ShadowBroken() {
    register_builtins(registry_);
    registry_.add({.name = "breaking",
                   .doc = "A fake whose version 2 breaks.",
                   .section = fake_runtime().section,
                   .make = [] { return std::make_shared<BreakingRuntime>(); }});
  }
  struct Outcome {
    std::vector<std::string> outputs;  // header and value
    VersionTotals shadow;
  };
  // `wait`: for the shadow, behind each record.
  Outcome run(const std::string& shadow, bool wait) {
    MemoryLog log;
    log.create("in", 1);
    auto file = read_pipeline_text(fmt::format(pipeline_text, shadow), "watched.yaml");
    EXPECT_TRUE(file.ok()) << file.error().message();
    Process process(registry_, log_);
    const Status added = process.add(std::move(*file));
    EXPECT_TRUE(added.ok()) << added.error().message();
    std::atomic<MemorySink*> sink = nullptr;
    Ports ports;
    ports.source = [&](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(
          std::make_unique<MemorySource>(log, std::vector<std::string>{"in"}));
    };
    ports.sink = [&](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      sink = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    auto running = std::async(std::launch::async, [&] { return process.run(ports); });
    EXPECT_TRUE(eventually([&] { return process.started(); }));
    const auto totals = [&] {
      for (const VersionTotals& one : process.pipelines().front()->version_totals())
        if (one.role == Role::shadow) return one;
      return VersionTotals{};
    };
    for (int i = 1; i <= records; ++i) {
      log.append("in", 0, {.value = fmt::format(R"({{"x":[-{0},-{0}.5,-1,-2,-{0}.25]}})", i)});
      const std::uint64_t rows = static_cast<std::uint64_t>(i) * rows_a_record;
      EXPECT_TRUE(eventually([&] { return sink.load()->acknowledged("out").size() == rows; }));
      EXPECT_TRUE(!wait || eventually([&] { return totals().rows == rows; })) << totals().rows;
    }
    process.request_stop();
    const Status ran = running.get();
    EXPECT_TRUE(ran.ok()) << ran.error().message();
    Outcome outcome;
    for (const SentRecord& sent : sink.load()->acknowledged("out"))
      outcome.outputs.push_back(sent.header("thalweg").value_or("") + " " +
                                sent.value.value_or(""));
    EXPECT_TRUE(sink.load()->acknowledged("dead").empty());
    outcome.shadow = totals();
    return outcome;
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(200us);
    }
    return false;
  }

  Registry registry_;
  Log log_{LogLevel::error, LogFormat::json};
};

constexpr const char* with_shadow = ", shadow: { version: 2, cpu_share: 1 }";

TEST_P(ShadowBroken, The_outputs_are_those_without_it_to_the_last_bit) {
  const Outcome without = run("", false);
  ASSERT_EQ(without.outputs.size(), records * rows_a_record);
  breaks = GetParam();
  const Outcome with = run(with_shadow, true);
  EXPECT_EQ(with.outputs, without.outputs);
  EXPECT_EQ(with.shadow.rows, records * rows_a_record) << "it saw them all";
  const bool answers = GetParam() != Breaks::throws && GetParam() != Breaks::fails;
  EXPECT_EQ(with.shadow.answered, answers ? records * rows_a_record : 0U);
  // One that fails at these rows, and not at a row of zeros, refuses the rows one by one.
  EXPECT_EQ(with.shadow.failed_uses,
            GetParam() == Breaks::throws ? static_cast<std::uint64_t>(records) : 0U);
  EXPECT_EQ(with.shadow.nan_rows, GetParam() == Breaks::says_nan ? records * rows_a_record : 0U);
}

INSTANTIATE_TEST_SUITE_P(All, ShadowBroken,
                         testing::Values(Breaks::not_at_all, Breaks::throws, Breaks::fails,
                                         Breaks::says_nan, Breaks::is_slow));

using ShadowHangs = ShadowBroken;
TEST_P(ShadowHangs, The_outputs_are_those_without_it_to_the_last_bit) {
  breaks = GetParam();
  const Outcome without = run("", false);
  const Outcome with =
      run(std::string(with_shadow) + ", versions: { 2: { hang_when: negative } }", false);
  EXPECT_EQ(with.outputs, without.outputs);
  EXPECT_EQ(with.shadow.answered, 0U);
  EXPECT_GE(with.shadow.lost[static_cast<std::size_t>(ShadowLoss::busy)], 20 * rows_a_record)
      << "its queue is full, and nobody waits for it";
}

INSTANTIATE_TEST_SUITE_P(All, ShadowHangs, testing::Values(Breaks::not_at_all));

}  // namespace
}  // namespace thalweg
