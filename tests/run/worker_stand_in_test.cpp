// The group is served for a worker that is inside of a call: by hand, from within the call, and with threads.
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "thalweg/testing.h"

#include "run/clock.h"
#include "run/worker.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "support/mock_cluster.h"
#include "testing/simulation/text_parts.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using testing_kit::TextDecoder;
using testing_kit::TextEncoder;
using Texts = std::vector<std::string>;

// A step that does what the test wants while a batch is in its hands.
struct Script {
  std::function<void(int call)> inside;
  bool first_call_fails = false;  // and is made again after a pause
  int calls = 0;
};
class LongStep final : public Operator {
 public:
  explicit LongStep(Script& script) : script_(script) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch&, const Resume&) override {
    ++script_.calls;
    if (script_.inside) script_.inside(script_.calls);
    return Progress::done;
  }
  [[nodiscard]] Status result(Batch&) override {
    if (script_.calls > 1 || !script_.first_call_fails) return {};
    return Error(Code::model_unavailable, "away");
  }

 private:
  Script& script_;
  Schema schema_{{{"text", {DType::string, {}}}}};
};

class WorkerStandInTest : public testing::Test {
 protected:
  WorkerStandInTest() {
    options.by_hand = true;
    options.revoke_timeout = 0ms;
    options.on_group = [this](std::string_view what, const std::vector<TopicPartition>& at) {
      const std::lock_guard lock(mutex);
      for (const TopicPartition& p : at) group.push_back(std::string(what) + " " + p.to_string());
    };
  }
  // With these steps; none: one, which does what `script` says.
  Worker& start(const Clock& clock, std::unique_ptr<Chain> chain = std::make_unique<Chain>()) {
    chain->decoder = std::make_unique<TextDecoder>();
    if (chain->steps.empty())
      chain->steps.push_back({"long", "long", std::make_unique<LongStep>(script)});
    Output output;
    output.topic = "out";
    output.target = *sink.add_target("out");
    output.value = std::make_unique<TextEncoder>();
    chain->outputs.add(std::move(output));
    options.pipeline = "test";
    log.create("in", 2);
    auto made = std::make_unique<MemorySource>(log, Texts{"in"});
    source = made.get();
    worker = std::make_unique<Worker>(options, std::move(made), std::move(chain), sink, clock);
    EXPECT_TRUE(worker->open().ok());
    return *worker;
  }
  void send(const TopicPartition& at, const std::string& value) {
    log.append(at.topic, at.partition.value, {.value = value, .key = "k"});
  }
  void settle() {
    for (int i = 0; i < 5; ++i) worker->turn();
  }
  Texts written() const {
    Texts values;
    for (const auto& record : sink.acknowledged("out")) values.push_back(record.value.value_or(""));
    return values;
  }
  [[nodiscard]] std::ptrdiff_t count(const std::string& what) {
    const std::lock_guard lock(mutex);
    return std::count(group.begin(), group.end(), what);
  }
  [[nodiscard]] std::int64_t committed(const TopicPartition& at) const {
    return log.committed(at).value_or(Offset{-1}).value;
  }

  const TopicPartition p0{"in", {0}};
  const TopicPartition p1{"in", {1}};
  MemoryLog log;
  ManualClock hand_clock;
  SystemClock real_clock;
  MemorySink sink;
  Script script;
  WorkerOptions options;
  std::mutex mutex;
  Texts group;  // mutex
  MemorySource* source = nullptr;
  std::unique_ptr<Worker> worker;  // last: it uses all of the above while it closes
};

TEST_F(WorkerStandInTest,
       A_partition_that_goes_during_a_call_goes_at_once_and_its_answer_is_dropped) {
  send(p0, "a");
  send(p1, "b");
  start(hand_clock);
  script.inside = [&](int call) {
    if (call > 1) return;
    source->revoke({p0});
    worker->keep_membership();
    EXPECT_EQ(count("revoked in[0]"), 1);
  };
  settle();
  EXPECT_EQ(written(), Texts{"b"});
  EXPECT_EQ(worker->metrics().given_up.get(), 1U);
  hand_clock.advance(options.commit_interval);
  settle();
  EXPECT_EQ(committed(p0), -1);
  EXPECT_EQ(committed(p1), 1);
  source->assign({p0});
  settle();
  EXPECT_EQ(written(), (Texts{"b", "a"})) << "read again";
}

TEST_F(WorkerStandInTest, What_was_acknowledged_by_then_is_committed_when_its_partition_goes) {
  send(p0, "a");
  start(hand_clock);
  settle();
  sink.cork();
  send(p0, "b");
  settle();
  send(p0, "c");
  script.inside = [&](int) {
    sink.uncork();
    source->revoke({p0});
    worker->keep_membership();
    EXPECT_EQ(committed(p0), 2) << "what came back while the worker was inside, too";
  };
  settle();
  EXPECT_EQ(written(), (Texts{"a", "b"}));
}

TEST_F(WorkerStandInTest, A_partition_that_comes_during_a_call_is_read_after_it) {
  send(p0, "a");
  start(hand_clock);
  source->revoke({p1});
  settle();
  EXPECT_EQ(count("assigned in[1]"), 1);
  send(p0, "b");
  send(p1, "c");
  script.inside = [&](int call) {
    if (call > 2) return;
    source->assign({p1});
    worker->keep_membership();
    EXPECT_EQ(count("assigned in[1]"), 2);
  };
  settle();
  EXPECT_EQ(written(), (Texts{"a", "b", "c"}));
}

