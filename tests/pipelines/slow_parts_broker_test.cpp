// A part that is slow: the sink, the model, the source. What is taken waits in bounded memory, the group does not move, nothing is lost.
#include <algorithm>
#include <cstdlib>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Reader;
using test::TestMessage;

constexpr std::size_t mib = std::size_t{1} << 20;
const std::string exactly_once = "delivery=exactly_once";

class SlowPartsBroker : public test::BrokerPipeline {
 protected:
  // Whoever is not served for that long is put out of the group.
  [[nodiscard]] std::unique_ptr<test::Command> start(std::vector<std::string> settings = {}) const {
    settings.insert(settings.end(),
                    {"from.kafka.max.poll.interval.ms=2500", "from.kafka.session.timeout.ms=2000",
                     "from.kafka.heartbeat.interval.ms=300"});
    return run(settings);
  }
  // One call of six seconds, then ten records.
  void expect_kept_through_a_long_call(const test::Command& command) {
    test::produce(brokers_, in_,
                  {{.value = R"({"n":0,"x":1})", .key = "0", .partition = 0},
                   {.value = R"({"n":1,"x":-1})", .key = "1", .partition = 1}});
    Reader reader(brokers_, out_, 2);
    EXPECT_TRUE(reader.until_count(2)) << command.err();
    send(2, 10);
    EXPECT_TRUE(reader.until_count(12)) << command.err();
    EXPECT_EQ(reader.all().size(), 12U);
  }
  static void expect_one_assignment(const test::Command& command) {
    EXPECT_EQ(command.count_in_err("\"worker.assigned\""), 1U) << command.err();
    EXPECT_EQ(command.count_in_err("\"worker.lost\""), 0U) << command.err();
    EXPECT_EQ(command.count_in_err("\"worker.revoked\""), 1U) << "at the end: " << command.err();
  }
  // The broker lets this client write so many bytes a second; 0: as many as it likes.
  void limit_writes(const std::string& client, int bytes) const {
    const std::string what = bytes > 0 ? fmt::format("--add-config producer_byte_rate={}", bytes)
                                       : "--delete-config producer_byte_rate";
    const std::string line = fmt::format(
        "{}/script/kafka configs --broker {} --alter {} --entity-type clients --entity-name {} "
        ">/dev/null 2>&1",
        THALWEG_SOURCE_DIR, brokers_, what, client);
    ASSERT_EQ(std::system(line.c_str()), 0) << line;  // NOLINT: no input of others
  }
};

TEST_F(SlowPartsBroker, A_slow_sink_costs_neither_membership_nor_memory) {
  // Each output is its input, so a backlog of 100 MB is one at the sink too; the settings allow some 20 MiB of it.
  constexpr int count = 100'000;
  write_file(", value_bytes_max: 1MiB", "{topic: " + out_ + ", value: input}");
  const std::string filler(1000, 'x');
  std::vector<TestMessage> messages;
  for (int n = 0; n < count; ++n) {
    messages.push_back({.value = fmt::format(R"({{"n":{},"x":1,"f":"{}"}})", n, filler),
                        .key = std::to_string(n),
                        .partition = n % 2});
  }
  test::produce(brokers_, in_, messages);
  const std::string client = test::unique("slow-sink");
  limit_writes(client, 4'000'000);
  const auto command =
      start({"memory_max=4MiB", "batch.bytes_max=1MiB", "to.kafka.client.id=" + client,
             "to.kafka.message.max.bytes=2000000", "to.kafka.queue.buffering.max.kbytes=4096",
             "from.kafka.queued.max.messages.kbytes=1024"});
  ASSERT_TRUE(says(*command, "worker.assigned")) << command->err();
  const std::size_t at_start = command->resident_bytes();
  std::size_t most = at_start;
  Reader reader(brokers_, out_, 2);
  const auto look = [&] { most = std::max(most, command->resident_bytes()); };
  // Longer than max.poll.interval.ms many times over.
  const auto slow_until = std::chrono::steady_clock::now() + 12s;
  (void)reader.until([&](const auto&) {
    look();
    return std::chrono::steady_clock::now() > slow_until;
  });
  EXPECT_LT(reader.all().size(), std::size_t{count}) << "the sink was not slow";
  limit_writes(client, 0);
  EXPECT_TRUE(reader.until(
      [&](const auto& all) {
        look();
        return all.size() >= count;
      },
      120s))
      << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_one_assignment(*command);
  EXPECT_EQ(keys(reader.all()).size(), std::size_t{count});
  EXPECT_EQ(committed_records(), count);
  EXPECT_LT(most - std::min(most, at_start), 48 * mib) << "of a backlog of 100 MB";
}

TEST_F(SlowPartsBroker, A_call_longer_than_the_poll_interval_keeps_the_membership_on_the_lane) {
  // 20 ms a row: what `thread: auto` takes for slow.
  slow_ = "20ms, hang_when: negative, hang_for: 6s";
  write_file();
  const auto command = start();
  expect_kept_through_a_long_call(*command);
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_one_assignment(*command);
  EXPECT_EQ(committed_records(), 12);
}

// name, settings of the group
using Protocol = std::pair<std::string, std::vector<std::string>>;
class SlowCallBroker : public SlowPartsBroker, public testing::WithParamInterface<Protocol> {};

