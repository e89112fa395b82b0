// What goes wrong around a running pipeline: topics that are missing, brokers that come and go, outputs and dead letters that are
// refused, offsets that are gone. The binary against a real broker; nothing may be lost, and each end has its exit code.
#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Command;
using test::Reader;

constexpr int kConfiguration = 3, kExternal = 4;

class FaultsBroker : public test::BrokerPipeline {};

TEST_F(FaultsBroker, A_missing_topic_ends_the_start_with_its_name_and_the_nearest_one) {
  in_.back() = in_.back() == '0' ? '1' : '0';
  in_ += "x";
  write_file();
  const auto command = run();
  EXPECT_EQ(command->wait(), kConfiguration);
  EXPECT_GE(command->count_in_err(in_), 1U) << command->err();
  EXPECT_GE(command->count_in_err("Did you mean"), 1U) << command->err();
}

TEST_F(FaultsBroker, Missing_topics_are_created_when_the_file_says_so) {
  in_ = test::unique("new-in"), out_ = test::unique("new-out"), dead_ = test::unique("new-dead");
  write_file();
  const auto command = run({"create_topics={enabled: true, partitions: 2}"});
  ASSERT_TRUE(test::eventually([&] { return test::has_topic(brokers_, in_); })) << command->err();
  ASSERT_TRUE(says(*command, "assigned")) << command->err();
  send(0, 20);
  Reader reader(brokers_, out_, 2);
  EXPECT_TRUE(reader.until_count(20)) << command->err();
  EXPECT_TRUE(test::has_topic(brokers_, dead_));
  EXPECT_EQ(command->stop(), 0) << command->err();
}

TEST_F(FaultsBroker, A_broker_that_comes_late_is_waited_for_and_said_once) {
  test::OwnBroker broker;
  use(broker.address(), 1, false);
  const auto command = run({"create_topics=true"});
  ASSERT_TRUE(says(*command, "\"warning\"", 60s)) << command->err();
  std::this_thread::sleep_for(3s);
  EXPECT_TRUE(command->running());
  EXPECT_EQ(command->count_in_err("\"warning\""), 1U) << command->err();
  broker.start();
  ASSERT_TRUE(says(*command, "assigned", 60s)) << command->err();
  send(0, 10);
  Reader reader(brokers_, out_, 1);
  EXPECT_TRUE(reader.until_count(10)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
}

TEST_F(FaultsBroker, A_stop_while_no_broker_answers_ends_at_once) {
  use("127.0.0.1:1", 1, false);
  const auto command = run();
  ASSERT_TRUE(says(*command, "\"warning\"", 60s)) << command->err();
  command->signal(SIGTERM);
  EXPECT_EQ(command->wait(2s), 0) << command->err();
  EXPECT_EQ(command->count_in_err("\"warning\""), 1U) << command->err();
}

TEST_F(FaultsBroker, A_broker_that_dies_and_comes_back_while_records_flow_loses_nothing) {
  test::OwnBroker broker;
  broker.start();
  slow_ = "5ms";
  use(broker.address());
  send(0, 3000);
  const auto command = run({"batch.rows_max=16", "commit_interval=200ms"});
  {
    Reader reader(brokers_, out_, 2);
    ASSERT_TRUE(reader.until_count(500)) << command->err();
  }
  broker.stop();
  std::this_thread::sleep_for(3s);
  EXPECT_TRUE(command->running()) << command->err();
  broker.start();
  send(3000, 500);
  Reader reader(brokers_, out_, 2);
  EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 3500; }, 120s))
      << command->err();
  reader.until_quiet(1s);
  fmt::print("{} outputs of 3500 records\n", reader.all().size());
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(committed_records(), 3500);
}

TEST_F(FaultsBroker,
       An_output_larger_than_the_topic_takes_is_a_dead_letter_and_its_neighbours_are_written) {
  write_file("", "{topic: " + out_ + ", value: {n: n, many: [input, input, input, input]}}");
  std::vector<test::TestMessage> messages;
  for (int n = 0; n < 20; ++n) {
    const std::string filler(n == 7 ? 300'000 : 10, 'x');
    messages.push_back({.value = fmt::format(R"({{"n":{},"x":1,"f":"{}"}})", n, filler),
                        .key = std::to_string(n),
                        .partition = 0});
  }
  test::produce(brokers_, in_, messages);
  const auto command = run();
  Reader reader(brokers_, out_, 2), dead(brokers_, dead_, 1);
  EXPECT_TRUE(reader.until_count(19)) << command->err();
  ASSERT_TRUE(dead.until_count(1)) << command->err();
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.code"), "output_refused");
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.offset"), "7");
  EXPECT_EQ(dead.all()[0].value, messages[7].value);
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(committed_records(), 20);
}

TEST_F(FaultsBroker, What_a_broker_says_of_an_output_that_it_refuses_stands_in_the_dead_letter) {
  out_ = test::make_topic(brokers_, "compacted", 1, {{"cleanup.policy", "compact"}});
  write_file();
  test::produce(
      brokers_, in_,
      {{.value = value(0), .key = "0", .partition = 0}, {.value = value(1), .partition = 0}});
  const auto command = run();
  Reader dead(brokers_, dead_, 1);
  ASSERT_TRUE(dead.until_count(1)) << command->err();
  EXPECT_EQ(header(dead.all()[0], "__thalweg.errors.code"), "output_refused");
  const std::string message(header(dead.all()[0], "__thalweg.errors.message"));
  EXPECT_NE(message.find("cannot accept message without key"), std::string::npos) << message;
  EXPECT_EQ(dead.all()[0].value, value(1));
  EXPECT_EQ(command->stop(), 0) << command->err();
}

TEST_F(FaultsBroker,
       A_dead_letter_topic_that_refuses_stops_the_pipeline_and_nothing_is_committed_past_it) {
  dead_ = test::make_topic(brokers_, "tiny-dead", 1, {{"max.message.bytes", "5000"}});
  write_file();
  std::vector<test::TestMessage> messages;
  for (int n = 0; n < 10; ++n)
    messages.push_back({.value = value(n), .key = std::to_string(n), .partition = 0});
  messages[6].value = "no json: " + std::string(20'000, 'x');
  test::produce(brokers_, in_, messages);
  const auto command = run({"batch.rows_max=2", "to.kafka.batch.size=4000"});
  EXPECT_EQ(command->wait(), kExternal) << command->err();
  EXPECT_GE(command->count_in_err("[0]@6"), 1U) << command->err();
  EXPECT_LE(committed_records(), 6);
  // Mended, it goes on there, and loses nothing.
  dead_ = test::make_topic(brokers_, "dead");
  write_file();
  const auto again = run();
  Reader reader(brokers_, out_, 2), dead(brokers_, dead_, 1);
  EXPECT_TRUE(dead.until_count(1)) << again->err();
  EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 9; })) << again->err();
  EXPECT_EQ(again->stop(), 0) << again->err();
  EXPECT_EQ(committed_records(), 10);
}

