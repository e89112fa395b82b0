// What is written beside the outputs: it arrives, or it is counted, and it never waits in the way of anybody.
#include "run/side_topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/memory_sink.h"

namespace thalweg {
namespace {

using ::testing::ElementsAre;

// A memory sink whose broker may be away, or whose topics may come later.
class ScriptedSink final : public Sink {
 public:
  MemorySink inner;
  std::optional<Error> failure;  // of add_target
  int asked = 0;

  Result<std::uint16_t> add_target(const std::string& topic) override {
    ++asked;
    if (failure) return *failure;
    return inner.add_target(topic);
  }
  Status send(OutputRecord& output) override { return inner.send(output); }
  std::size_t poll() override { return inner.poll(); }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  Status flush(std::chrono::milliseconds timeout) override { return inner.flush(timeout); }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }
  void abandon() override { inner.abandon(); }
};

class SideTopicsTest : public testing::Test {
 protected:
  void open(SideOptions options = {}) {
    options.pipeline = "p";
    options.what = "answers";
    side_ = std::make_unique<SideTopics>(std::move(options), log_);
    side_->open(
        [this]() -> Result<std::unique_ptr<Sink>> {
          auto made = std::make_unique<ScriptedSink>();
          sink_ = made.get();
          sink_->failure = failure_;
          return std::unique_ptr<Sink>(std::move(made));
        },
        true);
  }
  static SideRecord record(const std::string& topic, const std::string& value) {
    return {.topic = topic, .key = "k", .value = value, .header = "id=1", .timestamp = {17}};
  }
  std::vector<std::string> values(const std::string& topic) const {
    std::vector<std::string> all;
    for (const SentRecord& sent : sink_->inner.acknowledged(topic)) all.push_back(*sent.value);
    return all;
  }
  SideTopics::Counts of(const std::string& topic) const {
    for (const auto& one : side_->counts())
      if (one.topic == topic) return one;
    return {};
  }

  Log log_{LogLevel::error, LogFormat::json};
  std::optional<Error> failure_;
  ScriptedSink* sink_ = nullptr;  // side_'s
  std::unique_ptr<SideTopics> side_;
};

TEST_F(SideTopicsTest, A_record_has_its_key_its_header_and_its_time) {
  open();
  ASSERT_TRUE(side_->put(record("a", "1")));
  side_->tick();
  const auto sent = sink_->inner.acknowledged("a");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].value, "1");
  EXPECT_EQ(sent[0].key, "k");
  EXPECT_EQ(sent[0].header("thalweg"), "id=1");
  EXPECT_EQ(sent[0].timestamp.ms, 17);
  EXPECT_EQ(of("a").written, 1U);
  EXPECT_EQ(side_->queued_bytes(), 0U);
}

TEST_F(SideTopicsTest, A_full_queue_loses_what_comes_and_has_room_again_after_acknowledgements) {
  open({.bytes_max = 2000});
  const std::string large(600, 'x');
  side_->put(record("a", "first"));
  side_->tick();
  sink_->inner.cork();
  int taken = 0;
  while (side_->put(record("a", large))) {
    ++taken;
    side_->tick();
  }
  EXPECT_GT(taken, 0);
  EXPECT_LE(side_->queued_bytes(), 2000U) << "what is under way counts";
  EXPECT_EQ(side_->lost(), 1U);
  sink_->inner.uncork();
  side_->tick();
  EXPECT_TRUE(side_->put(record("a", large)));
  side_->tick();
  EXPECT_EQ(values("a").size(), static_cast<std::size_t>(taken) + 2);
  EXPECT_EQ(of("a").lost, 1U);
}

