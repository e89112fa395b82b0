// Exactly once, step by step: what a reader of committed records sees, what is committed, what is taken back, with both ends in memory.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "thalweg/testing.h"

#include "model/models.h"
#include "monitor/inference_log.h"
#include "run/clock.h"
#include "run/process.h"
#include "run/worker.h"
#include "sink/memory_transaction_sink.h"
#include "testing/simulation/parts.h"

namespace thalweg::testing_kit {
namespace {

using namespace std::chrono_literals;
using Fate = MemoryTransactionSink::Fate;

class ExactlyOnceTest : public testing::Test {
 protected:
  ExactlyOnceTest() {
    options.by_hand = true;
    options.pipeline = "test";
    options.commit_interval = 100ms;
    options.helper = helper;
    options.on_error = [this](const Error& error, bool) { errors.push_back(error.message()); };
    log.create("in", 2);
    sink.fate([this] { return std::exchange(fate, Fate::well); });
    sink.fail_if([this](const SentRecord& r) -> std::optional<Error> {
      if (refused_topic != r.topic || r.value->find(refused) == std::string::npos)
        return std::nullopt;
      return Error(refused_code, "sink: too large");
    });
    sink.recover_later([this] { return later > 0 && later-- > 0; });
    EXPECT_TRUE(sink.open().ok());
  }
  // After options are set. With `stores` the step counts.
  void start(bool counts = false, bool logs = false) {
    StageParts parts;
    if (counts) parts.stores = &stores;
    parts.held = &held;
    parts.hold = [this] { return hold; };
    parts.inside = [this] {
      if (inside) std::exchange(inside, nullptr)();
    };
    auto chain = make_counting_chain(parts, sink);
    if (logs) log_to(*chain);
    if (dead_letters) options.dead_letter_target = *sink.add_target("dead");
    auto made = std::make_unique<MemorySource>(log, std::vector<std::string>{"in"});
    source = made.get();
    worker = std::make_unique<Worker>(options, std::move(made), std::move(chain), sink, clock);
    EXPECT_TRUE(worker->open().ok());
  }
  // A line of each record.
  void log_to(Chain& chain) {
    register_builtins(registry);
    models = *Models::make(Node(), registry);
    monitor::InferenceLogOptions wanted;
    wanted.topic = "log";
    wanted.share = 1;
    auto made = monitor::InferenceLog::make(wanted, chain.decoder->schema(), chain.schema(),
                                            registry, *models);
    ASSERT_TRUE(made.ok()) << made.error().message();
    (*made)->set_target(*sink.add_target("log"));
    chain.outputs.log_to(*std::move(made));
  }
  void send(const TopicPartition& at, const std::string& value) {
    log.append(at.topic, at.partition.value, {.value = value, .key = "k", .timestamp = {5}});
  }
  // Turns, without letting the helper's call end.
  void turn() {
    for (int i = 0; i < 5; ++i) worker->turn();
  }
  void interval_is_over() {
    turn();
    clock.advance(options.commit_interval);
    turn();
  }
  // As who stands beside the worker does it, each second of a call that stalls.
  void stand_in(std::chrono::milliseconds time = 1s) {
    clock.advance(time);
    worker->keep_membership();
    helper->go_on();
    worker->keep_membership();
  }
  // Until nothing changes any more.
  void settle() {
    for (int i = 0; i < 40; ++i) {
      helper->go_on();
      worker->turn();
      clock.advance(options.commit_interval);
    }
  }
  [[nodiscard]] std::vector<std::string> readable(const std::string& topic) const {
    std::vector<std::string> values;
    for (const SentRecord& r : topics.readable()) {
      if (r.topic == topic) values.push_back(*r.value);
    }
    return values;
  }
  [[nodiscard]] std::int64_t committed(const TopicPartition& at) const {
    return log.committed(at).value_or(Offset{-1}).value;
  }
  [[nodiscard]] const WorkerMetrics& metrics() const { return worker->metrics(); }

