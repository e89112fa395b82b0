// delivery: exactly_once against a real broker: killed, stopped, rebalanced, refused. A reader that reads committed records only sees
// each input record once, as an output or a dead letter, in the order of its partition.
#include "pipelines/support/broker_pipeline.h"
#include "pipelines/support/prometheus.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Command;
using test::Reader;
using test::TestMessage;

constexpr int kConfiguration = 3;

class ExactlyOnceBroker : public test::BrokerPipeline {
 protected:
  // Settings in front of all tests' own. Stable ids: what a killed process left open is ended by the next one at once.
  [[nodiscard]] std::unique_ptr<Command> start(std::vector<std::string> settings = {},
                                               const std::string& directory = "state") const {
    settings.insert(settings.begin(), {"delivery=exactly_once", "batch.rows_max=16",
                                       "state_directory=" + (folder_ / directory)});
    return run(settings);
  }
  // From each input partition to each output partition the order is kept, and nothing comes twice.
  void expect_each_once(const std::vector<TestMessage>& all, int count) const {
    std::map<std::pair<int, int>, std::vector<int>> ways;
    for (const TestMessage& m : all) {
      const int n = std::stoi(*m.key);
      ways[{n % partitions_, m.partition}].push_back(n);
    }
    for (const auto& [way, order] : ways)
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << way.first << "→" << way.second;
    EXPECT_EQ(keys(all).size(), static_cast<std::size_t>(count));
    EXPECT_EQ(all.size(), static_cast<std::size_t>(count)) << "some came twice";
  }
  [[nodiscard]] bool read_all(Reader& reader, int count) const {
    const bool read = reader.until(
        [&](const auto& all) { return keys(all).size() == static_cast<std::size_t>(count); }, 120s);
    reader.until_quiet(1s);
    return read;
  }
  // Two processes of two workers: the second comes, then one goes.
  void members_come_and_go(const std::vector<std::string>& settings) {
    slow_ = "2ms";
    use(test::real_broker(), 4);
    send(0, 4000);
    auto with = settings;
    with.emplace_back("workers=2");
    const auto first = start(with, "first");
    Reader reader(brokers_, out_, 4);
    ASSERT_TRUE(reader.until_count(300)) << first->err();
    const auto second = start(with, "second");
    // In the middle of a rebalance librdkafka cannot leave the group, and the others wait for the session time-out.
    ASSERT_TRUE(says(*second, "assigned " + in_, 60s)) << second->err();
    ASSERT_TRUE(reader.until_count(1500)) << second->err();
    EXPECT_EQ(first->stop(), 0) << first->err();
    send(4000, 200);
    EXPECT_TRUE(read_all(reader, 4200)) << second->err();
    EXPECT_EQ(second->stop(), 0) << second->err();
    expect_each_once(reader.all(), 4200);
    EXPECT_EQ(committed_records(), 4200);
  }
};

