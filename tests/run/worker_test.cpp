// The worker with fakes at both ends: what it delivers, commits and refuses to commit, step by step.
#include "run/worker.h"

#include <atomic>
#include <deque>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "thalweg/testing.h"

#include "run/watchdog.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "testing/simulation/text_parts.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using testing_kit::TextDecoder;
using testing_kit::TextEncoder;

// A step whose outcome the test decides. Asynchronous when `hold` is set: it gives back when the test says so.
struct Script {
  bool hold = false;
  std::deque<Resume> held;
  std::deque<Error> failures;  // the next results
  int calls = 0;
};
class ScriptedStep final : public Operator {
 public:
  explicit ScriptedStep(Script& script) : script_(script) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch&, const Resume& resume) override {
    ++script_.calls;
    if (!script_.hold) return Progress::done;
    script_.held.push_back(resume);
    return Progress::pending;
  }
  [[nodiscard]] Status result(Batch&) override {
    if (script_.failures.empty()) return {};
    Error error = script_.failures.front();
    script_.failures.pop_front();
    return error;
  }

 private:
  Script& script_;
  Schema schema_{{{"text", {DType::string, {}}}}};
};

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() { options.by_hand = true; }
  // After options are set.
  Worker& start() {
    auto chain = std::make_unique<Chain>();
    chain->decoder = std::make_unique<TextDecoder>();
    chain->steps.push_back({"scripted", "scripted", std::make_unique<ScriptedStep>(script)});
    Output output;
    output.topic = "out";
    output.target = *sink->add_target("out");
    output.value = std::make_unique<TextEncoder>();
    chain->outputs.add(std::move(output));
    if (dead_letters) options.dead_letter_target = *sink->add_target("dead");
    options.pipeline = "test";
    options.on_error = [this](const Error& error, bool) { errors.push_back(error.message()); };
    log->create("in", 2);
    auto made = std::make_unique<MemorySource>(*log, std::vector<std::string>{"in"});
    source = made.get();
    worker = std::make_unique<Worker>(options, std::move(made), std::move(chain), *sink, clock);
    EXPECT_TRUE(worker->open().ok());
    return *worker;
  }
  void send(const TopicPartition& at, std::optional<std::string> value) {
    log->append(
        at.topic, at.partition.value,
        {.value = std::move(value), .key = "k", .timestamp = {5}, .headers = {{"trace", "t"}}});
  }
  // For tests that start several times.
  void fresh_ends() {
    worker.reset();
    log = std::make_unique<MemoryLog>();
    sink = std::make_unique<MemorySink>();
  }
  void settle() {
    for (int i = 0; i < 5; ++i) worker->turn();
  }
  std::vector<std::string> written(std::string_view topic) {
    std::vector<std::string> values;
    for (const auto& record : sink->acknowledged(std::string(topic)))
      values.push_back(record.value.value_or("<null>"));
    return values;
  }
  void commit_is_due() {
    settle();
    clock.advance(options.commit_interval);
    settle();
  }
  [[nodiscard]] std::int64_t committed(const TopicPartition& at) const {
    return log->committed(at).value_or(Offset{-1}).value;
  }
  void expect_accounts_balance() {
    const WorkerMetrics& m = worker->metrics();
    EXPECT_EQ(m.records_in.get(), m.forwarded.get() + m.absorbed.get() + m.filtered.get() +
                                      m.dead.get() + m.records_under_way.get() + m.given_up.get());
  }

  const TopicPartition p0{"in", {0}};
  const TopicPartition p1{"in", {1}};
  std::unique_ptr<MemoryLog> log = std::make_unique<MemoryLog>();
  ManualClock clock;
  std::unique_ptr<MemorySink> sink = std::make_unique<MemorySink>();
  Script script;
  WorkerOptions options;
  bool dead_letters = true;
  std::vector<std::string> errors;
  MemorySource* source = nullptr;
  std::unique_ptr<Worker> worker;  // last: it uses all of the above while it closes
};

TEST_F(WorkerTest, Every_record_comes_out_once_in_the_order_of_its_partition) {
  for (int i = 0; i < 10; ++i) send(i % 2 == 0 ? p0 : p1, std::to_string(i));
  start();
  settle();
  EXPECT_EQ(written("out"),
            (std::vector<std::string>{"0", "2", "4", "6", "8", "1", "3", "5", "7", "9"}));
  expect_accounts_balance();
  EXPECT_EQ(worker->metrics().records_under_way.get(), 0u);
}