TEST_F(SideTopicsTest, A_topic_that_is_not_there_loses_its_own_records_until_it_is) {
  open({.look_again = std::chrono::milliseconds(0)});
  side_->put(record("there", "0"));
  side_->tick();
  sink_->failure = Error(Code::topic_missing, "it is not there");
  side_->put(record("gone", "1"));
  side_->put(record("there", "2"));
  side_->tick();
  EXPECT_THAT(values("there"), ElementsAre("0", "2"));
  EXPECT_EQ(of("gone").lost, 1U);
  EXPECT_EQ(of("there").lost, 0U);
  EXPECT_EQ(side_->queued_bytes(), 0U);
  sink_->failure.reset();
  side_->put(record("gone", "3"));
  side_->tick();
  EXPECT_THAT(values("gone"), ElementsAre("3"));
}

TEST_F(SideTopicsTest, A_topic_is_looked_for_again_only_after_a_while) {
  open({.look_again = std::chrono::hours(1)});
  failure_ = Error(Code::topic_missing, "it is not there");
  for (int i = 0; i < 5; ++i) {
    side_->put(record("gone", "1"));
    side_->tick();
  }
  EXPECT_EQ(sink_->asked, 1);
  EXPECT_EQ(side_->lost(), 5U);
}

TEST_F(SideTopicsTest, A_broker_that_is_away_is_waited_for) {
  open({.look_again = std::chrono::milliseconds(0)});
  failure_ = Error(Code::broker_unreachable, "nobody answers");
  side_->put(record("a", "1"));
  side_->put(record("a", "2"));
  side_->tick();
  EXPECT_EQ(side_->lost(), 0U);
  EXPECT_GT(side_->queued_bytes(), 0U);
  sink_->failure.reset();
  side_->tick();
  EXPECT_THAT(values("a"), ElementsAre("1", "2"));
}

TEST_F(SideTopicsTest, A_topic_of_the_pipeline_itself_is_never_written) {
  open({.forbidden = {"in"}});
  side_->put(record("in", "1"));
  side_->tick();
  EXPECT_TRUE(values("in").empty());
  EXPECT_EQ(of("in").lost, 1U);
}

TEST_F(SideTopicsTest, What_a_broker_refuses_is_lost_and_counted) {
  open();
  side_->put(record("a", "0"));
  side_->tick();
  sink_->inner.fail_if([](const SentRecord&) { return Error(Code::output_refused, "too large"); });
  side_->put(record("a", "1"));
  side_->tick();
  EXPECT_EQ(of("a").written, 1U);
  EXPECT_EQ(of("a").lost, 1U);
}

TEST_F(SideTopicsTest, At_the_end_what_was_not_acknowledged_is_counted_as_lost) {
  open();
  side_->put(record("a", "0"));
  side_->tick();
  sink_->inner.cork();
  side_->put(record("a", "1"));
  side_->tick();
  side_->put(record("a", "2"));
  side_->close();
  EXPECT_FALSE(side_->put(record("a", "3")));
  EXPECT_EQ(of("a").written, 1U);
  EXPECT_EQ(of("a").lost, 3U);
  EXPECT_EQ(side_->queued_bytes(), 0U);
}

TEST_F(SideTopicsTest, A_topic_that_is_demanded_must_be_there) {
  failure_ = Error(Code::topic_missing, "it is not there");
  open();
  EXPECT_FALSE(side_->demand("a").ok());
  sink_->failure.reset();
  EXPECT_TRUE(side_->demand("a").ok());
}

TEST_F(SideTopicsTest, A_thread_of_its_own_sends_while_others_put) {
  Log log(LogLevel::error, LogFormat::json);
  MemorySink* sink = nullptr;
  SideTopics side({.pipeline = "p", .what = "answers"}, log);
  side.open(
      [&]() -> Result<std::unique_ptr<Sink>> {
        auto made = std::make_unique<MemorySink>();
        sink = made.get();
        return std::unique_ptr<Sink>(std::move(made));
      },
      false);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) side.put(record("a", std::to_string(i)));
      });
    side.tick();
  }
  side.tick();
  const auto written = [&] {
    const auto counts = side.counts();
    return counts.empty() ? 0 : counts.front().written;
  };
  while (written() < 3000) std::this_thread::yield();
  EXPECT_EQ(side.lost(), 0U);
  side.close();
}

}  // namespace
}  // namespace thalweg
