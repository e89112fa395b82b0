// The Kafka source against the cluster inside the process. What needs a real broker's group handling is in
// kafka_source_broker_test.cpp.
#include "source/kafka_source.h"

#include <cstdio>
#include <set>
#include <stop_token>

#include <gtest/gtest.h>

#include "source/start_offsets.h"
#include "support/mock_cluster.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::produce;

class KafkaSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = kafka::EmbeddedCluster::start(1, lines.sink());
    ASSERT_TRUE(started);
    cluster = *std::move(started);
    ASSERT_TRUE(cluster->create_topic("in", 2));
  }

  void TearDown() override {
    if (!HasFailure()) return;
    for (const auto& [level, text] : lines.lines())
      std::fprintf(stderr, "log %d: %s\n", static_cast<int>(level), text.c_str());
    for (const Error& e : listener.errors) std::fprintf(stderr, "told: %s\n", e.message().c_str());
  }

  KafkaSourceOptions options(Start start = {}) {
    KafkaSourceOptions o;
    kafka::Pairs pairs = kafka::EmbeddedCluster::consumer_properties();
    pairs.emplace_back("bootstrap.servers", cluster->bootstrap());
    // After a member left, the mock coordinator makes the next one wait for this less a second.
    pairs.emplace_back("session.timeout.ms", "1500");
    pairs.emplace_back("heartbeat.interval.ms", "100");
    o.kafka = *kafka::make_config(pairs);
    o.topics = {"in"};
    o.group = "g";
    o.start = start;
    o.log = lines.sink();
    return o;
  }

  // Turns the source until `records` arrived in all, each batch after the other.
  static bool read(KafkaSource& source, std::size_t records, std::vector<test::TestMessage>& out,
                   Batch& batch) {
    return eventually([&] {
      source.serve();
      batch.reset();
      (void)source.drain(batch, {});
      for (const SourceRecord& r : batch.records()) {
        out.push_back({r.value ? std::optional<std::string>(*r.value) : std::nullopt,
                       r.key ? std::optional<std::string>(*r.key) : std::nullopt,
                       r.partition.value,
                       r.timestamp.ms,
                       {},
                       r.offset.value});
      }
      return out.size() >= records;
    });
  }

  test::LogLines lines;
  std::unique_ptr<kafka::EmbeddedCluster> cluster;
  test::TestWaker waker;
  test::RecordingListener listener;
};

TEST_F(KafkaSourceTest, Keys_timestamps_headers_and_tombstones_arrive_as_they_were_sent) {
  produce(cluster->bootstrap(), "in",
          {{.value = "one",
            .key = "k",
            .partition = 0,
            .timestamp = 1234,
            .headers = {{"a", "x"}, {"none", std::nullopt}, {"a", ""}}},
           {.value = std::nullopt, .key = "k", .partition = 0},
           {.value = "", .key = "", .partition = 0}});
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  Batch batch;
  ASSERT_TRUE(eventually([&] {
    source.serve();
    return (void)source.drain(batch, {}), batch.size() == 3;
  }));
  const SourceRecord& first = batch.record(0);
  EXPECT_EQ(first.topic, "in");
  EXPECT_EQ(first.partition, Partition{0});
  EXPECT_EQ(first.offset, Offset{0});
  EXPECT_EQ(first.timestamp.ms, 1234);
  EXPECT_EQ(first.key, "k");
  EXPECT_EQ(first.value, "one");
  const auto headers = batch.headers_of(0);
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].name, "a");
  EXPECT_EQ(headers[0].value, "x");
  EXPECT_FALSE(headers[1].value) << "a null header value is not an empty one";
  EXPECT_EQ(headers[2].value, "");
  EXPECT_FALSE(batch.record(1).value) << "a tombstone is not an empty value";
  EXPECT_EQ(batch.record(2).value, "");
  EXPECT_EQ(batch.record(2).key, "");
  EXPECT_TRUE(batch.headers_of(1).empty());
  EXPECT_GT(batch.pinned_bytes(), 4U + 1U + 3 * 100)
      << "what the client allocates for a record counts too";
}