TEST_F(WorkerTest, Key_timestamp_and_headers_are_carried_and_ours_is_added) {
  send(p0, "a");
  start();
  settle();
  ASSERT_EQ(sink->acknowledged().size(), 1u);
  const SentRecord out = sink->acknowledged()[0];
  EXPECT_EQ(out.key, "k");
  EXPECT_EQ(out.timestamp.ms, 5);
  ASSERT_EQ(out.headers.size(), 2u);
  EXPECT_EQ(out.headers[0], (std::pair<std::string, std::optional<std::string>>{"trace", "t"}));
  EXPECT_EQ(out.headers[1],
            (std::pair<std::string, std::optional<std::string>>{"thalweg", "id=in-0-0"}));
}

TEST_F(WorkerTest, Commits_only_after_the_sink_acknowledged) {
  send(p0, "a");
  start();
  sink->cork();
  commit_is_due();
  EXPECT_EQ(committed(p0), -1);
  sink->uncork();
  commit_is_due();
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerTest, A_refused_commit_is_tried_again) {
  send(p0, "a");
  start();
  source->fail_commits(Error(Code::timed_out, "commit: no answer"));
  commit_is_due();
  EXPECT_EQ(committed(p0), -1);
  EXPECT_EQ(worker->metrics().commit_failures.get(), 1u);
  source->fail_commits(std::nullopt);
  commit_is_due();
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerTest, A_bad_record_becomes_a_dead_letter_with_its_reason_and_blocks_nobody) {
  send(p0, "a");
  send(p0, "!b");
  send(p0, "c");
  start();
  commit_is_due();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"a", "c"}));
  ASSERT_EQ(written("dead"), (std::vector<std::string>{"!b"}));
  const SentRecord letter = sink->acknowledged("dead").at(0);
  EXPECT_EQ(letter.header("__thalweg.errors.code"), "not_json");
  EXPECT_EQ(letter.header("__thalweg.errors.stage"), "decode");
  EXPECT_EQ(letter.header("__thalweg.errors.topic"), "in");
  EXPECT_EQ(letter.header("__thalweg.errors.partition"), "0");
  EXPECT_EQ(letter.header("__thalweg.errors.offset"), "1");
  EXPECT_EQ(letter.header("__thalweg.errors.pipeline"), "test");
  EXPECT_EQ(letter.header("trace"), "t");
  EXPECT_EQ(committed(p0), 3);
  EXPECT_EQ(worker->metrics().dead.get(), 1u);
  expect_accounts_balance();
}

TEST_F(WorkerTest, Without_dead_letters_it_stops_at_the_bad_record_and_commits_what_lies_before) {
  dead_letters = false;
  for (const char* value : {"a", "b", "!c", "d"}) send(p0, value);
  send(p1, "e");
  start();
  settle();
  ASSERT_TRUE(worker->failure().has_value());
  EXPECT_EQ(worker->failure()->code(), Code::not_json);
  EXPECT_NE(worker->failure()->message().find("in[0]@2"), std::string::npos)
      << worker->failure()->message();
  worker->close();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(committed(p0), 2);
  EXPECT_LE(committed(p1), 0) << "a record behind the bad one was not done";
}

TEST_F(WorkerTest, An_output_the_broker_refuses_becomes_a_dead_letter_of_its_record) {
  send(p0, "small");
  send(p0, std::string(100, 'x'));
  start();
  sink->fail_if([](const SentRecord& o) -> std::optional<Error> {
    if (o.dead_letter || o.value->size() < 50) return std::nullopt;
    return Error(Code::output_refused, "sink: too large");
  });
  commit_is_due();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"small"}));
  EXPECT_EQ(written("dead").size(), 1u);
  EXPECT_EQ(committed(p0), 2);
  EXPECT_EQ(worker->metrics().forwarded.get(), 1u);
  EXPECT_EQ(worker->metrics().dead.get(), 1u);
  expect_accounts_balance();
}