  using Texts = std::vector<std::string>;
  const TopicPartition p0{"in", {0}}, p1{"in", {1}};
  MemoryLog log;
  MemoryTopics topics{[this](const GroupOffsets& offsets) { return log.commit(offsets); }};
  MemoryTransactionSink sink{topics, "test-0"};
  ManualClock clock;
  std::shared_ptr<HeldHelper> helper = std::make_shared<HeldHelper>();
  TaskStores stores;
  HeldSteps held;
  bool hold = false, dead_letters = true;
  std::function<void()> inside;  // what happens while the next call runs; once
  Fate fate = Fate::well;        // of the next commit
  int later = 0;
  std::string refused_topic, refused;
  Code refused_code = Code::output_refused;
  Registry registry;
  std::unique_ptr<Models> models;
  WorkerOptions options;
  std::vector<std::string> errors;
  MemorySource* source = nullptr;
  std::unique_ptr<Worker> worker;  // last: it uses all of the above while it closes
};

TEST_F(ExactlyOnceTest, Outputs_dead_letters_and_offsets_become_readable_together) {
  send(p0, "a");
  send(p0, "!b");
  start();
  turn();
  EXPECT_TRUE(topics.readable().empty()) << "before the interval is over";
  clock.advance(100ms);
  turn();
  EXPECT_TRUE(topics.readable().empty()) << "before the commit has returned";
  EXPECT_EQ(committed(p0), -1);
  helper->go_on();
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
  EXPECT_EQ(readable("dead"), Texts{"!b"});
  EXPECT_EQ(committed(p0), 2);
  turn();
  EXPECT_EQ(metrics().commits.get(), 1U);
  EXPECT_EQ(metrics().transactions_aborted.get(), 0U);
}

TEST_F(ExactlyOnceTest, While_a_commit_is_under_way_the_worker_goes_on_and_sends_nothing) {
  send(p0, "a");
  start();
  interval_is_over();
  ASSERT_TRUE(helper->busy());
  send(p0, "b");
  turn();
  EXPECT_EQ(metrics().records_in.get(), 2U) << "read, and through its steps";
  EXPECT_EQ(metrics().outputs.get(), 1U);
  helper->go_on();
  turn();
  EXPECT_EQ(metrics().outputs.get(), 2U);
  EXPECT_EQ(readable("out"), Texts{"k:0:a"}) << "the second is in the next transaction";
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
}

TEST_F(ExactlyOnceTest, What_waits_for_a_commit_is_bounded_in_bytes) {
  options.drain.records = 1;
  options.held_bytes_max = 1;
  send(p0, "x");
  start();
  interval_is_over();
  ASSERT_TRUE(helper->busy());
  for (int i = 0; i < 10; ++i) send(p0, "x");
  turn();
  EXPECT_EQ(metrics().records_in.get(), 2U) << "one batch is always let in";
}

TEST_F(ExactlyOnceTest, Records_that_leave_no_output_are_committed_too) {
  start();
  const_cast<Chain&>(worker->chain()).intake.on_null = OnNull::drop;
  log.append("in", 0, {.value = std::nullopt, .key = "k"});
  settle();
  EXPECT_EQ(committed(p0), 1);
  EXPECT_TRUE(topics.readable().empty());
}

TEST_F(ExactlyOnceTest, A_commit_that_is_refused_is_said_once_and_everything_is_done_again) {
  int refusals = 3;
  sink.fate([&] { return refusals > 0 ? (--refusals, Fate::refused) : Fate::well; });
  send(p0, "a");
  start();
  settle();
  settle();
  ASSERT_EQ(refusals, 0) << "all in a row";
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
  EXPECT_EQ(committed(p0), 1);
  EXPECT_EQ(metrics().transactions_aborted.get(), 3U);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("the commit was refused"), std::string::npos) << errors[0];