TEST_F(KafkaSourceTest, A_commit_is_where_the_next_member_goes_on) {
  produce(cluster->bootstrap(), "in",
          {{.value = "0", .partition = 0},
           {.value = "1", .partition = 0},
           {.value = "2", .partition = 0}});
  Batch batch;
  std::vector<test::TestMessage> got;
  {
    KafkaSource source(options());
    ASSERT_TRUE(source.open(waker, listener));
    ASSERT_TRUE(read(source, 3, got, batch));
    const TopicPartitionOffset next{{"in", {0}}, {2}};
    EXPECT_TRUE(source.commit({&next, 1}, true));
    batch.reset();
  }
  got.clear();
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  ASSERT_TRUE(read(source, 1, got, batch));
  EXPECT_EQ(got[0].value, "2");
  EXPECT_EQ(got.size(), 1U);
}

TEST_F(KafkaSourceTest, Limits_bound_a_batch_and_lose_nothing) {
  std::vector<test::TestMessage> messages(100, {.value = std::string(1000, 'x'), .partition = 0});
  produce(cluster->bootstrap(), "in", messages);
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  std::set<std::int64_t> offsets;
  ASSERT_TRUE(eventually([&] {
    source.serve();
    Batch batch;
    const std::size_t n = source.drain(batch, {.records = 7, .bytes = 2500});
    EXPECT_LE(n, 2U);
    EXPECT_EQ(n, batch.size());
    for (const SourceRecord& r : batch.records()) offsets.insert(r.offset.value);
    return offsets.size() == 100;
  }));
  Batch batch;
  produce(cluster->bootstrap(), "in", {{.value = std::string(5000, 'y'), .partition = 0}});
  EXPECT_TRUE(eventually([&] { return source.drain(batch, {.records = 7, .bytes = 100}) == 1; }))
      << "one record is always taken";
}

TEST_F(KafkaSourceTest, The_waker_is_woken_when_something_arrives_and_not_otherwise) {
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  ASSERT_TRUE(eventually([&] { return source.serve(), listener.held.size() == 2; }));
  Batch batch;
  std::size_t drained = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(eventually([&] {  // drained and silent
      source.serve();
      (void)source.drain(batch, {});
      return !waker.woken();
    }));
    produce(cluster->bootstrap(), "in", {{.value = "x", .partition = i % 2}});
    ASSERT_TRUE(eventually([&] { return waker.woken(); }, 5s))
        << "a wake was lost at message " << i;
    ASSERT_TRUE(eventually([&] {
      return source.serve(), drained += source.drain(batch, {}),
             drained == static_cast<std::size_t>(i + 1);
    }));
  }
}

TEST_F(KafkaSourceTest, Seek_delivers_again_from_the_offset_and_nothing_queued_before) {
  std::vector<test::TestMessage> messages;
  for (int i = 0; i < 50; ++i) messages.push_back({.value = std::to_string(i), .partition = 0});
  produce(cluster->bootstrap(), "in", messages);
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  Batch batch;
  ASSERT_TRUE(eventually([&] {
    return source.serve(), (void)source.drain(batch, {.records = 20}), batch.size() >= 20;
  }));
  const TopicPartitionOffset back{{"in", {0}}, {5}};
  ASSERT_TRUE(source.seek({&back, 1}));
  std::vector<test::TestMessage> got;
  ASSERT_TRUE(read(source, 45, got, batch));
  ASSERT_EQ(got.size(), 45U);
  for (int i = 0; i < 45; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)].offset, i + 5);
}

TEST_F(KafkaSourceTest, An_offset_out_of_range_is_fatal_and_says_what_to_do) {
  produce(cluster->bootstrap(), "in",
          {{.value = "0", .partition = 0},
           {.value = "1", .partition = 0},
           {.value = "2", .partition = 0}});
  Batch batch;
  {
    KafkaSource source(options());
    std::vector<test::TestMessage> got;
    ASSERT_TRUE(source.open(waker, listener));
    ASSERT_TRUE(read(source, 3, got, batch));
    const TopicPartitionOffset far{{"in", {0}}, {4000}};
    EXPECT_TRUE(source.commit({&far, 1}, true));
    batch.reset();
  }
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  ASSERT_TRUE(eventually([&] {
    source.serve();
    (void)source.drain(batch, {});
    return listener.count(Code::offset_out_of_range) > 0;
  }));
  const std::string text = listener.errors.back().message();
  EXPECT_EQ(listener.errors.back().retry(), Retry::fatal);
  for (const char* part : {"in[0]", "4000", "0 to 3", "--reset-offsets"})
    EXPECT_NE(text.find(part), text.npos) << text;
  EXPECT_EQ(batch.size(), 0U) << "neither skipped nor read again";
}