TEST_F(FaultsBroker, A_bad_record_without_dead_letters_stops_it_at_that_record) {
  std::vector<test::TestMessage> messages;
  for (int n = 0; n < 10; ++n)
    messages.push_back({.value = value(n), .key = std::to_string(n), .partition = 0});
  messages[4].value = "{";
  test::produce(brokers_, in_, messages);
  const auto command = run({"dead_letters="});
  EXPECT_EQ(command->wait(), kConfiguration) << command->err();
  EXPECT_GE(command->count_in_err("[0]@4"), 1U) << command->err();
  EXPECT_EQ(committed_records(), 4);
  Reader reader(brokers_, out_, 2);
  EXPECT_TRUE(reader.until_count(4));
  reader.until_quiet();
  EXPECT_EQ(reader.all().size(), 4U);
}

TEST_F(FaultsBroker,
       A_committed_offset_that_is_no_longer_there_ends_it_with_words_and_skips_nothing) {
  send(0, 20);
  {
    const auto command = run();
    Reader reader(brokers_, out_, 2);
    ASSERT_TRUE(reader.until_count(20)) << command->err();
    ASSERT_EQ(command->stop(), 0);
  }
  send(20, 40);
  test::delete_records(brokers_, in_, 0, 25);
  const auto command = run();
  EXPECT_EQ(command->wait(), kExternal) << command->err();
  EXPECT_GE(command->count_in_err("offset"), 1U) << command->err();
  EXPECT_GE(command->count_in_err(in_), 1U) << command->err();
  EXPECT_EQ(test::committed(brokers_, group_, in_).at(0), 10) << "where it was";
}

// Under KIP-848 it is the broker that knows, and nobody tells the member.
TEST_F(FaultsBroker, A_topic_deleted_while_it_runs_ends_it_with_the_name_of_the_topic) {
  const std::vector<std::pair<bool, std::string>> all{
      {true, "classic"}, {false, "classic"}, {true, "consumer"}, {false, "consumer"}};
  for (const auto& [input, protocol] : all) {
    SCOPED_TRACE(protocol);
    use(brokers_);
    send(0, 10);
    // Metadata are looked at every minute otherwise.
    const auto command = run(
        {"kafka.topic.metadata.refresh.interval.ms=500", "from.kafka.group.protocol=" + protocol});
    {
      Reader reader(brokers_, out_, 2);
      ASSERT_TRUE(reader.until_count(10)) << command->err();
    }
    const std::string gone = input ? in_ : out_;
    test::delete_topic(brokers_, gone);
    if (!input) send(10, 10);
    EXPECT_EQ(command->wait(), kConfiguration) << command->err();
    EXPECT_GE(command->count_in_err("\"topic_missing\""), 1U) << command->err();
    EXPECT_GE(command->count_in_err(gone), 1U) << command->err();
  }
}

TEST_F(FaultsBroker, A_dead_letter_topic_deleted_while_it_runs_is_a_missing_topic_as_any_other) {
  send(0, 10);
  const auto command = run({"kafka.topic.metadata.refresh.interval.ms=500"});
  {
    Reader reader(brokers_, out_, 2);
    ASSERT_TRUE(reader.until_count(10)) << command->err();
  }
  test::delete_topic(brokers_, dead_);
  test::produce(brokers_, in_, {{.value = "no json", .key = "k", .partition = 0}});
  EXPECT_EQ(command->wait(), kConfiguration) << command->err();
  EXPECT_GE(command->count_in_err("\"topic_missing\""), 1U) << command->err();
  EXPECT_GE(command->count_in_err(dead_), 1U) << command->err();
  EXPECT_EQ(committed_records(), 10) << "the record whose dead letter found no topic is read again";
}

}  // namespace
}  // namespace thalweg
