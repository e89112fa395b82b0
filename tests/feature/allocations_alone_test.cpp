// Features allocate nothing once warm: numbers and categories at all, text but for the batch's arena, which keeps its memory. The
// one exception: `replace` with groups in its replacement, for which RE2 allocates inside.
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "feature/support/bench.h"
#include "support/count_allocations.h"

namespace thalweg::feature_test {
namespace {

constexpr std::size_t rows = 512;

// Runs the same rows again and again; counts what the last runs allocate. The arena is the bench's own and is reset
// as a batch's is, so what the first rounds made it grow to is kept.
std::size_t allocations_when_warm(Bench& bench, Arena& arena) {
  bench.frame().scratch.arena = &arena;
  for (int i = 0; i < 3; ++i) {
    arena.reset();
    (void)bench.run();
  }
  const support::AllocationCount count;
  for (int i = 0; i < 5; ++i) {
    arena.reset();
    (void)bench.run();
  }
  return count.so_far();
}

TEST(FeatureAllocations, Numbers_and_categories_allocate_nothing) {
  Bench bench("{amount: float32, hour: int32, mcc: string, tags: 'string[]'}",
              "{x: {stack: [{standardise: {log1p: amount}, mean: 1, scale: 2}, {min_max: amount, "
              "min: 0, max: 9}, {clip: amount, high: 3},\n"
              "             {one_hot: {bucketize: hour, edges: [6, 12, 18]}, depth: 4}, {one_hot: "
              "mcc, words: ['5411', '5812']},\n"
              "             {multi_hot: tags, words: [a, b]}, {cast: {hash_buckets: mcc, buckets: "
              "100}, to: float32}]},\n"
              " ids: {chain: [tags, {vocabulary: {words: [a, b]}}, {pad: 4}]}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  for (std::size_t i = 0; i < rows; ++i)
    bench.feed(0, "[12.5]").feed(1, "[13]").feed(2, R"(["5812"])").feed(3, R"([["a", "c"]])");
  Arena arena;
  EXPECT_EQ(allocations_when_warm(bench, arena), 0U);
  EXPECT_EQ(bench.failures(), "");
}

TEST(FeatureAllocations, Text_allocates_nothing_but_in_the_arena) {
  if (!std::filesystem::exists("/usr/share/wordnet/index.verb"))
    GTEST_SKIP() << "no WordNet: apt-get install wordnet-base";
  Bench bench("{value: string}",
              "{x: {chain: [value, remove_emoji, {remove: 'https?://t.co/[A-Za-z0-9]+'}, "
              "replace_non_word, remove_digits, lower_case, split,\n"
              "             {lemmatise: verb}, {remove_words: {words: [the, and]}}, {min_length: "
              "4}, join,\n"
              "             {keras_tokens: {words: [forest, burn, évacuer]}}, {pad: {length: 12, "
              "side: post}}, {cast: float32}]},\n"
              " y: {text_vectorization: {replace: value, pattern: 's\\b', with: ''}, words: "
              "[fire], output_sequence_length: 8}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  for (std::size_t i = 0; i < rows; ++i)
    bench.feed(0, R"(["Forests BURNING near 😱 http://t.co/abc 13,000 ÉVACUER and the fires!"])");
  Arena arena;
  EXPECT_EQ(allocations_when_warm(bench, arena), 0U);
  EXPECT_EQ(bench.failures(), "");
  EXPECT_GT(arena.bytes(), 0U);
}

}  // namespace
}  // namespace thalweg::feature_test