TEST_F(KafkaSourceTest, A_missing_topic_is_an_error_at_open_with_a_suggestion) {
  ASSERT_TRUE(cluster->create_topic("incoming_tweet", 1));
  KafkaSourceOptions o = options();
  o.topics = {"incoming_tweets"};
  KafkaSource source(o);
  const Status s = source.open(waker, listener);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code(), Code::topic_missing);
  EXPECT_NE(s.error().message().find("Did you mean 'incoming_tweet'?"), std::string::npos)
      << s.error().message();
}

TEST_F(KafkaSourceTest, A_broker_that_is_not_there_is_said_once_and_open_may_be_called_again) {
  KafkaSourceOptions o = options();
  o.kafka = *kafka::make_config(kafka::Pairs{{"bootstrap.servers", "127.0.0.1:1"}});
  o.open_timeout = 600ms;
  KafkaSource source(o);
  for (int i = 0; i < 3; ++i) {
    const Status s = source.open(waker, listener);
    ASSERT_FALSE(s);
    EXPECT_EQ(s.error().code(), Code::broker_unreachable) << s.error().message();
    EXPECT_NE(s.error().message().find("127.0.0.1:1"), std::string::npos);
  }
  EXPECT_LE(lines.count(kafka::LogLevel::warn), 1U);
}

TEST_F(KafkaSourceTest, A_broker_that_goes_away_is_told_once_and_reading_goes_on_when_it_is_back) {
  KafkaSourceOptions o = options();
  // The outage must be shorter than the session, or everything is read again.
  o.kafka = *kafka::make_config(
      kafka::Pairs{{"bootstrap.servers", cluster->bootstrap()}, {"fetch.wait.max.ms", "5"}});
  KafkaSource source(o);
  ASSERT_TRUE(source.open(waker, listener));
  produce(cluster->bootstrap(), "in", {{.value = "before", .partition = 0}});
  Batch batch;
  std::vector<test::TestMessage> got;
  ASSERT_TRUE(read(source, 1, got, batch));
  rd_kafka_mock_broker_set_down(cluster->mock(), 1);
  ASSERT_TRUE(
      eventually([&] { return source.serve(), listener.count(Code::broker_unreachable) > 0; }));
  const auto quiet = std::chrono::steady_clock::now() + 500ms;
  (void)eventually([&] { return source.serve(), std::chrono::steady_clock::now() > quiet; });
  EXPECT_EQ(listener.count(Code::broker_unreachable), 1U);
  rd_kafka_mock_broker_set_up(cluster->mock(), 1);
  produce(cluster->bootstrap(), "in", {{.value = "after", .partition = 0}});
  ASSERT_TRUE(read(source, 2, got, batch));
  EXPECT_EQ(got[1].value, "after");
  EXPECT_EQ(lines.count(kafka::LogLevel::info, "answers again"), 1U);
}

