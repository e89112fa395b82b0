// The control topic on a real broker.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/change.h"
#include "control/controller.h"
#include "control/fake_models.h"
#include "control/kafka_log.h"
#include "kafka/admin.h"
#include "support/mock_cluster.h"

namespace thalweg::control {
namespace {

using namespace std::chrono_literals;
using test::FakeModel;
using ::testing::HasSubstr;
using thalweg::test::eventually;

class WallClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const noexcept override {
    return {std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
  }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
};

class ControlLogBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    brokers = thalweg::test::real_broker();
    if (brokers.empty())
      GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker; script/test starts one";
    topic = thalweg::test::unique("control");
  }
  KafkaLogOptions options(bool create = true) {
    KafkaLogOptions o;
    o.kafka = *kafka::make_config(kafka::Pairs{{"bootstrap.servers", brokers}});
    o.topic = topic;
    o.audit_topic = topic + ".audit";
    o.client_id = "test";
    if (create) o.create_missing = kafka::TopicSpec{};
    o.log = [](kafka::LogLevel, std::string_view) {};
    return o;
  }
  ChangeRequest version(const std::string& model, const std::string& v) {
    ChangeRequest request;
    request.pipeline = "p";
    request.model = model;
    request.action = "route";
    request.by = "ann";
    request.change = [v](const DesiredModel& now,
                         const Wanted&) -> Result<std::optional<DesiredModel>> {
      return std::optional(*with_version(now, "", v));
    };
    return request;
  }
  std::string brokers, topic;
  WallClock clock;
};

TEST_F(ControlLogBroker, What_is_appended_is_read_by_everybody_with_its_offset) {
  KafkaLog one(options()), two(options(false));
  ASSERT_TRUE(one.open().ok());
  EXPECT_TRUE(one.read_to_end()->empty());
  const auto first = one.append("p/m", "a");
  ASSERT_TRUE(first.ok()) << first.error().message();
  EXPECT_EQ(*first, 0);
  EXPECT_EQ(*one.append("p/m", std::nullopt), 1);
  ASSERT_TRUE(one.audit("p/m", "line").ok());
  const Status opened = two.open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  const auto all = two.read_to_end();
  ASSERT_TRUE(all.ok()) << all.error().message();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].value, "a");
  EXPECT_EQ((*all)[1].value, std::nullopt);
  EXPECT_EQ((*all)[1].offset, 1);
  ASSERT_TRUE(one.post("~process/p/x", "b").ok());
  std::vector<LogEntry> news;
  EXPECT_TRUE(eventually([&] {
    auto came = two.follow(100ms);
    if (came) news.insert(news.end(), came->begin(), came->end());
    return !news.empty();
  }));
  EXPECT_EQ(news[0].key, "~process/p/x");
}

TEST_F(ControlLogBroker, A_history_in_a_compacted_topic_is_refused) {
  auto admin = kafka::Admin::make(options().kafka);
  ASSERT_TRUE(admin.ok());
  ASSERT_TRUE(admin->create({topic + ".audit", 1, 1, {{"cleanup.policy", "compact"}}}, 10s).ok());
  KafkaLog log(options());
  const Status opened = log.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("control.audit_topic: expected '" + topic));
  EXPECT_THAT(opened.error().message(), HasSubstr("cleanup.policy=delete"));
}

TEST_F(ControlLogBroker, The_topic_is_made_compacted_and_another_kind_is_refused) {
  KafkaLog log(options());
  ASSERT_TRUE(log.open().ok());
  auto admin = kafka::Admin::make(options().kafka);
  ASSERT_TRUE(admin.ok());
  EXPECT_EQ(*kafka::topic_setting(admin->client(), topic, "cleanup.policy", 10s), "compact");
  EXPECT_EQ(*kafka::topic_setting(admin->client(), topic + ".audit", "cleanup.policy", 10s),
            "delete");
  const std::string wide = thalweg::test::unique("wide"), plain = thalweg::test::unique("plain");
  ASSERT_TRUE(admin->create({wide, 2, 1, {{"cleanup.policy", "compact"}}}, 10s).ok());
  ASSERT_TRUE(admin->create({plain, 1, 1, {}}, 10s).ok());
  for (const auto& [name, why] : {std::pair{wide, "one partition"}, {plain, "cleanup.policy"}}) {
    KafkaLogOptions wrong = options();
    wrong.topic = name;
    KafkaLog refused(std::move(wrong));
    const Status s = refused.open();
    ASSERT_FALSE(s.ok());
    EXPECT_THAT(s.error().message(), HasSubstr(why));
  }
  KafkaLogOptions missing = options(false);
  missing.topic = thalweg::test::unique("missing");
  KafkaLog nothing(std::move(missing));
  EXPECT_EQ(nothing.open().error().code(), Code::topic_missing);
}