TEST_F(WorkerTest, An_output_refused_before_it_is_sent_becomes_a_dead_letter_too) {
  send(p0, std::string(100, 'x'));
  start();
  sink->refuse_if([](const SentRecord& o) -> std::optional<Error> {
    if (o.dead_letter) return std::nullopt;
    return Error(Code::output_refused, "sink: too large");
  });
  commit_is_due();
  EXPECT_EQ(written("dead").size(), 1u);
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerTest,
       A_dead_letter_that_cannot_be_written_stops_the_pipeline_and_commits_nothing_of_it) {
  send(p0, "!bad");
  start();
  sink->fail_if([](const SentRecord&) {
    return std::optional<Error>(Error(Code::output_refused, "sink: too large"));
  });
  settle();
  ASSERT_TRUE(worker->failure().has_value());
  EXPECT_EQ(worker->failure()->code(), Code::dead_letters_unwritable);
  worker->close();
  EXPECT_EQ(committed(p0), -1);
}

TEST_F(WorkerTest, An_output_topic_that_goes_away_stops_the_pipeline_and_kills_no_record) {
  send(p0, "a");
  start();
  sink->fail_if([](const SentRecord& r) -> std::optional<Error> {
    if (r.dead_letter) return std::nullopt;
    return Error(Code::topic_missing, "sink: topic 'out' is gone");
  });
  settle();
  ASSERT_TRUE(worker->failure().has_value());
  EXPECT_EQ(worker->failure()->code(), Code::topic_missing);
  worker->close();
  EXPECT_TRUE(written("dead").empty())
      << "a broken dependency never turns good records into dead letters";
  EXPECT_EQ(committed(p0), -1);
}

TEST_F(WorkerTest, Closing_waits_for_a_call_that_still_has_the_batch) {
  send(p0, "a");
  script.hold = true;
  options.by_hand = false;
  options.shutdown_timeout = 0ms;
  start();
  worker->turn();
  ASSERT_EQ(script.held.size(), 1u);
  std::atomic<bool> given_back{false};
  std::thread model([&] {
    std::this_thread::sleep_for(20ms);  // the model's time, not a wait for an event
    given_back = true;
    script.held.front()();
  });
  worker->close();
  EXPECT_TRUE(given_back) << "the batch's memory must not go while the call has it";
  model.join();
  ASSERT_TRUE(worker->failure().has_value()) << "an unfinished stop is no clean end";
  EXPECT_EQ(committed(p0), -1);
}

TEST_F(WorkerTest, The_watchdog_sees_the_oldest_call_whatever_newer_batches_do) {
  options.drain.records = 1;
  send(p0, "a");
  send(p0, "b");
  script.hold = true;
  start();
  worker->turn();
  const auto began = worker->metrics().call_began_ns.load();
  EXPECT_NE(began, 0);
  clock.advance(1s);
  settle();
  EXPECT_EQ(worker->metrics().call_began_ns.load(), began);
  while (!script.held.empty()) {
    script.held.front()();
    script.held.pop_front();
    settle();
  }
  EXPECT_EQ(worker->metrics().call_began_ns.load(), 0);
}

TEST_F(WorkerTest, A_full_sink_stops_the_draining_and_nothing_is_lost) {
  options.drain.records = 2;
  for (int i = 0; i < 10; ++i) send(p0, std::to_string(i));
  start();
  sink->capacity(3);
  sink->cork();
  settle();
  EXPECT_LE(worker->metrics().records_in.get(), 6u) << "back-pressure is not draining";
  sink->uncork();
  settle();
  settle();
  EXPECT_EQ(written("out").size(), 10u);
  EXPECT_EQ(worker->metrics().forwarded.get(), 10u);
}

TEST_F(WorkerTest, A_step_that_fails_for_all_is_tried_again_after_a_pause_and_kills_no_record) {
  send(p0, "a");
  start();
  script.failures.push_back(Error(Code::model_failed, "model: out of memory"));
  settle();
  EXPECT_TRUE(written("out").empty());
  EXPECT_EQ(script.calls, 1);
  clock.advance(1s);
  settle();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(written("dead").empty());
}

