// Whole processes with threads, ends in memory: what starts, what stops, and what a stop leaves behind.
#include "run/process.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "kafka/group_member.h"
#include "run/exit_code.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "testing/simulation/forwarding_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view pipeline_text = R"(
pipeline: numbers
workers: 2
models:
  sum: { runtime: fake, inputs: { x: "float32[?]" }, outputs: { y: "float32[?]" } }
from: { topic: in, start: earliest, fields: { x: float32 } }
steps:
  - infer: { model: sum, outputs: { y: score } }
to: { topic: out, value: { score: score } }
dead_letters: dead
)";

// A broker that does not answer, or says no.
class NoSource final : public Source {
 public:
  explicit NoSource(Error answer) : answer_(std::move(answer)) {}
  [[nodiscard]] Status open(Waker&, SourceListener&) override { return answer_; }
  void serve() override {}
  [[nodiscard]] std::size_t drain(Batch&, const DrainLimits&) override { return 0; }
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset>, bool) override { return {}; }
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset>) override { return {}; }
  [[nodiscard]] bool ended() const noexcept override { return false; }
  void lag(std::vector<Lag>&) const override {}
  void close() override {}

 private:
  Error answer_;
};

// A member of a group, which does `still_here` when somebody says that it is still here.
class MemberSource final : public testing_kit::ForwardingSource, public kafka::GroupMember {
 public:
  MemberSource(std::unique_ptr<Source> inner, std::function<void()> still_here)
      : ForwardingSource(std::move(inner)), still_here_(std::move(still_here)) {}
  void still_here() noexcept override { still_here_(); }

 private:
  const std::function<void()> still_here_;
};

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() { register_builtins(registry); }

  // Worker i reads partition i.
  Ports ports() {
    Ports made;
    made.source = [this](const PipelineFile& file,
                         std::size_t worker) -> Result<std::unique_ptr<Source>> {
      if (const auto no = answers.find(file.values.string("pipeline")); no != answers.end())
        return std::unique_ptr<Source>(std::make_unique<NoSource>(no->second));
      auto source =
          std::make_unique<MemorySource>(log_of_records, std::vector<std::string>{"in"}, false);
      source->assign({{"in", {static_cast<std::int32_t>(worker)}}});
      if (ends) source->end();
      if (worker_fails == static_cast<int>(worker))
        source->fail(Error(Code::topic_unauthorized, "source: denied"));
      return std::unique_ptr<Source>(std::move(source));
    };
    made.sink = [this](const PipelineFile& file) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      if (!answers.contains(file.values.string("pipeline"))) sink = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    return made;
  }
  Ports ports_of_members(const std::function<void()>& still_here) {
    Ports made = ports();
    made.source = [plain = made.source, still_here](
                      const PipelineFile& file,
                      std::size_t worker) -> Result<std::unique_ptr<Source>> {
      auto source = plain(file, worker);
      if (!source) return source;
      return std::unique_ptr<Source>(
          std::make_unique<MemberSource>(std::move(source).value(), still_here));
    };
    return made;
  }
  // A pipeline whose call with a number below zero lasts for so long, in the worker's own thread.
  static std::string pipeline_that_hangs(const std::string& time) {
    std::string text(pipeline_text);
    return text.replace(text.find("runtime: fake"), 13,
                        "runtime: fake, thread: worker, hang_when: negative, hang_for: " + time);
  }
  void add(Process& process, const std::string& name = "numbers") {
    std::string text(pipeline_text);
    text.replace(text.find("numbers"), 7, name);
    auto file = read_pipeline_text(text, name + ".yaml");
    ASSERT_TRUE(file.ok()) << file.error().message();
    const Status added = process.add(std::move(file).value());
    ASSERT_TRUE(added.ok()) << added.error().message();
  }
  void fill(int records) {
    log_of_records.create("in", 2);
    for (int i = 0; i < records; ++i)
      log_of_records.append("in", i % 2, {.value = "{\"x\": " + std::to_string(i) + "}"});
  }

  Registry registry;
  Log log{LogLevel::error, LogFormat::json};
  MemoryLog log_of_records;
  std::atomic<MemorySink*> sink = nullptr;
  std::map<std::string, Error> answers;  // by pipeline: what its broker says at the start
  bool ends = false;
  int worker_fails = -1;
};

TEST_F(ProcessTest, Two_workers_share_one_sink_and_lose_nothing) {
  fill(2000);
  ends = true;
  Process process(registry, log);
  add(process);
  const Status ended = process.run(ports());
  EXPECT_TRUE(ended.ok()) << ended.error().message();
  EXPECT_EQ(sink.load()->acknowledged("out").size(), 2000u);
  std::uint64_t in = 0, forwarded = 0, calls = 0, batches = 0;
  for (const auto& worker : process.pipelines().front()->workers()) {
    in += worker->metrics().records_in.get();
    forwarded += worker->metrics().forwarded.get();
    calls += worker->metrics().model_calls.get();
    batches += worker->metrics().batches.get();
  }
  EXPECT_EQ(in, 2000u);
  EXPECT_EQ(forwarded, 2000u);
  EXPECT_EQ(calls, batches) << "one model call a batch";
  EXPECT_EQ(log_of_records.committed({"in", {0}}), Offset{1000});
  EXPECT_EQ(log_of_records.committed({"in", {1}}), Offset{1000});
}