TEST_F(KafkaSourceTest, Lost_partitions_are_told_as_lost_and_never_committed) {
  produce(cluster->bootstrap(), "in", {{.value = "0", .partition = 0}});
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  Batch batch;
  std::vector<test::TestMessage> got;
  ASSERT_TRUE(read(source, 1, got, batch));
  listener.on_lost = [&](auto) {
    const TopicPartitionOffset next{{"in", {0}}, {1}};
    EXPECT_TRUE(source.commit({&next, 1}, true)) << "ignored, not an error";
  };
  rd_kafka_mock_clear_requests(cluster->mock());
  rd_kafka_mock_start_request_tracking(cluster->mock());
  rd_kafka_mock_push_request_errors(cluster->mock(), 12 /* Heartbeat */, 1,
                                    RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
  ASSERT_TRUE(eventually([&] { return source.serve(), listener.lost_partitions.size() == 2; }));
  EXPECT_TRUE(listener.revoked_partitions.empty());
  // It joins again by itself, and reads again what was not committed.
  ASSERT_TRUE(read(source, 2, got, batch));
  EXPECT_EQ(got[1].offset, 0);
  std::size_t count = 0;
  rd_kafka_mock_request_t** requests = rd_kafka_mock_get_requests(cluster->mock(), &count);
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_NE(rd_kafka_mock_request_api_key(requests[i]), 8) << "OffsetCommit";
  rd_kafka_mock_request_destroy_array(requests, count);
}

TEST_F(KafkaSourceTest, A_commit_that_fails_for_a_while_is_sent_again_by_itself) {
  produce(cluster->bootstrap(), "in", {{.value = "0", .partition = 0}});
  Batch batch;
  std::vector<test::TestMessage> got;
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  ASSERT_TRUE(read(source, 1, got, batch));
  // One that librdkafka does not try again by itself.
  rd_kafka_mock_push_request_errors(cluster->mock(), 8 /* OffsetCommit */, 1,
                                    RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE);
  const TopicPartitionOffset next{{"in", {0}}, {1}};
  EXPECT_TRUE(source.commit({&next, 1}, false));
  const kafka::ListHandle list = kafka::make_list();
  kafka::add(*list, "in", {0});
  EXPECT_TRUE(eventually([&] {
    source.serve();
    rd_kafka_committed(source.client(), list.get(), 1000);
    return list->elems[0].offset == 1;
  }));
}

TEST_F(KafkaSourceTest, A_starting_point_whose_commit_failed_is_committed_by_itself) {
  produce(cluster->bootstrap(), "in",
          {{.value = "0", .partition = 0}, {.value = "1", .partition = 0}});
  rd_kafka_mock_push_request_errors(cluster->mock(), 8 /* OffsetCommit */, 1,
                                    RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE);
  KafkaSource source(options({Start::Kind::latest, {}}));
  ASSERT_TRUE(source.open(waker, listener));
  const kafka::ListHandle list = kafka::make_list();
  kafka::add(*list, "in", {0});
  kafka::add(*list, "in", {1});
  EXPECT_TRUE(eventually([&] {
    source.serve();
    rd_kafka_committed(source.client(), list.get(), 1000);
    return list->elems[0].offset == 2 && list->elems[1].offset == 0;
  })) << list->elems[0].offset
      << " " << list->elems[1].offset << ": a restart would begin at a later end";
}

TEST_F(KafkaSourceTest, A_starting_point_whose_commit_failed_is_committed_when_the_partition_goes) {
  produce(cluster->bootstrap(), "in", {{.value = "0", .partition = 0}});
  KafkaSource source(options({Start::Kind::latest, {}}));
  rd_kafka_mock_push_request_errors(cluster->mock(), 8 /* OffsetCommit */, 1,
                                    RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE);
  ASSERT_TRUE(source.open(waker, listener));
  ASSERT_TRUE(eventually([&] { return source.serve(), listener.held.size() == 2; }));
  listener.on_revoked = [&](auto) { EXPECT_TRUE(source.commit({}, true)); };
  source.close();
  KafkaSource next(options({Start::Kind::latest, {}}));
  produce(cluster->bootstrap(), "in", {{.value = "between", .partition = 0}});
  ASSERT_TRUE(next.open(waker, listener));
  Batch batch;
  std::vector<test::TestMessage> got;
  ASSERT_TRUE(read(next, 1, got, batch)) << "skipped";
  EXPECT_EQ(got[0].value, "between");
}

TEST_F(KafkaSourceTest,
       Records_among_the_events_are_neither_lost_nor_repeated_nor_let_in_unbounded) {
  const auto send = [&](int first, int count) {
    std::vector<test::TestMessage> messages;
    for (int n = first; n < first + count; ++n)
      messages.push_back({.value = std::to_string(n), .partition = 0});
    produce(cluster->bootstrap(), "in", messages);
  };
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  send(0, 3);
  Batch batch;
  std::vector<test::TestMessage> got;
  ASSERT_TRUE(read(source, 3, got, batch));
  {
    const kafka::QueueHandle queue(rd_kafka_queue_get_partition(source.client(), "in", 0));
    const kafka::QueueHandle events(rd_kafka_queue_get_consumer(source.client()));
    rd_kafka_queue_forward(queue.get(), events.get());
  }
  send(3, 20);
  // Without draining: later ones wait in librdkafka, on the right queue again.
  ASSERT_TRUE(eventually(
      [&] { return source.serve(), lines.count(kafka::LogLevel::info, "among the events") == 1; }));
  send(23, 20);
  ASSERT_TRUE(read(source, 43, got, batch));
  ASSERT_EQ(got.size(), 43U);
  for (int n = 0; n < 43; ++n) EXPECT_EQ(got[static_cast<std::size_t>(n)].offset, n);
  EXPECT_EQ(lines.count(kafka::LogLevel::info, "among the events"), 1U);
}

TEST_F(KafkaSourceTest, A_stop_ends_the_waiting_for_a_broker) {
  std::stop_source stop;
  KafkaSourceOptions o = options();
  // It takes connections and never answers.
  rd_kafka_mock_broker_set_rtt(cluster->mock(), 1, 60000);
  o.stop = stop.get_token();
  KafkaSource source(o);
  const auto began = std::chrono::steady_clock::now();
  std::jthread stopper([&] {
    (void)eventually([&] { return std::chrono::steady_clock::now() - began > 300ms; });
    stop.request_stop();
  });
  const Status opened = source.open(waker, listener);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s) << "the broker answers after 60 s";
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::stopped);
}