TEST_F(WorkerTest, A_model_that_keeps_failing_stops_the_pipeline_with_nothing_committed) {
  send(p0, "a");
  start();
  for (int i = 0; i < 20; ++i)
    script.failures.push_back(Error(Code::model_failed, "model: broken"));
  for (int i = 0; i < 20; ++i) {
    clock.advance(20s);
    settle();
  }
  ASSERT_TRUE(worker->failure().has_value());
  EXPECT_EQ(script.calls, 5);
  worker->close();
  EXPECT_EQ(committed(p0), -1);
  EXPECT_TRUE(written("dead").empty());
}

TEST_F(WorkerTest, A_later_batch_does_not_overtake_one_that_an_asynchronous_step_still_has) {
  options.drain.records = 1;
  send(p0, "first");
  send(p0, "second");
  script.hold = true;
  start();
  settle();
  ASSERT_EQ(script.held.size(), 1u)
      << "the second batch may not run the step before the first has left it";
  script.held.front()();
  settle();
  ASSERT_EQ(script.held.size(), 2u);
  script.held.back()();
  settle();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"first", "second"}));
}

TEST_F(WorkerTest, Revocation_finishes_and_commits_what_is_under_way) {
  send(p0, "a");
  start();
  settle();
  source->revoke({p0});
  settle();
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerTest, Records_of_a_partition_that_went_too_early_are_neither_worked_on_nor_written) {
  send(p0, "a");
  send(p1, "b");
  script.failures.push_back(Error(Code::model_unavailable, "away"));  // tried again later
  start();
  worker->turn();
  source->revoke({p0});
  settle();
  EXPECT_EQ(worker->metrics().given_up.get(), 0u) << "counted when its batch is finished";
  clock.advance(1s);
  settle();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"b"}));
  EXPECT_EQ(worker->metrics().given_up.get(), 1u);
  EXPECT_EQ(worker->metrics().records_under_way.get(), 0u);
  expect_accounts_balance();
  commit_is_due();
  EXPECT_EQ(committed(p0), -1);
  EXPECT_EQ(committed(p1), 1);
}

TEST_F(WorkerTest, The_watchdog_sees_a_call_that_hangs_and_a_worker_that_turns) {
  const WatchdogLimits limits{30s, 600s};
  Log log_of_events{LogLevel::error, LogFormat::json};
  const Watchdog watchdog(log_of_events);
  const auto why = [&] { return watchdog.not_alive(worker->metrics(), limits, clock.monotonic()); };
  send(p0, "a");
  script.hold = true;
  start();
  settle();
  clock.advance(30s);
  EXPECT_NE(why(), "");
  script.held.front()();
  settle();
  EXPECT_EQ(why(), "");
  clock.advance(60s);
  EXPECT_NE(why(), "") << "nobody turned it";
  settle();
  EXPECT_EQ(why(), "");
}

TEST_F(WorkerTest, A_batch_of_which_nothing_is_left_takes_no_further_step) {
  send(p0, "a");
  script.failures.push_back(Error(Code::model_unavailable, "away"));
  start();
  worker->turn();
  source->lose({p0});
  settle();
  EXPECT_EQ(worker->metrics().given_up.get(), 1u);
  clock.advance(1s);
  settle();
  EXPECT_EQ(script.calls, 1);
  EXPECT_TRUE(written("out").empty());
  EXPECT_EQ(worker->metrics().records_under_way.get(), 0u);
  expect_accounts_balance();
  source->assign({p0});
  settle();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"a"})) << "read again";
  expect_accounts_balance();
}

TEST_F(WorkerTest, A_batch_that_an_asynchronous_step_has_is_dropped_when_it_comes_back) {
  for (const bool fails : {false, true}) {
    fresh_ends();
    script = {};
    send(p0, "a");
    script.hold = true;
    start();
    settle();
    ASSERT_EQ(script.held.size(), 1u);
    source->revoke({p0});
    settle();
    if (fails) script.failures.push_back(Error(Code::model_invalid, "broken"));
    script.held.front()();
    settle();
    EXPECT_TRUE(written("out").empty());
    EXPECT_EQ(worker->metrics().given_up.get(), 1u);
    EXPECT_FALSE(worker->failure()) << "no fault of records that are not ours";
    expect_accounts_balance();
  }
}

