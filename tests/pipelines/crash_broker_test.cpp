// Records at which the model takes the whole process with it, or never comes back: real processes, restarted as a supervisor does.
#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "pipelines/support/broker_pipeline.h"
#include "run/crash_journal.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using namespace std::chrono_literals;

constexpr int hung = 6;  // docs/exit-codes.md

class CrashBrokerTest : public test::BrokerPipeline {
 protected:
  [[nodiscard]] std::unique_ptr<Command> start() const {
    return run({"models={m: {runtime: fake, thread: worker, " + model_ + "}}",
                "workers=" + std::to_string(workers_), "delivery=" + delivery_,
                "commit_interval=100ms", "state_directory=" + folder_ / "state",
                "watchdog={report_after: 1s, exit_after: " + exit_after_ + "}",
                "from.kafka={heartbeat.interval.ms: 500, " + membership_ + "}"});
  }
  void bring_in(int count, const std::set<int>& deadly) const {
    std::vector<TestMessage> messages;
    for (int n = 0; n < count; ++n) {
      messages.push_back(
          {.value = deadly.contains(n) ? fmt::format(R"({{"n":{},"x":-1}})", n) : value(n),
           .key = std::to_string(n),
           .partition = n % partitions_});
    }
    test::produce(brokers_, in_, messages);
  }
  // Starts it again and again until everything is committed; how often it ended before, and each time with `code`.
  int supervise(std::int64_t records, int code) const {
    int ends = 0;
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (committed_records() >= records) return ends;
      const auto process = start();
      const bool done = test::eventually(
          [&] { return !process->running() || committed_records() >= records; }, 60s);
      if (process->running()) {
        EXPECT_TRUE(done) << process->err();
        EXPECT_EQ(process->stop(), 0) << process->err();
        return ends;
      }
      EXPECT_EQ(process->wait(), code) << process->err();
      ++ends;
    }
    ADD_FAILURE() << "it ended again and again for two minutes";
    return ends;
  }
  // What stands in the journals as inside; alone: a record that is tried.
  [[nodiscard]] int inside(bool alone) const {
    int count = 0;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "state", none)) {
      if (file.path().extension() != ".inside") continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      for (std::size_t at = bytes.find(in_); at != std::string::npos;
           at = bytes.find(in_, at + 1)) {
        CrashJournal::Entry entry;
        std::memcpy(static_cast<void*>(&entry),
                    bytes.data() + at - offsetof(CrashJournal::Entry, topic), sizeof entry);
        count += entry.state == CrashJournal::State::inside && (entry.tries > 0) == alone ? 1 : 0;
      }
    }
    return count;
  }

  // One worker, whose journal is that of all partitions in each life, and a static member: who comes after a kill takes its place, and waits
  // for no session to end.
  void only_one() {
    workers_ = 1;
    membership_ = "session.timeout.ms: 6000, group.instance.id: crash";
  }

  int workers_ = 2;
  std::string membership_ = "session.timeout.ms: 2000";
  std::string delivery_ = "exactly_once";
  std::string model_ = "crash_when: negative";
  std::string exit_after_ = "10m";
};

class CrashBroker : public CrashBrokerTest, public testing::WithParamInterface<const char*> {
 protected:
  CrashBroker() { delivery_ = GetParam(); }
};

TEST_P(CrashBroker, The_guilty_ones_become_dead_letters_and_the_partitions_go_on) {
  bring_in(300, {57, 58, 220});
  const int crashes = supervise(300, 128 + SIGABRT);
  EXPECT_GE(crashes, 3);
  EXPECT_LE(crashes, 9) << "three each, to whichever worker their partition comes";
  Reader out(brokers_, out_, 2), dead(brokers_, dead_, 1);
  ASSERT_TRUE(out.until_count(297));
  ASSERT_TRUE(dead.until_count(3));
  out.until_quiet();
  dead.until_quiet();
  EXPECT_EQ(keys(out.all()).size(), 297u);
  EXPECT_THAT(keys(dead.all()),
              testing::ElementsAre(testing::Key("220"), testing::Key("57"), testing::Key("58")));
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.code"), "crashed_process");
  if (std::string(GetParam()) != "exactly_once") return;
  EXPECT_EQ(out.all().size(), 297u);
  EXPECT_EQ(dead.all().size(), 3u);
}

TEST_P(CrashBroker, A_record_at_which_the_model_never_returns_becomes_a_dead_letter_too) {
  model_ = "hang_when: negative, hang_for: 1h";
  exit_after_ = "1s";
  bring_in(100, {57});
  const int ends = supervise(100, hung);
  EXPECT_GE(ends, 3) << "once in company, twice alone";
  EXPECT_LE(ends, 6) << "on a slow machine a good call may take a second too";
  Reader out(brokers_, out_, 2), dead(brokers_, dead_, 1);
  EXPECT_TRUE(out.until([](const auto& all) { return keys(all).size() == 99; }, 60s));
  ASSERT_TRUE(dead.until_count(1));
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.code"), "crashed_process");
}

// Inside with its batch, then inside alone: at no other moment does a kill look like a crash of the model.
TEST_P(CrashBroker, A_process_that_is_killed_while_records_are_inside_buries_none_of_them) {
  only_one();
  use(brokers_, 1);
  bring_in(8, {2});
  model_ = "hang_when: negative, hang_for: 10m";  // there it stays
  for (const bool alone : {false, true}) {
    const auto process = start();
    ASSERT_TRUE(says(*process, "model.slow_call")) << process->err();
    process->signal(SIGKILL);
    (void)process->wait();
    ASSERT_GT(inside(alone), 0) << alone;
  }
  model_ = "slow: 0ms";
  EXPECT_EQ(supervise(8, 0), 0);
  Reader out(brokers_, out_, 1), dead(brokers_, dead_, 1);
  EXPECT_TRUE(out.until_count(8));
  out.until_quiet();
  dead.until_quiet();
  EXPECT_EQ(keys(out.all()).size(), 8u);
  EXPECT_TRUE(dead.all().empty());
}

INSTANTIATE_TEST_SUITE_P(Delivery, CrashBroker, testing::Values("at_least_once", "exactly_once"));

class HangBroker : public CrashBrokerTest {};

TEST_F(HangBroker, A_call_that_hangs_ends_the_process_and_its_record_is_found_as_one_that_crashes) {
  only_one();
  bring_in(40, {17});
  model_ = "hang_when: negative, hang_for: 10m";
  exit_after_ = "2s";
  const auto process = start();
  EXPECT_EQ(process->wait(), hung) << process->err();
  EXPECT_EQ(process->count_in_err("\"model.hung\""), 1U) << process->err();
  EXPECT_GT(inside(false), 0) << "with its batch";
  EXPECT_EQ(supervise(40, hung), 2) << "alone";
  Reader out(brokers_, out_, 2), dead(brokers_, dead_, 1);
  EXPECT_TRUE(out.until_count(39));
  EXPECT_TRUE(dead.until_count(1));
  out.until_quiet();
  dead.until_quiet();
  EXPECT_EQ(out.all().size(), 39u);
  EXPECT_EQ(keys(out.all()).size(), 39u);
  ASSERT_EQ(dead.all().size(), 1u);
  EXPECT_EQ(dead.all()[0].key, "17");
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.code"), "crashed_process");
}

}  // namespace
}  // namespace thalweg