TEST_F(KafkaSourceTest,
       A_stop_before_or_during_the_lookup_of_committed_offsets_does_not_wait_for_it) {
  for (const auto after : {0ms, 300ms}) {
    KafkaSourceOptions o = options();
    o.group = test::unique("g");
    std::stop_source stop;
    o.stop = stop.get_token();
    KafkaSource source(o);
    ASSERT_TRUE(source.open(waker, listener));
    // The coordinator takes its time over OffsetFetch; the lookup would wait ten seconds.
    rd_kafka_mock_broker_push_request_error_rtts(cluster->mock(), 1, 9, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, 60000);
    std::jthread stopper;
    if (after == 0ms) {
      stop.request_stop();
    } else {
      stopper = std::jthread([&] { std::this_thread::sleep_for(after), stop.request_stop(); });
    }
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually([&] { return source.serve(), listener.held.size() == 2; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 9s) << after.count() << " ms";
    EXPECT_TRUE(listener.errors.empty()) << listener.errors[0].message();
    source.close();
    EXPECT_TRUE(listener.held.empty());
  }
}

TEST_F(KafkaSourceTest, The_broker_named_is_the_one_this_client_was_given) {
  KafkaSourceOptions o = options();
  o.kafka = *kafka::make_config({{"bootstrap.servers", "127.0.0.1:1", {}, false}},
                                {{"bootstrap.servers", "127.0.0.1:2", {}, false}});
  KafkaSource source(o);
  const Status opened = source.open(waker, listener);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("127.0.0.1:2"), std::string::npos)
      << opened.error().message();
}

TEST_F(KafkaSourceTest, The_lag_is_what_lies_between_the_reader_and_the_end) {
  produce(cluster->bootstrap(), "in",
          std::vector<test::TestMessage>(10, {.value = "x", .partition = 1}));
  KafkaSource source(options());
  ASSERT_TRUE(source.open(waker, listener));
  Batch batch;
  std::vector<Lag> lags;
  ASSERT_TRUE(eventually([&] { return source.serve(), source.drain(batch, {.records = 4}) == 4; }));
  source.lag(lags);
  ASSERT_EQ(lags.size(), 2U);
  EXPECT_EQ(lags[1].at, (TopicPartition{"in", {1}}));
  EXPECT_EQ(lags[1].records, 6);
}

TEST_F(KafkaSourceTest, A_dry_run_reads_from_start_to_the_end_and_ends_without_a_group) {
  produce(cluster->bootstrap(), "in",
          {{.value = "0", .partition = 0},
           {.value = "1", .partition = 1},
           {.value = "2", .partition = 1}});
  KafkaSourceOptions o = options();
  o.dry_run = DryRun{};
  KafkaSource source(o);
  rd_kafka_mock_start_request_tracking(cluster->mock());
  ASSERT_TRUE(source.open(waker, listener));
  std::vector<test::TestMessage> got;
  Batch batch;
  ASSERT_TRUE(read(source, 3, got, batch));
  ASSERT_TRUE(
      eventually([&] { return source.serve(), (void)source.drain(batch, {}), source.ended(); }));
  const TopicPartitionOffset next{{"in", {0}}, {1}};
  EXPECT_TRUE(source.commit({&next, 1}, true));
  source.close();
  std::size_t count = 0;
  rd_kafka_mock_request_t** requests = rd_kafka_mock_get_requests(cluster->mock(), &count);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_NE(rd_kafka_mock_request_api_key(requests[i]), 8) << "OffsetCommit";
    EXPECT_NE(rd_kafka_mock_request_api_key(requests[i]), 11) << "JoinGroup";
  }
  rd_kafka_mock_request_destroy_array(requests, count);
}