// One process with its own clients and its own thread.
struct Member {
  Member(KafkaLogOptions options, const std::string& id, const Clock& clock)
      : log(std::move(options)), desk(log, clock) {
    ControllerOptions o;
    o.pipeline = "p";
    o.process = id;
    o.alive = 3s;
    controller = std::make_unique<Controller>(std::move(o), desk,
                                              std::vector<ControlledModel*>{&a, &b}, clock);
  }
  Status begin() {
    if (Status s = log.open(); !s) return s;
    if (Status s = controller->begin(); !s) return s;
    controller->start();
    return {};
  }
  FakeModel a{"a"}, b{"b"};
  KafkaLog log;
  Desk desk;
  std::unique_ptr<Controller> controller;
};

TEST_F(ControlLogBroker, Two_processes_with_two_models_converge) {
  KafkaLog people_log(options());
  ASSERT_TRUE(people_log.open().ok());
  Desk people(people_log, clock);
  Member one(options(), "one", clock), two(options(), "two", clock);
  ASSERT_TRUE(one.begin().ok());
  ASSERT_TRUE(two.begin().ok());
  // Both know each other.
  ASSERT_TRUE(eventually([&] {
    return one.controller->counts().processes == 2 && two.controller->counts().processes == 2;
  }));
  for (int round = 0; round < 5; ++round) {
    const auto began = std::chrono::steady_clock::now();
    const std::string v = std::to_string(round + 2);
    ASSERT_TRUE(people.change(version("a", v)).ok());
    auto changed = people.change(version("b", v));
    ASSERT_TRUE(changed.ok()) << changed.error().message();
    EXPECT_TRUE(changed->warning.empty()) << changed->warning;
    const auto all = [&] {
      if (!people.refresh()) return false;
      for (const char* model : {"a", "b"}) {
        const StatusQuestion q{"p", model, {}, clock.monotonic(), 3s};
        if (!people.look([&](const Board& board) { return converged(board, q); })) return false;
      }
      return true;
    };
    ASSERT_TRUE(eventually(all, 10s));
    const auto took = std::chrono::steady_clock::now() - began;
    RecordProperty(
        "converged_ms_" + v,
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  }
}

TEST_F(ControlLogBroker, A_newcomer_reads_the_same_state_when_only_the_last_words_are_left) {
  // Segments of a few records, cleaned as soon as the broker's cleaner comes round.
  auto admin = kafka::Admin::make(options().kafka);
  ASSERT_TRUE(admin.ok());
  ASSERT_TRUE(admin
                  ->create({topic,
                            1,
                            1,
                            {{"cleanup.policy", "compact"},
                             {"segment.ms", "100"},
                             {"min.cleanable.dirty.ratio", "0.001"},
                             {"max.compaction.lag.ms", "100"},
                             {"delete.retention.ms", "100"}}},
                           10s)
                  .ok());
  KafkaLog log(options());
  ASSERT_TRUE(log.open().ok());
  Desk desk(log, clock);
  ChangeRequest reset = version("b", "");
  reset.change = [](const DesiredModel&, const Wanted&) -> Result<std::optional<DesiredModel>> {
    return std::optional<DesiredModel>();
  };
  std::int64_t epoch = -1;
  for (int i = 0; i < 30; ++i) epoch = desk.change(version("a", std::to_string(i)))->epoch;
  ASSERT_TRUE(desk.change(version("b", "7")).ok());
  ASSERT_TRUE(desk.change(reset)->written);
  ASSERT_TRUE(desk.pause("p", true, "ann", "").ok());
  // What is left for a newcomer. A word more each time, since a segment is closed by the next one.
  std::vector<LogEntry> left;
  ASSERT_TRUE(eventually(
      [&] {
        if (!log.post("~process/p/gone", "{\"format\":1,\"pid\":1}")) return false;
        KafkaLog late(options());
        if (!late.open()) return false;
        auto entries = late.read_to_end();
        if (!entries) return false;
        left = *std::move(entries);
        const auto of = [&](std::string_view key) {
          return std::count_if(left.begin(), left.end(),
                               [&](const LogEntry& e) { return e.key == key; });
        };
        return of("p/a") == 1 && of("p/b") == 0;
      },
      120s))
      << left.size() << " entries are left";
  EXPECT_EQ(left.front().offset, epoch) << "the 29 before it are gone, and its epoch is the same";

  KafkaLog late(options());
  ASSERT_TRUE(late.open().ok());
  Desk newcomer(late, clock);
  ASSERT_TRUE(newcomer.refresh().ok());
  const Wanted wanted = newcomer.look([](const Board& b) { return b.model("p", "a"); });
  EXPECT_EQ(wanted.epoch, epoch);
  EXPECT_EQ(wanted.record->state.variants.front().version, "29");
  EXPECT_EQ(wanted.record->before->state.variants.front().version, "28");
  EXPECT_FALSE(newcomer.look([](const Board& b) { return b.model("p", "b"); }).record)
      << "also without its tombstone: the pipeline file's";
  EXPECT_TRUE(newcomer.look([](const Board& b) { return b.paused("p"); }));
}

}  // namespace
}  // namespace thalweg::control
