// History answered once more by those who answered it then: through swaps and splits, every score is the one that was written. No broker.
#include <atomic>
#include <chrono>
#include <future>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/backtest.h"
#include "model/manifest.h"
#include "model/scratch_dir.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using cli::Backtest;
using cli::RecordOutcome;
using cli::ReplayRecord;
using ::testing::HasSubstr;

constexpr const char* pipeline_text = R"(
pipeline: p
models: {{ m: {{ runtime: fake, path: {models}, version: 1, cache: {cache} }} }}
from: {{ topic: in, start: earliest, fields: {{ p: float32 }} }}
steps: [ {{ infer: {{ model: m, outputs: {{ y: score }} }} }} ]
to: {{ topic: out, value: {{ score: score }} }}
dead_letters: dead
inference_log: {{ topic: log, share: {share} }}
)";

class AsRecorded : public testing::TestWithParam<const char*> {
 protected:
  AsRecorded() {
    register_builtins(registry_);
    topics_.create("in", 2);
    for (int version = 1; version <= 4; ++version)
      put(models_, version, fmt::format("0.{}7", version));
  }
  static void put(const ScratchDir& folder, int version, const std::string& scale) {
    const std::string name = std::to_string(version);
    folder.write(name + "/fake.yaml", "inputs: {x: 'float32[?]'}\noutputs: {y: 'float32[?]'}\n");
    folder.write(
        name + "/assets.extra/features.yaml",
        fmt::format("inputs: {{ p: float32 }}\nfeatures: {{ x: {{ rescale: p, scale: {} }} "
                    "}}\n",
                    scale));
  }
  // Returns the manifest's hash.
  static std::string seal(const ScratchDir& folder, int version) {
    const std::string name = std::to_string(version);
    std::filesystem::remove(folder / (name + "/manifest.json"));
    Manifest manifest;
    manifest.version = version;
    manifest.files = *list_files(folder / name);
    folder.write(name + "/manifest.json", to_json(manifest));
    return *sha256_of_file(folder / (name + "/manifest.json"));
  }
  PipelineFile file() const {
    return *read_pipeline_text(
        fmt::format(pipeline_text, fmt::arg("models", models_.path()),
                    fmt::arg("cache", fetched_.path()), fmt::arg("share", GetParam())),
        "p.yaml");
  }
  void feed(int count) {
    for (int i = 0; i < count; ++i, ++fed_) {
      const std::string value = fmt::format(R"({{"p":0.{}}})", 1000 + fed_ % 8999);
      const std::string key = fmt::format("k{}", fed_ % 97);
      topics_.append("in", fed_ % 2, {.value = value, .key = key});
      records_.push_back(
          {.topic = "in", .partition = fed_ % 2, .offset = fed_ / 2, .key = key, .value = value});
    }
    ASSERT_TRUE(eventually([&] {
      return sink_.load()->acknowledged("out").size() == static_cast<std::size_t>(fed_);
    }));
  }
  void route(std::int64_t epoch, std::vector<DesiredVariant> variants) {
    ServedModel& model = *process_->models().front()->served("m");
    DesiredModel wish;
    wish.variants = std::move(variants);
    ASSERT_TRUE(model.prepare(wish, epoch).ok());
    ASSERT_TRUE(eventually([&] { return model.epoch() == epoch; }));
  }
  // Runs while `change` feeds and routes.
  void run(const std::function<void()>& change) {
    process_ = std::make_unique<Process>(registry_, log_);
    ASSERT_TRUE(process_->add(file()).ok());
    Ports ports;
    ports.source = [this](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(
          std::make_unique<MemorySource>(topics_, std::vector<std::string>{"in"}));
    };
    ports.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      sink_ = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    auto running = std::async(std::launch::async, [&] { return process_->run(ports); });
    ASSERT_TRUE(eventually([&] { return process_->started(); }));
    change();
    process_->request_stop();
    ASSERT_TRUE(running.get().ok());
    for (const SentRecord& sent : sink_.load()->acknowledged("out")) {
      const std::string header = sent.header("thalweg").value_or("");
      written_[header.substr(3, header.find(',') - 3)] = {header, *sent.value};
    }
    std::int64_t place = 0;
    for (const SentRecord& sent : sink_.load()->acknowledged("log"))
      ASSERT_TRUE(answers_.add(*sent.value, 0, place++).ok());
    answers_.close();
  }
  struct Written {
    std::string header, value;
  };
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(200us);
    }
    return false;
  }
  // All of it once more; each answer against what was written.
  cli::BacktestReport replay(std::optional<PipelineFile> candidate = std::nullopt) {
    cli::BacktestOptions options;
    options.model = "m";
    options.told = [this](const ReplayRecord& record, const RecordOutcome* outcome,
                          const RecordOutcome*) {
      const Written& then = written_.at(record.id());
      ASSERT_EQ(outcome->answers.size(), 1U) << record.id();
      const cli::RowAnswer& now = outcome->answers.front();
      EXPECT_EQ(then.value, fmt::format("{{\"score\":{}}}", cli::score_text(now))) << record.id();
      EXPECT_NE(then.header.find(fmt::format("version={}", now.version)), std::string::npos);
      const std::string variant = now.variant.empty() ? "" : "variant=" + now.variant + ",";
      EXPECT_NE(then.header.find(variant), std::string::npos) << then.header;
      ++told_;
    };
    auto made = Backtest::make({.baseline = *cli::for_replay(file()),
                                .candidate = std::move(candidate),
                                .recorded = &answers_,
                                .models = {"m"}},
                               registry_, options);
    EXPECT_TRUE(made.ok()) << made.error().message();
    for (const ReplayRecord& record : records_) EXPECT_TRUE((*made)->add(record).ok());
    EXPECT_TRUE((*made)->finish().ok());
    return (*made)->report();
  }

  Registry registry_;
  Log log_{LogLevel::error, LogFormat::json};
  ScratchDir models_, elsewhere_, fetched_;
  MemoryLog topics_;
  int fed_ = 0, told_ = 0;
  std::vector<ReplayRecord> records_;
  std::atomic<MemorySink*> sink_ = nullptr;
  std::unique_ptr<Process> process_;
  std::map<std::string, Written> written_;
  monitor::RecordedAnswers answers_;
};

