// The fake broker of the tests must itself keep the rules.
#include "source/memory_source.h"

#include <gtest/gtest.h>

#include "support/mock_cluster.h"

namespace thalweg {
namespace {

struct Fixture {
  MemoryLog log;
  test::TestWaker waker;
  test::RecordingListener listener;
  Batch batch;
};

TEST(MemorySource, Delivers_partitions_in_order_with_their_gaps) {
  Fixture f;
  f.log.append("in", 0, {.value = "a", .key = "k", .headers = {{"h", "v"}, {"n", std::nullopt}}});
  f.log.append("in", 0, {.value = std::nullopt, .offset = Offset{7}});
  MemorySource source(f.log, {"in"});
  ASSERT_TRUE(source.open(f.waker, f.listener));
  source.serve();
  EXPECT_EQ(source.drain(f.batch, {}), 2U);
  EXPECT_EQ(f.batch.record(0).key, "k");
  EXPECT_EQ(f.batch.headers_of(0)[0].value, "v");
  EXPECT_FALSE(f.batch.headers_of(0)[1].value);
  EXPECT_EQ(f.batch.record(1).offset, Offset{7});
  EXPECT_FALSE(f.batch.record(1).value);
  EXPECT_EQ(source.drain(f.batch, {}), 0U);
  EXPECT_EQ(f.log.end({"in", {0}}), Offset{8});
}

TEST(MemorySource, A_second_source_goes_on_where_the_first_committed) {
  Fixture f;
  for (const char* v : {"a", "b", "c"}) f.log.append("in", 0, {.value = v});
  {
    MemorySource source(f.log, {"in"});
    ASSERT_TRUE(source.open(f.waker, f.listener));
    source.serve();
    EXPECT_EQ(source.drain(f.batch, {.records = 2}), 2U);
    const TopicPartitionOffset next{{"in", {0}}, {1}};
    EXPECT_TRUE(source.commit({&next, 1}, true));
  }
  f.batch.reset();
  MemorySource source(f.log, {"in"});
  ASSERT_TRUE(source.open(f.waker, f.listener));
  source.serve();
  EXPECT_EQ(source.drain(f.batch, {}), 2U);
  EXPECT_EQ(f.batch.record(0).value, "b");
}

TEST(MemorySource,
     Lost_partitions_cannot_be_committed_and_revoked_ones_until_the_listener_returns) {
  Fixture f;
  f.log.create("in", 2);
  MemorySource source(f.log, {"in"});
  ASSERT_TRUE(source.open(f.waker, f.listener));
  source.serve();
  const auto commit = [&](std::int32_t partition) {
    const TopicPartitionOffset next{{"in", {partition}}, {5}};
    EXPECT_TRUE(source.commit({&next, 1}, true));
  };
  f.listener.on_revoked = [&](auto) { commit(0); };
  f.listener.on_lost = [&](auto) { commit(1); };
  source.revoke({{"in", {0}}});
  source.lose({{"in", {1}}});
  source.serve();
  commit(0);
  ASSERT_EQ(f.log.commits().size(), 1U);
  EXPECT_EQ(f.log.committed({"in", {0}}), Offset{5});
  EXPECT_FALSE(f.log.committed({"in", {1}}));
}

TEST(MemorySource, It_ends_when_told_and_everything_was_delivered) {
  Fixture f;
  f.log.append("in", 0, {.value = "a"});
  MemorySource source(f.log, {"in"});
  ASSERT_TRUE(source.open(f.waker, f.listener));
  source.serve();
  source.end();
  EXPECT_FALSE(source.ended());
  (void)source.drain(f.batch, {});
  EXPECT_TRUE(source.ended());
}

}  // namespace
}  // namespace thalweg