  // One has been committed since: the next refusal is news.
  refusals = 2;
  send(p0, "b");
  settle();
  settle();
  ASSERT_EQ(refusals, 0);
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
  EXPECT_EQ(committed(p0), 2);
  EXPECT_EQ(metrics().transactions_aborted.get(), 5U);
  EXPECT_EQ(errors.size(), 2U);
  EXPECT_EQ(metrics().records_under_way.get(), 0U);
}

TEST_F(ExactlyOnceTest, Why_a_transaction_cannot_be_taken_back_is_said_again_when_it_lasts) {
  send(p0, "a");
  start();
  interval_is_over();
  fate = Fate::refused;
  later = 16;
  for (int i = 0; later > 0 && i < 200; ++i) {
    helper->go_on();
    worker->turn();
    clock.advance(1s);
  }
  settle();
  ASSERT_EQ(errors.size(), 3U) << "the reason, and why it lasts after 8 tries and after 16";
  EXPECT_NE(errors[1].find("8 tries to go on have failed"), std::string::npos) << errors[1];
  EXPECT_NE(errors[1].find("no broker answers"), std::string::npos) << errors[1];
  EXPECT_NE(errors[2].find("16 tries"), std::string::npos) << errors[2];
  settle();
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
}

TEST_F(ExactlyOnceTest, A_commit_whose_answer_was_lost_is_found_out_and_not_done_again) {
  send(p0, "a");
  start();
  interval_is_over();
  fate = Fate::lost_answer;
  settle();
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
  EXPECT_EQ(metrics().records_in.get(), 1U) << "it was not read again";
  send(p0, "b");
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
}

TEST_F(ExactlyOnceTest, A_fenced_producer_is_replaced_and_the_worker_lives) {
  send(p0, "a");
  start();
  interval_is_over();
  fate = Fate::fenced;
  later = 3;
  settle();
  EXPECT_FALSE(worker->failure());
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
}

TEST_F(ExactlyOnceTest, A_second_process_under_the_same_id_takes_back_what_the_first_left_open) {
  send(p0, "a");
  start();
  turn();
  MemoryTransactionSink second(topics, "test-0");
  ASSERT_TRUE(second.open().ok());
  clock.advance(100ms);
  turn();
  helper->go_on();
  EXPECT_TRUE(topics.readable().empty()) << "the first is a zombie now";
  EXPECT_EQ(committed(p0), -1);
}

TEST_F(ExactlyOnceTest,
       An_output_that_is_refused_becomes_a_dead_letter_and_its_neighbours_are_written) {
  refused_topic = "out", refused = "big";
  for (const char* value : {"a", "big", "b"}) send(p0, value);
  start();
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
  EXPECT_EQ(readable("dead"), Texts{"big"});
  EXPECT_EQ(committed(p0), 3);
  EXPECT_EQ(metrics().dead.get(), 1U);
  EXPECT_EQ(metrics().transactions_aborted.get(), 1U);
}

TEST_F(ExactlyOnceTest, Of_several_that_were_refused_only_the_guilty_die) {
  // The broker refuses a batch of outputs for one of them.
  sink.fail_if([](const SentRecord& r) -> std::optional<Error> {
    static int company = 0;
    const bool big = !r.dead_letter && r.value->find("big") != std::string::npos;
    if (big) company = 2;
    if (!big && (company == 0 || company-- == 0)) return std::nullopt;
    return Error(Code::output_refused, "sink: too large");
  });
  sink.recover_later([] { return false; });
  for (const char* value : {"a", "big", "b", "c", "d"}) send(p0, value);
  start();
  // One by one, a neighbour that still has bad luck is no neighbour any more.
  sink.recover_later([this] {
    sink.fail_if([](const SentRecord& r) -> std::optional<Error> {
      if (r.dead_letter || r.value->find("big") == std::string::npos) return std::nullopt;
      return Error(Code::output_refused, "sink: too large");
    });
    return false;
  });
  settle();
  EXPECT_EQ(readable("dead"), Texts{"big"});
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b", "k:0:c", "k:0:d"}));
  EXPECT_EQ(committed(p0), 5);
}

// librdkafka holds back, or gives up by itself, the rest of a transaction that has failed.
TEST_F(ExactlyOnceTest,
       The_first_failure_takes_the_transaction_back_without_waiting_for_the_others) {
  refused_topic = "out", refused = "a", refused_code = Code::stopped;
  std::size_t delivered = 1;
  sink.pace([&](std::size_t) { return std::exchange(delivered, 0); });
  for (const char* value : {"a", "b"}) send(p0, value);
  start();
  turn();
  EXPECT_EQ(metrics().transactions_aborted.get(), 1U);
  refused_topic.clear();
  sink.pace([](std::size_t waiting) { return waiting; });
  settle();
  EXPECT_FALSE(worker->failure());
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
}

TEST_F(ExactlyOnceTest, A_dead_letter_that_is_refused_stops_the_worker_and_commits_nothing_of_it) {
  refused_topic = "dead", refused = "!b";
  for (const char* value : {"a", "!b"}) send(p0, value);
  start();
  settle();
  ASSERT_TRUE(worker->failure());
  EXPECT_EQ(worker->failure()->code(), Code::dead_letters_unwritable);
  worker->close();
  EXPECT_LE(committed(p0), 1);
}

TEST_F(ExactlyOnceTest, An_output_topic_that_is_gone_stops_the_worker_and_kills_no_record) {
  refused_topic = "out", refused = "a", refused_code = Code::topic_missing;
  send(p0, "a");
  start();
  settle();
  ASSERT_TRUE(worker->failure());
  EXPECT_EQ(worker->failure()->code(), Code::topic_missing);
  worker->close();
  EXPECT_TRUE(topics.readable().empty());
}

TEST_F(ExactlyOnceTest, A_line_of_the_log_that_is_refused_is_lost_and_its_prediction_is_not) {
  refused_topic = "log", refused = "in-0-1";
  for (const char* value : {"a", "b", "c"}) send(p0, value);
  start(false, true);
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b", "k:0:c"}));
  EXPECT_EQ(readable("log").size(), 2U);
  EXPECT_TRUE(readable("dead").empty());
  EXPECT_EQ(committed(p0), 3);
  EXPECT_EQ(metrics().dead.get(), 0U);
  EXPECT_EQ(metrics().log_lost.get(), 1U);
  EXPECT_EQ(metrics().transactions_aborted.get(), 1U);
  ASSERT_FALSE(errors.empty());
  EXPECT_NE(errors.back().find("the prediction goes on"), std::string::npos) << errors.back();
}

TEST_F(ExactlyOnceTest, A_log_whose_topic_is_gone_is_silent_for_a_minute_and_the_stream_goes_on) {
  refused_topic = "log", refused = "in-0-", refused_code = Code::topic_missing;
  for (const char* value : {"a", "b"}) send(p0, value);
  start(false, true);
  settle();
  ASSERT_FALSE(worker->failure()) << worker->failure()->message();
  EXPECT_EQ(readable("out").size(), 2U);
  EXPECT_EQ(metrics().log_lost.get(), 2U);
  send(p0, "c");
  settle();
  EXPECT_EQ(readable("out").size(), 3U);
  EXPECT_EQ(metrics().log_lost.get(), 3U);
  EXPECT_EQ(metrics().transactions_aborted.get(), 1U) << "it was not even tried";
  refused_topic.clear();
  clock.advance(1min);
  send(p0, "d");
  settle();
  EXPECT_EQ(readable("log").size(), 1U) << "the topic is back";
  EXPECT_EQ(metrics().log_lost.get(), 3U);
}

TEST_F(ExactlyOnceTest, Without_dead_letters_what_lies_before_the_bad_record_is_committed) {
  dead_letters = false;
  for (const char* value : {"a", "b", "!c", "d"}) send(p0, value);
  start();
  turn();
  ASSERT_TRUE(worker->failure());
  worker->close();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
  EXPECT_EQ(committed(p0), 2);
}

TEST_F(ExactlyOnceTest, A_revocation_commits_what_was_done) {
  send(p0, "a");
  options.helper = std::make_shared<HelperInline>();
  start();
  turn();
  source->revoke({p0});
  turn();
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(ExactlyOnceTest,
       A_lost_partition_takes_the_open_transaction_with_it_and_the_others_are_done_again) {
  send(p0, "a");
  send(p1, "b");
  start();
  turn();
  source->lose({p0});
  settle();
  EXPECT_EQ(readable("out"), Texts{"k:0:b"});
  EXPECT_EQ(committed(p0), -1);
  EXPECT_EQ(committed(p1), 1);
}

TEST_F(ExactlyOnceTest, Closing_commits_what_is_under_way) {
  send(p0, "a");
  options.helper = std::make_shared<HelperInline>();
  start();
  turn();
  worker->close();
  EXPECT_EQ(readable("out"), Texts{"k:0:a"});
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(ExactlyOnceTest, A_process_that_vanishes_while_a_call_has_a_batch_commits_nothing) {
  options.drain.records = 1;
  options.helper = std::make_shared<HelperInline>();
  send(p0, "a");
  start();
  turn();
  hold = true;
  send(p0, "b");
  turn();
  ASSERT_EQ(held.held.size(), 1U);
  worker->vanish();
  held.held.front()();
  worker.reset();
  EXPECT_TRUE(topics.readable().empty()) << "a process that is gone commits nothing";
}

TEST_F(ExactlyOnceTest, With_a_thread_of_its_own_for_commits_it_does_the_same) {
  options.by_hand = false;
  options.helper = nullptr;
  options.commit_interval = 1ms;
  std::atomic<int> commits = 0;
  sink.fate([&] { return ++commits % 3 == 0 ? Fate::lost_answer : Fate::well; });
  const SystemClock real;
  auto chain = make_counting_chain({}, sink);
  options.dead_letter_target = *sink.add_target("dead");
  auto made = std::make_unique<MemorySource>(log, std::vector<std::string>{"in"});
  Worker threaded(options, std::move(made), std::move(chain), sink, real);
  ASSERT_TRUE(threaded.open().ok());
  std::thread thread([&] { EXPECT_TRUE(threaded.run().ok()); });
  for (int i = 0; i < 200; ++i) {
    send(p0, std::to_string(i));
    if (i % 10 == 0) std::this_thread::sleep_for(1ms);  // the stream's time
  }
  while (committed(p0) < 200) std::this_thread::sleep_for(1ms);
  threaded.request_stop();
  thread.join();
  ASSERT_EQ(readable("out").size(), 200U);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(readable("out")[i], "k:0:" + std::to_string(i));
}

TEST_F(ExactlyOnceTest, What_was_sent_before_a_call_that_stalls_is_readable_while_it_runs) {
  send(p0, "a");
  start();
  turn();
  send(p0, "b");
  inside = [&] {
    stand_in();
    EXPECT_EQ(readable("out"), Texts{"k:0:a"});
    EXPECT_EQ(committed(p0), 1);
  };
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
  EXPECT_EQ(committed(p0), 2);
  EXPECT_EQ(metrics().transactions_aborted.get(), 0U);
}

TEST_F(ExactlyOnceTest, A_partition_that_goes_during_a_call_takes_along_what_was_done_before_it) {
  send(p0, "a");
  start();
  turn();
  send(p0, "b");
  inside = [&] {
    source->revoke({p0});
    worker->keep_membership();
    EXPECT_EQ(committed(p0), -1) << "a call that ends soon is waited for";
    stand_in(options.revoke_timeout);
    EXPECT_EQ(readable("out"), Texts{"k:0:a"});
    EXPECT_EQ(committed(p0), 1);
    EXPECT_EQ(metrics().partitions.get(), 1U);
  };
  settle();
  EXPECT_EQ(readable("out"), Texts{"k:0:a"}) << "the call's answer is dropped";
  source->assign({p0});
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
  EXPECT_EQ(committed(p0), 2);
}

TEST_F(ExactlyOnceTest, A_partition_that_is_lost_during_a_call_takes_its_open_transaction_with_it) {
  options.commit_interval = 1h;
  send(p0, "a");
  send(p1, "b");
  start();
  turn();
  send(p0, "c");
  inside = [&] {
    source->lose({p0});
    stand_in(options.revoke_timeout);
    EXPECT_EQ(metrics().transactions_aborted.get(), 1U);
  };
  settle();
  EXPECT_EQ(readable("out"), Texts{"k:0:b"});
  EXPECT_EQ(committed(p0), -1);
  source->assign({p0});
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:0:b", "k:0:a", "k:0:c"}));
}

// Its time-out at the broker is over, or another took its id.
TEST_F(ExactlyOnceTest, A_transaction_that_is_taken_from_us_during_a_call_is_done_again_after_it) {
  send(p0, "a");
  start();
  turn();
  send(p0, "b");
  fate = Fate::fenced;
  later = 2;
  inside = [&] {
    for (int i = 0; i < 10; ++i) stand_in();
    EXPECT_EQ(metrics().transactions_aborted.get(), 1U);
    EXPECT_TRUE(topics.readable().empty()) << "nothing is read again during the call";
  };
  settle();
  EXPECT_FALSE(worker->failure());
  EXPECT_EQ(readable("out"), (Texts{"k:0:a", "k:0:b"}));
  EXPECT_EQ(committed(p0), 2);
}

TEST_F(ExactlyOnceTest, What_a_step_remembers_of_a_call_that_stalls_is_committed_with_its_outputs) {
  send(p0, "a");
  start(true);
  turn();
  send(p0, "b");
  inside = [&] {
    stand_in();
    EXPECT_TRUE(topics.readable().empty()) << "b may have been counted already";
  };
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:1:a", "k:2:b"}));
}

TEST_F(ExactlyOnceTest, What_a_step_remembers_is_committed_with_the_outputs_and_never_otherwise) {
  const auto count = [&] {
    const auto value = stores.get("in[0]/k");
    return value.ok() && *value ? std::string(**value) : "none";
  };
  for (const char* value : {"a", "b"}) send(p0, value);
  start(true);
  interval_is_over();
  fate = Fate::refused;
  helper->go_on();
  worker->turn();  // learns of it
  helper->go_on();
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:1:a", "k:2:b"})) << "counted again from the beginning";
  EXPECT_EQ(count(), "2");
  send(p0, "c");
  interval_is_over();
  fate = Fate::lost_answer;
  settle();
  send(p0, "d");
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:1:a", "k:2:b", "k:3:c", "k:4:d"}));
}

TEST_F(ExactlyOnceTest, With_steps_that_remember_a_batch_begins_them_in_its_own_transaction_only) {
  send(p0, "a");
  start(true);
  interval_is_over();
  ASSERT_TRUE(helper->busy());
  send(p0, "b");
  turn();
  EXPECT_EQ(std::string(**stores.get("in[0]/k")), "1") << "b waits before the step";
  settle();
  EXPECT_EQ(readable("out"), (Texts{"k:1:a", "k:2:b"}));
}

}  // namespace
}  // namespace thalweg::testing_kit
