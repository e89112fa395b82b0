// Records at which the model takes the whole process with it: real processes, restarted as a supervisor does.
#include <csignal>
#include <set>

#include <gmock/gmock.h>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using namespace std::chrono_literals;

class CrashBroker : public test::BrokerPipeline, public testing::WithParamInterface<const char*> {
 protected:
  [[nodiscard]] std::unique_ptr<Command> start() const {
    return run({"models={m: {runtime: fake, " + fault_ + "}}", "workers=2",
                "watchdog={report_after: 1s, exit_after: 1s}",
                std::string("delivery=") + GetParam(), "commit_interval=100ms",
                "state_directory=" + folder_ / "state",
                "from.kafka={session.timeout.ms: 2000, heartbeat.interval.ms: 500}"});
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
  // Starts it again and again until everything is committed; how often it crashed.
  int supervise(std::int64_t records) const {
    int crashes = 0;
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (committed_records() >= records) return crashes;
      const auto process = start();
      const bool done = test::eventually(
          [&] { return !process->running() || committed_records() >= records; }, 60s);
      if (process->running()) {
        EXPECT_TRUE(done);
        EXPECT_EQ(process->stop(), 0) << process->err();
        return crashes;
      }
      EXPECT_EQ(process->wait(), ends_with_) << process->err();
      ++crashes;
    }
    ADD_FAILURE() << "it crashed for two minutes";
    return crashes;
  }

  std::string fault_ = "crash_when: negative";
  int ends_with_ = 128 + SIGABRT;
};

TEST_P(CrashBroker, The_guilty_ones_become_dead_letters_and_the_partitions_go_on) {
  bring_in(300, {57, 58, 220});
  const int crashes = supervise(300);
  EXPECT_GE(crashes, 3);
  EXPECT_LE(crashes, 9) << "three each";
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
  fault_ = "hang_when: negative, hang_for: 1h";
  ends_with_ = 6;
  bring_in(100, {57});
  const int ends = supervise(100);
  EXPECT_GE(ends, 3) << "once in company, twice alone";
  EXPECT_LE(ends, 6) << "the same again, where the partition came to the other worker in between";
  Reader out(brokers_, out_, 2), dead(brokers_, dead_, 1);
  EXPECT_TRUE(out.until([](const auto& all) { return keys(all).size() == 99; }, 60s));
  ASSERT_TRUE(dead.until_count(1));
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.code"), "crashed_process");
}

TEST_P(CrashBroker, A_process_that_is_killed_again_and_again_from_outside_buries_nobody) {
  bring_in(2000, {});
  for (int kills = 0; kills < 4; ++kills) {
    const auto process = start();
    std::this_thread::sleep_for(std::chrono::milliseconds(300 + 400 * kills));  // whenever it hits
    process->signal(SIGKILL);
    (void)process->wait();
  }
  EXPECT_EQ(supervise(2000), 0);
  Reader out(brokers_, out_, 2), dead(brokers_, dead_, 1);
  ASSERT_TRUE(out.until_count(2000));
  dead.until_quiet();
  EXPECT_TRUE(dead.all().empty());
}

INSTANTIATE_TEST_SUITE_P(Delivery, CrashBroker, testing::Values("at_least_once", "exactly_once"));

}  // namespace
}  // namespace thalweg