TEST_F(KafkaSourceTest, A_dry_run_ends_at_its_limit) {
  produce(cluster->bootstrap(), "in",
          std::vector<test::TestMessage>(30, {.value = "x", .partition = 0}));
  KafkaSourceOptions o = options();
  o.dry_run = DryRun{.limit = 7};
  KafkaSource source(o);
  ASSERT_TRUE(source.open(waker, listener));
  std::vector<test::TestMessage> got;
  Batch batch;
  ASSERT_TRUE(read(source, 7, got, batch));
  EXPECT_EQ(got.size(), 7U);
  EXPECT_TRUE(source.ended());
  EXPECT_EQ(source.drain(batch, {}), 0U);
}

TEST_F(KafkaSourceTest, Closing_without_a_broker_takes_no_longer_than_said) {
  KafkaSourceOptions o = options();
  o.close_timeout = 500ms;
  auto source = std::make_unique<KafkaSource>(o);
  ASSERT_TRUE(source->open(waker, listener));
  ASSERT_TRUE(eventually([&] { return source->serve(), listener.held.size() == 2; }));
  rd_kafka_mock_broker_set_down(cluster->mock(), 1);
  const auto began = std::chrono::steady_clock::now();
  source->close();
  source->close();
  source.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
}

TEST_F(KafkaSourceTest, Properties_that_contradict_each_other_are_a_configuration_error) {
  KafkaSourceOptions o = options();
  o.kafka = *kafka::make_config(kafka::Pairs{{"bootstrap.servers", cluster->bootstrap()},
                                             {"group.protocol", "consumer"},
                                             {"session.timeout.ms", "6000"}});
  KafkaSource source(o);
  const Status s = source.open(waker, listener);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code(), Code::config_invalid);
  EXPECT_NE(s.error().message().find("session.timeout.ms"), std::string::npos)
      << s.error().message();
}

TEST(ConsumerDefaults,
     A_member_hears_of_a_rebalance_within_half_a_second_or_a_third_of_its_session) {
  const auto heartbeat = [](kafka::Pairs settings) {
    settings.emplace_back("bootstrap.servers", "nowhere:9092");
    KafkaSourceOptions o;
    o.kafka = *kafka::make_config(settings);
    for (const auto& [name, value] : consumer_defaults(o)) {
      if (name == "heartbeat.interval.ms") return value;
    }
    return std::string("none");
  };
  EXPECT_EQ(heartbeat({}), "500");
  EXPECT_EQ(heartbeat({{"session.timeout.ms", "120000"}}), "500");
  EXPECT_EQ(heartbeat({{"session.timeout.ms", "900"}}), "300");
  EXPECT_EQ(heartbeat({{"group.protocol", "consumer"}}), "none") << "the broker's to choose";
}

TEST(ConsumerDefaults, A_static_member_shares_out_by_range_unless_it_is_told_otherwise) {
  const auto strategy = [](kafka::Pairs settings) {
    settings.emplace_back("bootstrap.servers", "nowhere:9092");
    return assignment_strategy(*kafka::make_config(settings));
  };
  EXPECT_EQ(strategy({}), "cooperative-sticky");
  EXPECT_EQ(strategy({{"group.instance.id", "rack-7"}}), "range");
  EXPECT_EQ(strategy({{"group.instance.id", "rack-7"},
                      {"partition.assignment.strategy", "cooperative-sticky"}}),
            "cooperative-sticky");
}

TEST(CommitMetadata, Carries_the_number_of_partitions_there_were) {
  const kafka::ListHandle list = kafka::make_list();
  auto& p = kafka::add(*list, "in", {0});
  set_commit_metadata(p, 12);
  EXPECT_EQ(partitions_in_metadata({static_cast<const char*>(p.metadata), p.metadata_size}), 12);
  EXPECT_EQ(partitions_in_metadata("somebody else's"), -1);
  EXPECT_EQ(partitions_in_metadata(""), -1);
  EXPECT_EQ(partitions_in_metadata("thalweg:partitions=x"), -1);
}

}  // namespace
}  // namespace thalweg
