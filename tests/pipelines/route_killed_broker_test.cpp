// kill -9 of a process that follows the control topic, between a record and the move to it, and while a version is published and routed to. After its
// restart it serves what the topic says, together with the one that lived through it.
#include <csignal>
#include <optional>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/support/control_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class RouteKilledBroker : public test::ControlPipeline {
 protected:
  // It takes a while to warm up, and answers its number.
  void make_slow(const std::string& folder, int number) const {
    folder_.write(folder + "/fake.yaml",
                  fmt::format("function: constant\nvalue: {}\nslow: 40ms\n", number));
  }
  // Both serve the epoch, and nobody is waited for any more.
  void expect_converged(std::int64_t epoch) const {
    const std::string serves = fmt::format("serves epoch {}\n", epoch);
    const auto both = [&] {
      return count_of(models({"status", "a"}).out, serves) >= 2 &&
             count_of(models({"status", "a", "--json"}).out, R"("converged":true)") == 1;
    };
    EXPECT_TRUE(test::eventually(both, 60s)) << models({"status", "a"}).out;
  }
  // The next records are answered by that version, in that epoch.
  void expect_answered_by(int version, std::int64_t epoch) {
    if (!reader_) reader_.emplace(brokers_, out_, 4);
    const int first = sent_;
    send(first, 40);
    sent_ += 40;
    std::size_t seen = 0;
    ASSERT_TRUE(reader_->until([&](const auto& all) {
      seen = 0;
      for (const TestMessage& m : all) seen += std::stoi(*m.key) >= first ? 1 : 0;
      return seen >= 40;
    }));
    for (const TestMessage& m : reader_->all()) {
      if (std::stoi(*m.key) < first) continue;
      EXPECT_EQ(answer(m, "first"), std::to_string(version)) << *m.value;
      EXPECT_THAT(header(m, "thalweg"), HasSubstr(fmt::format("model=a,version={}", version)));
      EXPECT_THAT(header(m, "thalweg"), HasSubstr(fmt::format("epoch={}", epoch)));
    }
  }

  int sent_ = 0;
  std::optional<Reader> reader_;
};

TEST_F(RouteKilledBroker,
       A_process_killed_between_the_record_and_the_move_does_what_the_topic_says) {
  make_slow("a/6", 6);
  make_slow("a/7", 7);
  const auto other = run();
  ASSERT_TRUE(assigned(*other)) << other->err();
  int amid = 0, joined = 0;
  for (const int version : {6, 7, 6, 7}) {
    const auto victim = run();
    ASSERT_TRUE(assigned(*victim)) << victim->err();
    const Said routed = models({"route", "a", std::to_string(version), "--by", "ann"});
    ASSERT_EQ(routed.code, 0) << routed.err;
    const std::int64_t epoch = number_after(routed.out, "epoch ");
    ASSERT_TRUE(says(*victim, fmt::format("model 'a': epoch {} by ann wants", epoch)));
    victim->signal(SIGKILL);
    ASSERT_EQ(victim->wait(), 128 + SIGKILL);
    const bool moved = victim->count_in_err(fmt::format("epoch {} is active", epoch)) > 0;
    amid += moved ? 0 : 1;
    const auto again = run();
    ASSERT_TRUE(assigned(*again)) << again->err();
    joined += static_cast<int>(again->count_in_err("control.joins"));
    expect_converged(epoch);
    ASSERT_NO_FATAL_FAILURE(expect_answered_by(version, epoch));
    EXPECT_EQ(again->stop(), 0) << again->err();
  }
  EXPECT_GE(amid, 3) << "of four kills; the others came when it had moved";
  EXPECT_GE(joined, 1) << "who starts amid a change begins with what the others serve";
  EXPECT_EQ(other->stop(), 0) << other->err();
}

TEST_F(RouteKilledBroker, A_process_killed_while_a_version_is_published_does_what_the_topic_says) {
  std::mt19937 random(19);
  const auto other = run();
  ASSERT_TRUE(assigned(*other)) << other->err();
  int amid = 0;
  for (int version = 6; version <= 9; ++version) {
    make_slow("export", version);
    const auto victim = run();
    ASSERT_TRUE(assigned(*victim)) << victim->err();
    Command publisher({test::thalweg_binary(), "models", "publish", folder_ / "p.yaml", "a",
                       folder_ / "export", "--route"},
                      folder_.path());
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));  // whenever it hits
    victim->signal(SIGKILL);
    amid += publisher.running() ? 1 : 0;
    ASSERT_EQ(victim->wait(), 128 + SIGKILL);
    ASSERT_EQ(publisher.wait(), 0) << publisher.err();
    const auto again = run();
    ASSERT_TRUE(assigned(*again)) << again->err();
    const std::int64_t epoch = number_after(models({"list", "a", "--json"}).out, R"("epoch":)");
    expect_converged(epoch);
    ASSERT_NO_FATAL_FAILURE(expect_answered_by(version, epoch));
    EXPECT_EQ(again->count_in_err("model.refused"), 0U) << again->err();
    EXPECT_EQ(again->stop(), 0) << again->err();
  }
  EXPECT_GE(amid, 3) << "of four kills; the others came when it was published";
  EXPECT_EQ(other->stop(), 0) << other->err();
}

}  // namespace
}  // namespace thalweg