TEST_F(WorkerTest, Outputs_not_sent_yet_when_their_partition_goes_are_not_sent) {
  for (int i = 0; i < 3; ++i) send(p0, std::to_string(i));
  start();
  sink->cork();
  sink->capacity(1);
  settle();
  source->revoke({p0});
  settle();
  sink->capacity(SIZE_MAX);
  sink->uncork();
  settle();
  EXPECT_EQ(written("out"), (std::vector<std::string>{"0"}));
  EXPECT_EQ(worker->metrics().forwarded.get(), 1u);
  EXPECT_EQ(worker->metrics().given_up.get(), 2u);
  EXPECT_EQ(worker->metrics().records_under_way.get(), 0u);
  expect_accounts_balance();
}

TEST_F(WorkerTest, A_bad_record_of_a_partition_that_went_stops_nobody) {
  send(p0, "!");
  send(p1, "b");
  dead_letters = false;
  script.failures.push_back(Error(Code::model_unavailable, "away"));
  start();
  worker->turn();
  source->revoke({p0});
  settle();
  clock.advance(1s);
  settle();
  EXPECT_FALSE(worker->failure());
  EXPECT_EQ(written("out"), (std::vector<std::string>{"b"}));
  EXPECT_EQ(worker->metrics().given_up.get(), 1u);
  expect_accounts_balance();
}

TEST_F(WorkerTest, A_lost_partition_is_never_committed) {
  send(p0, "a");
  start();
  sink->cork();
  settle();
  source->lose({p0});
  settle();
  sink->uncork();
  commit_is_due();
  EXPECT_EQ(committed(p0), -1);
  source->assign({p0});
  commit_is_due();
  EXPECT_EQ(written("out").size(), 2u)
      << "the record is read again by whoever has the partition next";
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerTest, Closing_drains_commits_and_leaves) {
  for (int i = 0; i < 100; ++i) send(p0, std::to_string(i));
  start();
  worker->turn();
  worker->request_stop();
  ASSERT_TRUE(worker->run().ok());
  const auto out = written("out").size();
  EXPECT_GT(out, 0u);
  EXPECT_EQ(committed(p0), static_cast<std::int64_t>(out))
      << "what was taken is committed, nothing else";
  expect_accounts_balance();
}

TEST_F(WorkerTest, A_fatal_source_error_ends_the_run_with_it) {
  start();
  source->fail(Error(Code::offset_out_of_range, "source: offset 5 is gone"));
  const Status ended = worker->run();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::offset_out_of_range);
}

TEST_F(WorkerTest, A_source_that_cannot_reach_its_broker_is_said_and_waited_for) {
  start();
  source->fail(Error(Code::broker_unreachable, "source: no broker answers"));
  settle();
  EXPECT_FALSE(worker->failure().has_value());
  EXPECT_EQ(errors.size(), 1u);
}

TEST_F(WorkerTest, Nulls_go_where_the_policy_says) {
  for (const OnNull policy : {OnNull::dead, OnNull::drop, OnNull::forward}) {
    fresh_ends();
    send(p0, std::nullopt);
    send(p0, "b");
    start();
    const_cast<Chain&>(worker->chain()).intake.on_null = policy;
    settle();
    const auto out = written("out");
    EXPECT_EQ(out.size(), policy == OnNull::forward ? 2u : 1u);
    if (policy == OnNull::forward) {
      EXPECT_EQ(out[0], "<null>") << "a tombstone keeps its place";
    }
    EXPECT_EQ(written("dead").size(), policy == OnNull::dead ? 1u : 0u);
    expect_accounts_balance();
  }
}

TEST_F(WorkerTest, The_same_outputs_whatever_the_cut) {
  std::vector<std::string> reference;
  for (const std::size_t cut : {1u, 2u, 3u, 7u, 1000u}) {
    fresh_ends();
    for (int i = 0; i < 50; ++i) send(p0, (i % 7 == 3 ? "!" : "") + std::to_string(i));
    options.drain.records = cut;
    start();
    for (int i = 0; i < 60; ++i) settle();
    if (reference.empty()) reference = written("out");
    EXPECT_EQ(written("out"), reference) << "cut " << cut;
    EXPECT_EQ(written("dead").size(), 7u);
    expect_accounts_balance();
  }
}

}  // namespace
}  // namespace thalweg
