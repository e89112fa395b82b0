// Guards in a whole pipeline: a version that does worse than the one before is taken back by a record of the guard's, while records pass.
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/change.h"
#include "control/desk.h"
#include "control/file_log.h"
#include "model/manifest.h"
#include "model/scratch_dir.h"
#include "run/clock.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* pipeline_text = R"(
pipeline: guarded
workers: 2
state_directory: {state}
models:
  m: {{ runtime: fake, path: {models}, poll: 20ms, version: {version}, probation: 1h, guards: {guards} }}
from: {{ topic: in, start: earliest, fields: {{ x: float32 }} }}
steps:
  - infer: {{ model: m, outputs: {{ y: score }} }}
to: {{ topic: out, nonfinite: "null", value: {{ x: x, score: score }} }}
dead_letters: dead
)";

class GuardedPipeline : public testing::Test {
 protected:
  GuardedPipeline() { register_builtins(registry_); }
  ~GuardedPipeline() override {
    if (running_.valid()) stop();
  }

  // Version 1 answers 1, version 2 what `settings` of the fake model say.
  void put(int version, const std::string& settings) const { put(models_, version, settings); }
  // In no folder that the model looks into.
  void elsewhere(int version, const std::string& settings) const {
    put(elsewhere_, version, settings);
  }
  static void put(const ScratchDir& base, int version, const std::string& settings) {
    const std::string folder = std::to_string(version);
    base.write(folder + "/fake.yaml", settings);
    Manifest manifest;
    manifest.version = version;
    manifest.files = *list_files(base / folder);
    base.write(folder + "/manifest.json", to_json(manifest));
  }
  std::string address_of(int version) const {
    const std::string folder = elsewhere_ / std::to_string(version);
    return "file://" + folder + "#sha256=" + *sha256_of_file(folder + "/manifest.json");
  }
  void start(const std::string& version, const std::string& guards) {
    auto file = read_pipeline_text(
        fmt::format(fmt::runtime(pipeline_text), fmt::arg("state", state_.path()),
                    fmt::arg("models", models_.path()), fmt::arg("version", version),
                    fmt::arg("guards", guards)),
        "guarded.yaml");
    ASSERT_TRUE(file.ok()) << file.error().message();
    process_ = std::make_unique<Process>(registry_, log_);
    process_->follow_control();
    const Status added = process_->add(std::move(*file));
    ASSERT_TRUE(added.ok()) << added.error().message();
    ports_ = ports();
    running_ = std::async(std::launch::async, [this] { return process_->run(ports_); });
    ASSERT_TRUE(eventually([&] { return process_->started(); }));
  }
  void stop() {
    process_->request_stop();
    ASSERT_EQ(running_.wait_for(60s), std::future_status::ready);
    const Status ended = running_.get();
    EXPECT_TRUE(ended.ok()) << ended.error().message();
  }
  Ports ports() {
    Ports made;
    made.source = [this](const PipelineFile&,
                         std::size_t worker) -> Result<std::unique_ptr<Source>> {
      auto source = std::make_unique<MemorySource>(records_, std::vector<std::string>{"in"}, false);
      source->assign({{"in", {static_cast<std::int32_t>(worker)}}});
      return std::unique_ptr<Source>(std::move(source));
    };
    made.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      sink_ = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    return made;
  }
  // Until told to stop, a few ahead of the answers; a quarter of the numbers are negative.
  void feed(std::stop_token stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      records_.append("in", i % 2, {.value = i % 4 < 3 ? R"({"x":1})" : R"({"x":-1})"});
      ++fed_;
      while (fed_ - answered() > 200 && !stop.stop_requested()) std::this_thread::sleep_for(100us);
    }
  }
  std::int64_t answered() const {
    return static_cast<std::int64_t>(sink_.load()->acknowledged_count());
  }
  bool more_answered(std::int64_t count) {
    const std::int64_t before = answered();
    return eventually([&] { return answered() >= before + count; });
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(200us);
    }
    return false;
  }
  std::int64_t serving() const {
    const auto version = process_->models().front()->served("m")->current();
    return version ? version->version : -1;
  }

  // As a person does with `thalweg models route`.
  void route_to(const std::string& version) const {
    route([&](const DesiredModel& now) { return control::with_version(now, "", version); });
  }
  void route(const std::function<Result<DesiredModel>(const DesiredModel&)>& to) const {
    control::FileLog file(state_.path(), "guarded");
    control::Desk desk(file, clock_);
    control::ChangeRequest request;
    request.pipeline = "guarded";
    request.model = "m";
    request.action = "route";
    request.by = "ann";
    request.file_state.variants.front().version = "1";
    request.change = [&](const DesiredModel& now,
                         const control::Wanted&) -> Result<std::optional<DesiredModel>> {
      return std::optional(*to(now));
    };
    const auto changed = desk.change(request);
    ASSERT_TRUE(changed.ok()) << changed.error().message();
  }
  control::Wanted wanted() const {
    control::FileLog file(state_.path(), "guarded");
    control::Desk desk(file, clock_);
    EXPECT_TRUE(desk.refresh().ok());
    return desk.look([](const control::Board& b) { return b.model("guarded", "m"); });
  }
  std::string history() const {
    std::ifstream file(state_ / "guarded.audit.jsonl");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Every record came out once, as an answer or as a dead letter.
  void check_none_lost() {
    ASSERT_TRUE(eventually([&] { return answered() == fed_; }));
    std::map<std::string, int> places;
    for (const SentRecord& sent : sink_.load()->acknowledged()) {
      const std::string header = sent.header("thalweg").value_or("");
      const std::string place =
          sent.dead_letter
              ? fmt::format("id=in-{}-{}", sent.header("__thalweg.errors.partition").value_or("?"),
                            sent.header("__thalweg.errors.offset").value_or("?"))
              : header.substr(0, header.find(','));
      ++places[place];
    }
    EXPECT_EQ(places.size(), static_cast<std::size_t>(fed_.load()))
        << places.begin()->first << " " << places.rbegin()->first;
  }
  std::map<std::string, int> answers_of_versions() const {
    std::map<std::string, int> counts;
    for (const SentRecord& sent : sink_.load()->acknowledged("out")) {
      const std::string header = sent.header("thalweg").value_or("");
      const std::size_t at = header.find("version=");
      ++counts[header.substr(at, header.find(',', at) - at)];
    }
    return counts;
  }

  // The records that a variant of version 2, with half of the keys, answered or failed; the others are the champion's.
  void share_with_version_2(const std::string& settings, const std::string& guards) {
    put(1, "function: constant\nvalue: 1\n");
    put(2, settings);
    records_.create("in", 2);
    start("1", guards);
    if (HasFatalFailure()) return;
    std::jthread feeder([this](std::stop_token stop) { feed(stop); });
    EXPECT_TRUE(more_answered(30'000));
    route([](const DesiredModel& now) {
      return control::with_route(now, {*control::parse_route("b=50%@2")});
    });
    EXPECT_TRUE(eventually([&] { return wanted().epoch == 1; })) << "the guard writes a record";
    EXPECT_TRUE(eventually(
        [&] { return process_->models().front()->served("m")->route()->variants.size() == 1; }));
    EXPECT_TRUE(more_answered(1000));
    feeder.request_stop();
    feeder.join();
    check_none_lost();
    const control::Wanted now = wanted();
    EXPECT_EQ(now.record->by, "guard");
    EXPECT_EQ(now.record->state.variants.size(), 1U) << control::describe(now.record->state);
    EXPECT_EQ(now.record->state.variants.front().version, "1");
  }

  // A person routes to version 2, which answers as `settings` say; what the guard did about it.
  control::Wanted after_version_2(const std::string& settings, const std::string& guards) {
    put(1, "function: constant\nvalue: 1\n");
    put(2, settings);
    records_.create("in", 2);
    start("1", guards);
    if (HasFatalFailure()) return {};
    std::jthread feeder([this](std::stop_token stop) { feed(stop); });
    // The version before must have shown what it does: as many rows, as many calls.
    EXPECT_TRUE(more_answered(30'000));
    route_to("2");
    EXPECT_TRUE(eventually([&] { return wanted().epoch == 1; })) << "the guard writes a record";
    EXPECT_TRUE(eventually([&] { return serving() == 1; }));
    EXPECT_TRUE(more_answered(1000));
    feeder.request_stop();
    feeder.join();
    check_none_lost();
    control::Wanted now = wanted();
    EXPECT_EQ(now.epoch, 1) << "what the guard brought back is not watched";
    return now;
  }
  static void expect_rolled_back(const control::Wanted& now, const std::string& why) {
    ASSERT_TRUE(now.record);
    EXPECT_EQ(now.record->action, "rollback");
    EXPECT_EQ(now.record->by, "guard");
    EXPECT_THAT(now.record->why, HasSubstr(why));
    EXPECT_EQ(now.record->state.variants.front().version, "1");
    ASSERT_TRUE(now.record->before);
    EXPECT_EQ(now.record->before->state.variants.front().version, "2");
  }

  Registry registry_;
  Log log_{LogLevel::error, LogFormat::json};
  SystemClock clock_;
  ScratchDir models_, elsewhere_, state_;
  MemoryLog records_;
  std::atomic<MemorySink*> sink_ = nullptr;
  std::atomic<std::int64_t> fed_ = 0;
  Ports ports_;
  std::unique_ptr<Process> process_;
  std::future<Status> running_;
};

TEST_F(GuardedPipeline, A_version_that_fails_records_gives_way_to_the_one_before) {
  const auto now = after_version_2("function: constant\nvalue: 2\nfail_when: negative\n",
                                   "{ error_share: 0.05, rows_min: 200 }");
  expect_rolled_back(now, "rows without an answer, version 1: 0.00 %");
  EXPECT_FALSE(sink_.load()->acknowledged("dead").empty());
  const auto versions = answers_of_versions();
  EXPECT_EQ(versions.size(), 2U) << "both answered";
  EXPECT_THAT(history(), HasSubstr(R"("action":"rollback","by":"guard","why":"version 2: )"));
  EXPECT_THAT(history(), HasSubstr(R"("from_epoch":0,"to_epoch":1)"));
}

TEST_F(GuardedPipeline, So_does_one_that_answers_NaN) {
  const auto now =
      after_version_2("function: constant\nvalue: .nan\n", "{ nan_share: 0.01, rows_min: 200 }");
  expect_rolled_back(now, "rows answered with NaN, version 1: 0.00 %");
  EXPECT_TRUE(sink_.load()->acknowledged("dead").empty());
}

TEST_F(GuardedPipeline, So_does_one_that_is_slow) {
  const auto now = after_version_2("function: constant\nvalue: 2\nslow: 50ms\n",
                                   "{ latency_ratio: 2, rows_min: 200 }");
  expect_rolled_back(now, "calls within");
  EXPECT_TRUE(sink_.load()->acknowledged("dead").empty());
}

TEST_F(GuardedPipeline, So_does_one_that_hangs_though_its_calls_are_never_counted) {
  const auto now = after_version_2(
      "function: constant\nvalue: 2\nhang_when: negative\nhang_for: 12s\n", "{ latency_ratio: 2 }");
  expect_rolled_back(now, "version 2: a call has not returned for 1");
  EXPECT_TRUE(sink_.load()->acknowledged("dead").empty());
}

TEST_F(GuardedPipeline, A_variant_that_fails_harms_its_own_keys_and_gives_them_back) {
  share_with_version_2("function: constant\nvalue: 2\nfail_when: negative\n",
                       "{ error_share: 0.05, rows_min: 200 }");
  for (const SentRecord& sent : sink_.load()->acknowledged("dead"))
    ASSERT_EQ(sent.header("__thalweg.errors.version").value_or(""), "2");
  EXPECT_FALSE(sink_.load()->acknowledged("dead").empty());
  for (const SentRecord& sent : sink_.load()->acknowledged("out")) {
    const bool of_b = sent.header("thalweg")->find("variant=b") != std::string::npos;
    ASSERT_EQ(sent.value->find("\"score\":2") != std::string::npos, of_b) << *sent.value;
  }
}

TEST_F(GuardedPipeline, So_does_a_variant_that_answers_NaN) {
  share_with_version_2("function: constant\nvalue: .nan\n", "{ nan_share: 0.01, rows_min: 200 }");
  EXPECT_TRUE(sink_.load()->acknowledged("dead").empty());
}

TEST_F(GuardedPipeline, So_does_a_variant_that_is_slow) {
  share_with_version_2("function: constant\nvalue: 2\nslow: 50ms\n",
                       "{ latency_ratio: 2, rows_min: 200 }");
  EXPECT_TRUE(sink_.load()->acknowledged("dead").empty());
}

TEST_F(GuardedPipeline, One_that_the_folder_brought_is_taken_back_and_stays_so_after_a_restart) {
  put(1, "function: constant\nvalue: 1\n");
  records_.create("in", 2);
  start("latest", "{ error_share: 0.05, rows_min: 200 }");
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  ASSERT_TRUE(more_answered(1000));
  put(2, "function: constant\nvalue: 2\nfail_when: negative\n");
  ASSERT_TRUE(eventually([&] { return wanted().epoch == 0; })) << "the guard writes a record";
  ASSERT_TRUE(eventually([&] { return serving() == 1; }));
  feeder.request_stop();
  feeder.join();
  check_none_lost();
  EXPECT_EQ(answers_of_versions().size(), 2U);
  EXPECT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(wanted().record->state.variants.front().version, "1");
  stop();
  start("latest", "{ error_share: 0.05, rows_min: 200 }");
  EXPECT_EQ(serving(), 1) << "the record wins over the folder";
}

TEST_F(GuardedPipeline, One_that_its_address_brought_gives_way_to_the_address_before) {
  put(1, "function: constant\nvalue: 1\n");
  elsewhere(7, "function: constant\nvalue: 7\n");
  elsewhere(8, "function: constant\nvalue: 8\nfail_when: negative\n");
  records_.create("in", 2);
  start("1", "{ error_share: 0.05, rows_min: 200 }");
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  ASSERT_TRUE(more_answered(1000));
  route_to(address_of(7));
  ASSERT_TRUE(eventually([&] { return serving() == 7; }));
  ASSERT_TRUE(more_answered(1000));
  route_to(address_of(8));
  ASSERT_TRUE(eventually([&] { return wanted().epoch == 2; })) << "the guard writes a record";
  EXPECT_EQ(wanted().record->state.variants.front().version, address_of(7));
  EXPECT_TRUE(eventually([&] { return serving() == 7; })) << "and it is followed";
  feeder.request_stop();
  feeder.join();
  check_none_lost();
}

TEST_F(GuardedPipeline, A_record_by_a_field_that_is_none_stops_neither_the_stream_nor_a_start) {
  put(1, "function: constant\nvalue: 1\n");
  put(2, "function: constant\nvalue: 2\n");
  records_.create("in", 2);
  start("1", "{ error_share: 0.5 }");
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  route_to("2");
  ASSERT_TRUE(eventually([&] { return serving() == 2; }));
  route([](DesiredModel now) -> Result<DesiredModel> {
    now.key = "nobody";
    now.variants.front().version = "1";
    return now;
  });
  ASSERT_TRUE(more_answered(20'000)) << "nobody stalls";
  EXPECT_EQ(serving(), 2) << "what was wanted before stays";
  feeder.request_stop();
  feeder.join();
  check_none_lost();
  stop();
  testing::internal::CaptureStderr();
  start("1", "{ error_share: 0.5 }");
  EXPECT_EQ(serving(), 2) << "the state before the record";
  records_.append("in", 0, {.value = R"({"x":1})"});
  EXPECT_TRUE(eventually([&] { return answered() > 0; }));
  stop();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("control.refused"));
  EXPECT_THAT(said, HasSubstr("got 'nobody'"));
}

TEST_F(GuardedPipeline,
       With_unload_first_a_person_routes_and_the_guard_takes_back_and_none_is_lost) {
  put(1, "function: constant\nvalue: 1\n");
  put(2, "function: constant\nvalue: 2\n");
  put(3, "function: constant\nvalue: 3\nfail_when: negative\n");
  records_.create("in", 2);
  start("1", "{ error_share: 0.05, rows_min: 200 }, unload: first");
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  ASSERT_TRUE(more_answered(1000));
  route_to("2");
  ASSERT_TRUE(eventually([&] { return serving() == 2; }));
  ASSERT_TRUE(more_answered(20'000));
  ASSERT_EQ(serving(), 2) << "and it stays";
  route_to("3");
  ASSERT_TRUE(eventually([&] { return wanted().epoch == 2; })) << "the guard writes a record";
  ASSERT_TRUE(eventually([&] { return serving() == 2; }));
  ASSERT_TRUE(more_answered(1000));
  feeder.request_stop();
  feeder.join();
  check_none_lost();
  EXPECT_EQ(answers_of_versions().size(), 3U);
}

TEST_F(GuardedPipeline, One_that_does_as_well_stays) {
  put(1, "function: constant\nvalue: 1\n");
  put(2, "function: constant\nvalue: 2\n");
  records_.create("in", 2);
  start("1", "{ error_share: 0.05, nan_share: 0.01, rows_min: 200 }");
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  ASSERT_TRUE(more_answered(1000));
  route_to("2");
  ASSERT_TRUE(eventually([&] { return serving() == 2; }));
  ASSERT_TRUE(more_answered(20'000));
  feeder.request_stop();
  feeder.join();
  check_none_lost();
  EXPECT_EQ(wanted().epoch, 0);
  EXPECT_EQ(serving(), 2);
}

}  // namespace
}  // namespace thalweg
