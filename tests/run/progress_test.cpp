#include "run/progress.h"

#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thalweg {
namespace {

const TopicPartition p0{"in", {0}};
const TopicPartition p1{"in", {1}};

std::map<TopicPartition, std::int64_t> taken(OffsetProgress& progress) {
  std::vector<TopicPartitionOffset> out;
  progress.take(out);
  std::map<TopicPartition, std::int64_t> map;
  for (const auto& [at, offset] : out) map[at] = offset.value;
  return map;
}

TEST(OffsetProgress, Nothing_is_committable_while_an_earlier_batch_is_under_way) {
  OffsetProgress progress;
  progress.assign(p0);
  const auto t = progress.ticket("in", {0});
  progress.begin(t, 1, {10});
  progress.begin(t, 2, {20});
  progress.finish(t, 2);
  EXPECT_TRUE(taken(progress).empty());
  progress.finish(t, 1);
  EXPECT_EQ(taken(progress), (std::map<TopicPartition, std::int64_t>{{p0, 20}}));
  EXPECT_TRUE(taken(progress).empty()) << "the same offset is not committed twice";
}

TEST(OffsetProgress, Partitions_do_not_hold_each_other_back) {
  OffsetProgress progress;
  const auto a = progress.ticket("in", {0});
  const auto b = progress.ticket("in", {1});
  progress.begin(a, 1, {10});
  progress.begin(b, 2, {7});
  progress.finish(b, 2);
  EXPECT_EQ(taken(progress), (std::map<TopicPartition, std::int64_t>{{p1, 7}}));
  EXPECT_TRUE(progress.under_way(p0));
  EXPECT_FALSE(progress.under_way(p1));
}

TEST(OffsetProgress, What_finishes_after_a_partition_was_lost_is_never_committed) {
  OffsetProgress progress;
  progress.assign(p0);
  const auto old = progress.ticket("in", {0});
  progress.begin(old, 1, {10});
  progress.drop(p0);
  progress.assign(p0);
  progress.finish(old, 1);
  EXPECT_TRUE(taken(progress).empty());
  EXPECT_FALSE(progress.under_way(p0))
      << "the new assignment knows nothing of the old one's batches";
}

TEST(OffsetProgress, A_stop_in_the_middle_of_a_batch_commits_only_what_lies_before_it) {
  OffsetProgress progress;
  const auto t = progress.ticket("in", {0});
  progress.begin(t, 1, {10});
  progress.amend(t, 1, {4});
  progress.finish(t, 1);
  EXPECT_EQ(taken(progress), (std::map<TopicPartition, std::int64_t>{{p0, 4}}));
}

TEST(OffsetProgress, A_commit_that_failed_is_tried_again_unless_something_newer_came) {
  OffsetProgress progress;
  const auto t = progress.ticket("in", {0});
  progress.begin(t, 1, {10});
  progress.finish(t, 1);
  std::vector<TopicPartitionOffset> out;
  progress.take(out);
  progress.give_back(out);
  EXPECT_EQ(taken(progress), (std::map<TopicPartition, std::int64_t>{{p0, 10}}));
  progress.begin(t, 2, {20});
  progress.finish(t, 2);
  progress.give_back(out);
  EXPECT_EQ(taken(progress), (std::map<TopicPartition, std::int64_t>{{p0, 20}}));
}

// Against the plain definition: the committable offset is the end of the longest finished beginning.
RC_GTEST_PROP(OffsetProgress, Commits_the_end_of_the_longest_finished_beginning, ()) {
  OffsetProgress progress;
  const auto t = progress.ticket("in", {0});
  const auto lengths =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100)));
  std::vector<std::int64_t> ends;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    end += lengths[i];
    ends.push_back(end);
    progress.begin(t, i, {end});
  }
  std::vector<std::size_t> order(lengths.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[*rc::gen::inRange<std::size_t>(0, i)]);
  std::set<std::size_t> finished;
  std::int64_t last = -1;
  for (const std::size_t batch : order) {
    progress.finish(t, batch);
    finished.insert(batch);
    std::int64_t expected = -1;
    for (std::size_t i = 0; i < ends.size() && finished.contains(i); ++i) expected = ends[i];
    const auto now = taken(progress);
    if (!now.empty()) last = now.at(p0);
    RC_ASSERT(last == expected);
  }
}

}  // namespace
}  // namespace thalweg