TEST_F(ExactlyOnceBroker, Each_record_comes_out_once_and_its_offset_is_committed_with_it) {
  send(0, 1000);
  const auto command = start();
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(read_all(reader, 1000)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_each_once(reader.all(), 1000);
  EXPECT_EQ(committed_records(), 1000);
  EXPECT_EQ(command->count_in_err("worker.error"), 0U) << command->err();
}

TEST_F(ExactlyOnceBroker, A_group_that_grows_and_shrinks_with_the_cooperative_protocol) {
  members_come_and_go({});
}

TEST_F(ExactlyOnceBroker, A_group_that_grows_and_shrinks_with_the_eager_protocol) {
  members_come_and_go({"from.kafka.partition.assignment.strategy=range"});
}

TEST_F(ExactlyOnceBroker, A_group_that_grows_and_shrinks_with_the_protocol_of_KIP_848) {
  members_come_and_go({"from.kafka.group.protocol=consumer"});
}

TEST_F(ExactlyOnceBroker, A_process_that_is_killed_again_and_again_repeats_and_loses_nothing) {
  slow_ = "2ms";
  use(test::real_broker());
  send(0, 3000);
  Reader reader(brokers_, out_, 2);
  const std::vector<std::string> settings{"from.kafka.session.timeout.ms=6000"};
  for (const std::size_t until : {200U, 900U, 1700U}) {
    const auto command = start(settings);
    ASSERT_TRUE(reader.until_count(until)) << command->err();
    command->signal(SIGKILL);
    EXPECT_EQ(command->wait(), 128 + SIGKILL);
  }
  const auto command = start(settings);
  EXPECT_TRUE(read_all(reader, 3000)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_each_once(reader.all(), 3000);
  EXPECT_EQ(committed_records(), 3000);
}

TEST_F(ExactlyOnceBroker, The_inference_log_of_a_killed_process_has_each_prediction_once) {
  slow_ = "2ms";
  use(test::real_broker());
  const std::string log = test::make_topic(brokers_, "log", 1);
  send(0, 1000);
  const std::vector<std::string> settings{"from.kafka.session.timeout.ms=6000",
                                          "inference_log.topic=" + log, "inference_log.share=1"};
  Reader reader(brokers_, out_, 2), log_reader(brokers_, log, 1);
  {
    const auto command = start(settings);
    ASSERT_TRUE(reader.until_count(200)) << command->err();
    command->signal(SIGKILL);
    EXPECT_EQ(command->wait(), 128 + SIGKILL);
  }
  const auto command = start(settings);
  EXPECT_TRUE(read_all(reader, 1000)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  log_reader.until_quiet(2s);
  std::map<std::string, int> ids;
  std::size_t epochs = 0;
  for (const TestMessage& m : log_reader.all()) {
    if (m.value->starts_with(R"({"epochs")")) {
      ++epochs;
    } else {
      ++ids[m.value->substr(0, m.value->find(",\"models"))];
    }
  }
  EXPECT_EQ(ids.size(), 1000U);
  for (const auto& [id, count] : ids) EXPECT_EQ(count, 1) << id;
  EXPECT_GE(epochs, 2U) << "each partition is told by who read it first, and again after a kill";
}

TEST_F(ExactlyOnceBroker, A_zombie_that_wakes_up_commits_nothing_and_goes_on_as_a_member) {
  slow_ = "5ms";
  use(test::real_broker());
  send(0, 3000);
  std::vector<std::string> settings{"from.kafka.session.timeout.ms=6000"};
  const int port = test::free_port();
  settings.push_back(fmt::format("http.port={}", port));
  const auto zombie = start(settings, "zombie");
  settings.pop_back();
  const auto aborted = [&] {
    return test::metric_of(port, "thalweg_transactions_aborted_total").value_or(-1);
  };
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(reader.until_count(300)) << zombie->err();
  const double aborted_before = aborted();
  ASSERT_GE(aborted_before, 0) << zombie->err();
  zombie->signal(SIGSTOP);
  const auto heir = start(settings, "heir");
  // Without the partitions of the zombie nothing would come.
  EXPECT_TRUE(reader.until_count(1500, 90s)) << heir->err();
  zombie->signal(SIGCONT);
  // What it held is taken back: it knows that it is out, or is told so at its commit.
  EXPECT_TRUE(says(*zombie, "\"worker.lost\"")) << zombie->err();
  EXPECT_TRUE(test::eventually([&] { return aborted() > aborted_before; })) << zombie->err();
  EXPECT_GE(zombie->count_in_err("\"worker.error\""), 1U) << zombie->err();
  EXPECT_TRUE(read_all(reader, 3000)) << zombie->err() << heir->err();
  // It came back as a member: the only one, when the other goes.
  EXPECT_TRUE(test::eventually([&] { return zombie->count_in_err("\"worker.assigned\"") >= 2; }))
      << zombie->err();
  EXPECT_EQ(heir->stop(), 0) << heir->err();
  send(3000, 200);
  EXPECT_TRUE(read_all(reader, 3200)) << zombie->err() << heir->err();
  EXPECT_EQ(zombie->stop(), 0) << zombie->err();
  expect_each_once(reader.all(), 3200);
  EXPECT_EQ(committed_records(), 3200);
}

TEST_F(ExactlyOnceBroker,
       An_output_that_the_broker_refuses_is_a_dead_letter_and_its_neighbours_are_written) {
  write_file("", "{topic: " + out_ + ", value: {n: n, many: [input, input, input, input]}}");
  std::vector<TestMessage> messages;
  for (int n = 0; n < 60; ++n) {
    const std::string filler(n == 17 || n == 33 ? 300'000 : 10, 'x');
    messages.push_back({.value = fmt::format(R"({{"n":{},"x":1,"f":"{}"}})", n, filler),
                        .key = std::to_string(n),
                        .partition = n % 2});
  }
  test::produce(brokers_, in_, messages);
  const auto command = start({"batch.rows_max=1000"});
  Reader reader(brokers_, out_, 2), dead(brokers_, dead_, 1);
  EXPECT_TRUE(read_all(reader, 58)) << command->err();
  EXPECT_TRUE(read_all(dead, 2)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(reader.all().size(), 58U);
  ASSERT_EQ(dead.all().size(), 2U);
  for (const TestMessage& letter : dead.all())
    EXPECT_EQ(header(letter, "__thalweg.errors.code"), "output_refused");
  EXPECT_EQ(committed_records(), 60);
}

TEST_F(ExactlyOnceBroker, A_broker_that_dies_and_comes_back_repeats_and_loses_nothing) {
  test::OwnBroker broker;
  broker.start();
  slow_ = "5ms";
  use(broker.address());
  send(0, 3000);
  const auto command = start();
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(reader.until_count(500)) << command->err();
  broker.stop();
  // Longer than a transaction may last.
  std::this_thread::sleep_for(13s);
  EXPECT_TRUE(command->running()) << command->err();
  broker.start();
  send(3000, 500);
  EXPECT_TRUE(read_all(reader, 3500)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  expect_each_once(reader.all(), 3500);
  EXPECT_EQ(committed_records(), 3500);
}

TEST_F(ExactlyOnceBroker,
       A_bad_record_without_dead_letters_stops_it_with_what_lies_before_committed) {
  std::vector<TestMessage> messages;
  for (int n = 0; n < 10; ++n)
    messages.push_back({.value = value(n), .key = std::to_string(n), .partition = 0});
  messages[4].value = "{";
  test::produce(brokers_, in_, messages);
  const auto command = start({"dead_letters="});
  EXPECT_EQ(command->wait(), kConfiguration) << command->err();
  EXPECT_EQ(committed_records(), 4);
  Reader reader(brokers_, out_, 2);
  EXPECT_TRUE(read_all(reader, 4));
  EXPECT_EQ(reader.all().size(), 4U);
}

TEST_F(ExactlyOnceBroker,
       A_longer_transaction_than_the_brokers_allow_ends_the_start_with_the_setting) {
  const auto command = start({"kafka.transaction.timeout.ms=3600000"});
  EXPECT_EQ(command->wait(), kConfiguration) << command->err();
  EXPECT_GE(command->count_in_err("lower kafka.transaction.timeout.ms"), 1U) << command->err();
}

TEST_F(ExactlyOnceBroker, A_second_process_on_the_same_state_directory_is_refused) {
  const auto first = start();
  ASSERT_TRUE(says(*first, "assigned")) << first->err();
  const auto second = start();
  EXPECT_EQ(second->wait(), kConfiguration) << second->err();
  EXPECT_GE(second->count_in_err("another process holds it"), 1U) << second->err();
  EXPECT_EQ(first->stop(), 0) << first->err();
}

}  // namespace
}  // namespace thalweg