TEST_F(WorkerStandInTest, Batches_behind_the_one_in_the_call_go_with_their_partition) {
  options.in_flight = 3;
  options.drain.records = 1;
  send(p0, "a");
  send(p1, "b");
  send(p1, "c");
  start(hand_clock);
  script.first_call_fails = true;  // so that the others come up behind it
  script.inside = [&](int call) {
    if (call != 2) return;
    source->revoke({p1});
    worker->keep_membership();
    EXPECT_EQ(worker->metrics().given_up.get(), 2U);
  };
  settle();
  EXPECT_EQ(worker->metrics().records_under_way.get(), 3U);
  hand_clock.advance(1s);
  settle();
  EXPECT_EQ(script.calls, 2);
  EXPECT_EQ(written(), Texts{"a"});
  EXPECT_EQ(worker->metrics().records_under_way.get(), 0U);
  EXPECT_EQ(worker->metrics().forwarded.get(), 1U);
}

// A step that asks the test about each text that comes to it.
class AskingStep final : public Operator {
 public:
  using Ask = std::function<Status(const std::string& text)>;
  explicit AskingStep(Ask ask) : ask_(std::move(ask)) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return testing_kit::text_schema; }
  [[nodiscard]] Progress process(Batch& batch, const Resume&) override {
    answer_ = ask_(std::string(batch.rows().columns[0].string_row(batch.rows().live(0))[0]));
    return Progress::done;
  }
  [[nodiscard]] Status result(Batch&) override { return answer_; }

 private:
  Ask ask_;
  Status answer_;
};

TEST_F(WorkerStandInTest, A_batch_that_goes_in_front_of_the_one_in_the_call_lets_none_overtake) {
  options.in_flight = 4;
  options.drain.records = 1;
  send(p0, "a");
  for (const char* text : {"b", "c", "d"}) send(p1, text);
  const Error away(Code::model_unavailable, "away");
  Texts seen;
  auto chain = std::make_unique<Chain>();
  // The first step is away once, for b, and then busy with it when a's partition goes; c and d wait behind it.
  chain->steps.push_back(
      {"first", "first", std::make_unique<AskingStep>([&](const std::string& text) -> Status {
         seen.push_back(text);
         const auto times = std::count(seen.begin(), seen.end(), text);
         if (text == "b" && times == 1) return away;
         if (text == "b") {
           source->revoke({p0});
           worker->keep_membership();
           EXPECT_EQ(worker->metrics().given_up.get(), 1U);
         }
         return {};
       })});
  chain->steps.push_back(
      {"second", "second", std::make_unique<AskingStep>([&](const std::string& text) -> Status {
         return text == "a" ? Status(away) : Status();
       })});
  start(hand_clock, std::move(chain));
  settle();
  EXPECT_EQ(seen, (Texts{"a", "b"}));
  hand_clock.advance(150ms);
  settle();
  EXPECT_EQ(seen, (Texts{"a", "b", "b", "c", "d"}));
  EXPECT_EQ(written(), (Texts{"b", "c", "d"}));
}

TEST_F(WorkerStandInTest, What_is_due_is_committed_while_a_call_runs_however_long_it_takes) {
  options.revoke_timeout = 10s;
  send(p0, "a");
  start(hand_clock);
  settle();
  send(p0, "b");
  script.inside = [&](int) {
    hand_clock.advance(options.commit_interval);
    worker->keep_membership();
    EXPECT_EQ(committed(p0), 1);
  };
  settle();
  EXPECT_EQ(written(), (Texts{"a", "b"}));
}

TEST_F(WorkerStandInTest, A_call_that_ends_soon_is_waited_for) {
  options.revoke_timeout = 10s;
  send(p0, "a");
  start(hand_clock);
  script.inside = [&](int) {
    source->revoke({p0});
    hand_clock.advance(9s);
    worker->keep_membership();
    EXPECT_EQ(count("revoked in[0]"), 0);
  };
  settle();
  EXPECT_EQ(count("revoked in[0]"), 1);
  EXPECT_EQ(written(), Texts{"a"});
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerStandInTest, A_call_inside_of_a_revocation_is_left_alone) {
  send(p0, "a");
  start(hand_clock);
  script.first_call_fails = true;
  settle();
  // What is under way is finished in the revocation: the call is made again there.
  script.inside = [&](int) {
    source->lose({p1});
    worker->keep_membership();
    EXPECT_EQ(count("lost in[1]"), 0) << "the source is in the middle of something";
  };
  hand_clock.advance(1s);
  source->revoke({p0});
  worker->turn();
  EXPECT_EQ(script.calls, 2);
  EXPECT_EQ(count("lost in[1]"), 1);
  EXPECT_EQ(written(), Texts{"a"});
  EXPECT_EQ(committed(p0), 1);
}

TEST_F(WorkerStandInTest, A_running_worker_and_who_stands_beside_it_take_turns) {
  options.by_hand = false;
  options.drain.records = 1;
  options.commit_interval = 1ms;
  for (int i = 0; i < 50; ++i) send(i % 2 == 0 ? p0 : p1, std::to_string(i));
  std::atomic<bool> in_call{false}, go_on{false};
  script.inside = [&](int) {
    in_call = true;
    while (!go_on) std::this_thread::yield();
  };
  start(real_clock);
  auto running = std::async(std::launch::async, [&] { return worker->run(); });
  while (!in_call) std::this_thread::yield();
  source->revoke({p1});
  EXPECT_TRUE(test::eventually([&] {
    worker->keep_membership();
    return count("revoked in[1]") == 1;
  })) << "while the call runs";
  go_on = true;
  EXPECT_TRUE(test::eventually([&] {
    worker->keep_membership();
    return sink.acknowledged_count() >= 25;
  }));
  worker->request_stop();
  EXPECT_TRUE(running.get().ok());
  EXPECT_EQ(written().size(), 25U);
  EXPECT_EQ(committed(p0), 25);
  EXPECT_EQ(committed(p1), -1);
}

}  // namespace
}  // namespace thalweg