TEST_F(ProcessTest, A_stop_from_another_thread_drains_and_commits) {
  fill(100);
  Process process(registry, log);
  add(process);
  auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
  while (!process.started()) std::this_thread::yield();
  while (sink.load()->acknowledged("out").size() < 100) std::this_thread::yield();
  process.request_stop();
  ASSERT_EQ(running.wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(running.get().ok());
  EXPECT_EQ(log_of_records.committed({"in", {0}}), Offset{50});
}

TEST_F(ProcessTest, A_stop_before_the_start_is_not_lost) {
  fill(0);
  Process process(registry, log);
  add(process);
  process.request_stop();
  EXPECT_TRUE(process.run(ports()).ok());
}

TEST_F(ProcessTest, One_worker_that_fails_ends_the_process_with_its_error) {
  fill(10);
  worker_fails = 1;
  Process process(registry, log);
  add(process);
  const Status ended = process.run(ports());
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::topic_unauthorized);
}

TEST_F(ProcessTest, A_pipeline_that_waits_for_its_broker_holds_up_no_other_and_a_stop_ends_it) {
  fill(100);
  answers.emplace("away", Error(Code::broker_unreachable, "source: no broker answers"));
  Process process(registry, log);
  add(process, "away");
  add(process);
  auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
  while (sink.load() == nullptr || sink.load()->acknowledged("out").size() < 100)
    std::this_thread::yield();
  EXPECT_FALSE(process.started());
  process.request_stop();
  ASSERT_EQ(running.wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(running.get().ok());
  EXPECT_EQ(log_of_records.committed({"in", {0}}), Offset{50});
}

TEST_F(ProcessTest, One_that_fails_while_another_still_starts_ends_the_process_with_its_name) {
  fill(10);
  worker_fails = 1;
  answers.emplace("away", Error(Code::broker_unreachable, "source: no broker answers"));
  Process process(registry, log);
  add(process, "away");
  add(process);
  auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
  ASSERT_EQ(running.wait_for(20s), std::future_status::ready);
  const Status ended = running.get();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::topic_unauthorized);
  EXPECT_EQ(ended.error().message(), "pipeline 'numbers': source: denied");
}

TEST_F(ProcessTest, One_that_cannot_start_stops_those_that_run) {
  fill(10);
  answers.emplace("wrong", Error(Code::topic_missing, "source: topic 'i' does not exist"));
  Process process(registry, log);
  add(process);
  add(process, "wrong");
  auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
  ASSERT_EQ(running.wait_for(20s), std::future_status::ready);
  const Status ended = running.get();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::topic_missing);
  EXPECT_EQ(ended.error().message().rfind("pipeline 'wrong': ", 0), 0u) << ended.error().message();
}

TEST_F(ProcessTest, A_worker_inside_of_a_long_call_is_kept_in_its_group_by_the_process) {
  fill(0);
  log_of_records.append("in", 0, {.value = R"({"x": -1})"});
  const std::string text = pipeline_that_hangs("4s");
  Process process(registry, log);
  ASSERT_TRUE(process.add(read_pipeline_text(text, "numbers.yaml").value()).ok());
  std::atomic<int> said{0};
  auto running = std::async(std::launch::async,
                            [&] { return process.run(ports_of_members([&] { ++said; })); });
  while (sink.load() == nullptr || sink.load()->acknowledged("out").empty())
    std::this_thread::yield();
  EXPECT_GE(said.load(), 1);
  process.request_stop();
  EXPECT_TRUE(running.get().ok());
}

TEST_F(ProcessTest, A_hung_call_ends_the_process_also_while_a_group_is_answered_for_it) {
  fill(0);
  log_of_records.append("in", 0, {.value = R"({"x": -1})"});
  const std::string text =
      pipeline_that_hangs("1h") + "watchdog: { report_after: 1s, exit_after: 1s }\n";
  const auto run = [&] {
    Process process(registry, log);
    if (!process.add(read_pipeline_text(text, "numbers.yaml").value()).ok()) std::abort();
    // A group whose answer never comes; nobody lets the child of a death test go.
    const auto stuck = [] { std::promise<void>().get_future().wait_for(1h); };
    (void)process.run(ports_of_members(stuck));
  };
  GTEST_FLAG_SET(death_test_style, "fast");
  EXPECT_EXIT(run(), testing::ExitedWithCode(exit_hung), "model_hung");
}

TEST_F(ProcessTest, Two_pipelines_of_one_name_are_refused) {
  Process process(registry, log);
  add(process);
  const Status again = process.add(read_pipeline_text(pipeline_text, "numbers.yaml").value());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::config_invalid);
}

}  // namespace
}  // namespace thalweg