TEST_P(AsRecorded, Through_swaps_and_splits_every_score_is_the_one_that_was_written) {
  run([&] {
    feed(500);
    route(3, {{"a", "1", 6000}, {"b", "2", 4000}});
    feed(700);
    route(4, {{"a", "1", 3000}, {"b", "3", 7000}});
    feed(600);
    route(9, {{"", "4", bucket_count}});
    feed(400);
    route(12, {{"", "2", bucket_count}});
    feed(300);
  });
  const cli::BacktestReport report = replay();
  EXPECT_EQ(report.unknown, 0U);
  EXPECT_EQ(told_, 2500);
  EXPECT_EQ(report.baseline.rows_by_version.size(), 4U);
  EXPECT_FALSE(report.has_candidate);
}

TEST_P(AsRecorded, Another_version_is_compared_with_whoever_answered_then) {
  run([&] {
    feed(400);
    route(3, {{"a", "1", 5000}, {"b", "2", 5000}});
    feed(400);
  });
  auto candidate = file();
  candidate.root.set("models", Node::map({{"m", Node::map({{"runtime", Node::scalar("fake")},
                                                           {"path", Node::scalar(models_.path())},
                                                           {"version", Node::scalar("2")}})}}));
  const cli::BacktestReport report = replay(*cli::for_replay(candidate));
  EXPECT_EQ(report.compared, 800U);
  const auto by_two = report.baseline.rows_by_version.at(2);
  EXPECT_GT(by_two, 100U);
  EXPECT_EQ(report.same, by_two) << "where the candidate itself had answered";
  EXPECT_EQ(report.candidate.rows_by_version.at(2), 800U);
}

TEST_P(AsRecorded, Records_before_the_log_and_versions_that_are_gone_are_counted_and_left_out) {
  run([&] {
    feed(100);
    route(3, {{"", "3", bucket_count}});
    feed(100);
  });
  std::filesystem::remove_all(models_ / "3");
  records_.push_back({.topic = "elsewhere", .key = {}, .value = R"({"p":1})"});
  const cli::BacktestReport report = replay();
  EXPECT_EQ(told_, 100);
  EXPECT_EQ(report.unknown, 101U);
  ASSERT_EQ(report.unknown_reasons.size(), 2U);
  EXPECT_EQ(report.unknown_reasons.at("the log does not say who answered"), 1U);
}

// A number alone does not say who answered.
TEST_P(AsRecorded, A_folder_that_was_written_over_is_not_taken_for_the_version_that_answered) {
  seal(models_, 1);
  run([&] { feed(100); });
  EXPECT_EQ(replay().unknown, 0U);
  EXPECT_EQ(told_, 100);
  put(models_, 1, "0.99");
  seal(models_, 1);
  const cli::BacktestReport report = replay();
  EXPECT_EQ(report.unknown, 100U);
  ASSERT_EQ(report.unknown_reasons.size(), 1U);
  EXPECT_THAT(report.unknown_reasons.begin()->first, HasSubstr("its folder was written over"));
  EXPECT_EQ(told_, 100) << "nothing is guessed";
}

TEST_P(AsRecorded, A_version_that_came_from_an_address_is_found_in_the_cache_by_its_hash) {
  put(elsewhere_, 9, "0.91");
  const std::string hash = seal(elsewhere_, 9);
  run([&] {
    feed(100);
    route(3, {{"", fmt::format("file://{}#sha256={}", elsewhere_ / "9", hash), bucket_count}});
    feed(100);
  });
  put(models_, 9, "0.99");  // of the same number, and another one
  seal(models_, 9);
  EXPECT_EQ(replay().unknown, 100U);
  EXPECT_EQ(told_, 100);
  fetched_.copy(elsewhere_ / "9", hash);
  EXPECT_EQ(replay().unknown, 0U);
  EXPECT_EQ(told_, 100 + 200);
}

TEST_P(AsRecorded, A_version_without_a_number_is_no_numbered_one) {
  ASSERT_TRUE(
      answers_
          .add(R"({"epochs":{"model":"m","version":0,"variant":"","epoch":-1,"topic":"in",)"
               R"("partition":0,"from":0,"route":[{"variant":"","version":0,"end":10000}]}})",
               0, 0)
          .ok());
  answers_.close();
  records_.push_back(
      {.topic = "in", .partition = 0, .offset = 0, .key = {}, .value = R"({"p":1})"});
  const cli::BacktestReport report = replay();
  EXPECT_EQ(report.unknown, 1U);
  ASSERT_EQ(report.unknown_reasons.size(), 1U);
  EXPECT_THAT(report.unknown_reasons.begin()->first, HasSubstr("without a number"));
}

INSTANTIATE_TEST_SUITE_P(Shares, AsRecorded, testing::Values("0", "0.3", "1"));

}  // namespace
}  // namespace thalweg
