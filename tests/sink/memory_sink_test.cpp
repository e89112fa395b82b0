// The fake sink of the tests must itself keep the port's promises.
#include "sink/memory_sink.h"

#include <deque>

#include <gtest/gtest.h>

#include "support/mock_cluster.h"

namespace thalweg {
namespace {

struct Fixture {
  Fixture() { EXPECT_TRUE(sink.add_target("out")); }
  OutputRecord& output(std::string_view value) {
    outputs.emplace_back();
    outputs.back().value = value;
    outputs.back().listener = &delivery;
    return outputs.back();
  }
  MemorySink sink;
  test::RecordingDelivery delivery;
  std::deque<OutputRecord> outputs;
};

TEST(MemorySink, Acknowledges_at_the_next_poll) {
  Fixture f;
  ASSERT_TRUE(f.sink.send(f.output("a")));
  EXPECT_EQ(f.delivery.ok(), 0U);
  EXPECT_EQ(f.sink.queued_bytes(), 1U);
  EXPECT_EQ(f.sink.poll(), 1U);
  EXPECT_EQ(f.delivery.ok(), 1U);
  EXPECT_EQ(f.sink.acknowledged().at(0).value, "a");
}

TEST(MemorySink, Corked_it_holds_acknowledgements_until_told) {
  Fixture f;
  f.sink.cork();
  for (const char* v : {"a", "b", "c"}) ASSERT_TRUE(f.sink.send(f.output(v)));
  EXPECT_EQ(f.sink.poll(), 0U);
  EXPECT_FALSE(f.sink.flush({}));
  EXPECT_EQ(f.sink.acknowledge(1), 1U);
  EXPECT_EQ(f.delivery.ok(), 1U);
  f.sink.uncork();
  EXPECT_EQ(f.sink.poll(), 2U);
  EXPECT_TRUE(f.sink.flush({}));
}

TEST(MemorySink, Fails_refuses_and_is_full_as_told) {
  Fixture f;
  f.sink.fail_if([](const SentRecord& r) {
    return r.value == "bad" ? std::optional(Error(Code::output_refused, "no")) : std::nullopt;
  });
  f.sink.refuse_if([](const SentRecord& r) {
    return r.value == "worse" ? std::optional(Error(Code::output_refused, "no")) : std::nullopt;
  });
  f.sink.capacity(2);
  ASSERT_TRUE(f.sink.send(f.output("bad")));
  const Status refused = f.sink.send(f.output("worse"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::output_refused);
  ASSERT_TRUE(f.sink.send(f.output("good")));
  const Status full = f.sink.send(f.output("more"));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), Code::queue_full);
  EXPECT_EQ(f.sink.poll(), 2U);
  EXPECT_EQ(f.delivery.ok(), 1U);
  ASSERT_EQ(f.delivery.failures().size(), 1U);
  EXPECT_EQ(f.sink.acknowledged().size(), 1U);
}

}  // namespace
}  // namespace thalweg