TEST_P(SlowCallBroker,
       Longer_than_the_poll_interval_it_keeps_the_membership_in_the_workers_thread) {
  slow_ = "0ms, thread: worker, hang_when: negative, hang_for: 6s";
  write_file();
  auto settings = GetParam().second;
  settings.emplace_back("from.kafka.max.poll.interval.ms=2500");
  const auto command = run(settings);
  expect_kept_through_a_long_call(*command);
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_one_assignment(*command);
  EXPECT_EQ(committed_records(), 12);
}

TEST_P(SlowCallBroker, Who_joins_during_it_gets_partitions_while_it_runs_and_nothing_is_lost) {
  slow_ = "0ms, thread: worker, hang_when: negative, hang_for: 12s";
  write_file();
  test::produce(brokers_, in_,
                {{.value = R"({"n":0,"x":1})", .key = "0", .partition = 0},
                 {.value = R"({"n":1,"x":-1})", .key = "1", .partition = 1}});
  auto settings = GetParam().second;
  settings.insert(settings.end(),
                  {"from.kafka.max.poll.interval.ms=2500", "watchdog.report_after=1s"});
  const auto busy = run(settings);
  ASSERT_TRUE(says(*busy, "model.slow_call")) << busy->err();
  const auto newcomer = run(settings);
  EXPECT_TRUE(says(*newcomer, "assigned " + in_)) << busy->err() << newcomer->err();
  Reader reader(brokers_, out_, 2);
  reader.until_quiet();
  EXPECT_EQ(keys(reader.all()).count("1"), 0U) << "the call still runs";
  send(2, 20);
  EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 22; }))
      << busy->err() << newcomer->err();
  EXPECT_EQ(busy->stop(), 0) << busy->err();
  EXPECT_EQ(newcomer->stop(), 0) << newcomer->err();
  reader.until_quiet();
  EXPECT_EQ(reader.all().size(), 22U) << "some came twice";
  for (const auto* command : {busy.get(), newcomer.get()})
    EXPECT_EQ(command->count_in_err("\"worker.lost\""), 0U) << command->err();
  EXPECT_EQ(committed_records(), 22);
}

const std::vector<std::string> classic{"from.kafka.session.timeout.ms=2000",
                                       "from.kafka.heartbeat.interval.ms=300"};
INSTANTIATE_TEST_SUITE_P(
    Protocols, SlowCallBroker,
    testing::Values(
        Protocol{"cooperative", classic},
        Protocol{"eager",
                 {classic[0], classic[1], "from.kafka.partition.assignment.strategy=range"}},
        // Its session is the broker's to say.
        Protocol{"kip848", {"from.kafka.group.protocol=consumer"}},
        Protocol{"exactly_once", {classic[0], classic[1], exactly_once}},
        Protocol{"exactly_once_kip848", {"from.kafka.group.protocol=consumer", exactly_once}}),
    [](const auto& info) { return info.param.first; });

// Longer than a transaction may last, which was open when the call began.
TEST_F(SlowPartsBroker, A_call_that_stalls_holds_back_nothing_that_was_done_before_it) {
  slow_ = "0ms, thread: worker, hang_when: negative, hang_for: 20s";
  use(brokers_, 1);
  const auto command =
      start({exactly_once, "commit_interval=3s", "kafka.transaction.timeout.ms=8000",
             "batch.rows_max=10", "watchdog.report_after=1s"});
  ASSERT_TRUE(says(*command, "assigned " + in_)) << command->err();
  send(0, 10);
  test::produce(brokers_, in_, {{.value = R"({"n":10,"x":-1})", .key = "10", .partition = 0}});
  send(11, 10);
  Reader reader(brokers_, out_, 1);
  EXPECT_TRUE(reader.until_count(10, 15s)) << command->err();
  reader.until_quiet();
  EXPECT_EQ(reader.all().size(), 10U) << "the call still runs";
  EXPECT_TRUE(reader.until_count(21)) << command->err();
  reader.until_quiet(1s);
  EXPECT_EQ(keys(reader.all()).size(), 21U);
  EXPECT_EQ(reader.all().size(), 21U) << "some came twice";
  EXPECT_EQ(command->count_in_err("\"worker.error\""), 0U) << "taken back: " << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_one_assignment(*command);
  EXPECT_EQ(committed_records(), 21);
}

// The transaction ends while its worker is inside, and the partitions go to somebody else.
TEST_F(SlowPartsBroker, A_group_that_grows_while_a_call_stalls_repeats_and_loses_nothing) {
  slow_ = "0ms, thread: worker, hang_when: negative, hang_for: 15s";
  use(brokers_, 4);
  const std::vector<std::string> settings{exactly_once, "commit_interval=200ms",
                                          "batch.rows_max=10", "watchdog.report_after=1s"};
  const auto busy = start(settings);
  ASSERT_TRUE(says(*busy, "assigned " + in_)) << busy->err();
  send(0, 400);
  test::produce(brokers_, in_, {{.value = R"({"n":400,"x":-1})", .key = "400", .partition = 0}});
  ASSERT_TRUE(says(*busy, "model.slow_call")) << busy->err();
  send(401, 399);
  const auto newcomer = start(settings);
  ASSERT_TRUE(says(*newcomer, "assigned " + in_)) << busy->err() << newcomer->err();
  newcomer->signal(SIGKILL);  // and what it has goes back to who is still inside
  Reader reader(brokers_, out_, 4);
  EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 800; }, 90s))
      << busy->err() << newcomer->err();
  reader.until_quiet(1s);
  EXPECT_EQ(reader.all().size(), 800U) << "some came twice";
  EXPECT_EQ(busy->stop(), 0) << busy->err();
  EXPECT_EQ(committed_records(), 800);
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
