// A part that is slow: the model, the source. The group does not move, nothing is lost.
#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Reader;

class SlowPartsBroker : public test::BrokerPipeline {
 protected:
  // Whoever is not served for that long is put out of the group.
  [[nodiscard]] std::unique_ptr<test::Command> start(std::vector<std::string> settings = {}) const {
    settings.insert(settings.end(),
                    {"from.kafka.max.poll.interval.ms=2500", "from.kafka.session.timeout.ms=2000",
                     "from.kafka.heartbeat.interval.ms=300"});
    return run(settings);
  }
  static void expect_one_assignment(const test::Command& command) {
    EXPECT_EQ(command.count_in_err("\"worker.assigned\""), 1U) << command.err();
    EXPECT_EQ(command.count_in_err("\"worker.lost\""), 0U) << command.err();
    EXPECT_EQ(command.count_in_err("\"worker.revoked\""), 1U) << "at the end: " << command.err();
  }
};

TEST_F(SlowPartsBroker, A_call_longer_than_the_poll_interval_keeps_the_membership_on_the_lane) {
  // 20 ms a row: what `thread: auto` takes for slow.
  slow_ = "20ms, hang_when: negative, hang_for: 6s";
  write_file();
  test::produce(brokers_, in_,
                {{.value = R"({"n":0,"x":1})", .key = "0", .partition = 0},
                 {.value = R"({"n":1,"x":-1})", .key = "1", .partition = 1}});
  const auto command = start();
  Reader reader(brokers_, out_, 2);
  EXPECT_TRUE(reader.until_count(2)) << command->err();
  send(2, 10);
  EXPECT_TRUE(reader.until_count(12)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_one_assignment(*command);
  EXPECT_EQ(reader.all().size(), 12U);
  EXPECT_EQ(committed_records(), 12);
}

TEST_F(SlowPartsBroker, A_source_that_is_silent_for_longer_than_the_poll_interval_loses_nobody) {
  const auto command = start();
  Reader reader(brokers_, out_, 2);
  for (int n = 0; n < 3; ++n) {
    send(n, 1);
    EXPECT_TRUE(reader.until_count(static_cast<std::size_t>(n) + 1)) << command->err();
    reader.until_quiet(3500ms);  // the silence itself
  }
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_one_assignment(*command);
  EXPECT_EQ(reader.all().size(), 3U);
  EXPECT_EQ(committed_records(), 3);
}

}  // namespace
}  // namespace thalweg
