#include "thalweg/batch.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thalweg {
namespace {

const Schema kNumber{{{"number", {DType::int32, {}}}}};

void fill(Batch& batch, std::size_t records) {
  for (std::size_t i = 0; i < records; ++i) batch.add_record({});
  Rows& rows = batch.rows();
  rows.begin(kNumber);
  for (std::size_t i = 0; i < records; ++i) {
    *rows.columns[0].append<std::int32_t>() = static_cast<std::int32_t>(i);
    rows.record_of.push_back(static_cast<std::uint32_t>(i));
  }
}

std::vector<std::uint32_t> live(const Rows& rows) {
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < rows.live_count(); ++i) all.push_back(rows.live(i));
  return all;
}

void expect_every_record_once(const Batch& batch) {
  std::size_t sum = 0;
  for (const auto d : {Disposition::pending, Disposition::forwarded, Disposition::absorbed,
                       Disposition::filtered, Disposition::dead}) {
    sum += batch.count(d);
  }
  RC_ASSERT(sum == batch.size());
  for (std::size_t r = 0; r < batch.size(); ++r) {
    RC_ASSERT((batch.error_of(r) != nullptr) == (batch.disposition(r) == Disposition::dead));
  }
}

// A plain model of the batch: per level the live rows of each record, and each record's disposition.
struct Plain {
  std::vector<Disposition> dispositions;
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> levels;  // (row, record), live

  void sweep() {
    std::erase_if(levels.back(),
                  [this](auto row) { return dispositions[row.second] != Disposition::pending; });
  }
};

std::vector<std::uint32_t> random_subset(const std::vector<std::uint32_t>& of) {
  std::vector<std::uint32_t> kept;
  const auto coins = *rc::gen::container<std::vector<bool>>(of.size(), rc::gen::arbitrary<bool>());
  for (std::size_t i = 0; i < of.size(); ++i) {
    if (coins[i]) kept.push_back(of[i]);
  }
  return kept;
}

void random_select(Batch& batch, Plain& plain) {
  std::vector<std::uint32_t> kept = random_subset(live(batch.rows()));
  std::set<std::uint32_t> before;
  std::set<std::uint32_t> after;
  for (const auto& [row, record] : plain.levels.back()) before.insert(record);
  std::erase_if(plain.levels.back(),
                [&](auto row) { return !std::binary_search(kept.begin(), kept.end(), row.first); });
  for (const auto& [row, record] : plain.levels.back()) after.insert(record);
  for (const std::uint32_t record : before) {
    if (!after.contains(record) && plain.dispositions[record] == Disposition::pending) {
      plain.dispositions[record] = Disposition::filtered;
    }
  }
  batch.select(std::move(kept));
}

void random_explode(Batch& batch, Plain& plain) {
  batch.sweep();
  plain.sweep();
  Rows finer = batch.fresh_rows(kNumber);
  plain.levels.emplace_back();
  const auto coarser = plain.levels[plain.levels.size() - 2];
  for (const auto& [row, record] : coarser) {
    const int count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) {
      plain.levels.back().emplace_back(static_cast<std::uint32_t>(finer.count()), record);
      finer.columns[0].append_from(batch.rows().columns[0], row);
      finer.record_of.push_back(record);
    }
  }
  batch.push_rows(std::move(finer));
}

RC_GTEST_PROP(Batch, Every_record_has_one_disposition_and_rows_follow_it, ()) {
  Batch batch;
  const auto records = *rc::gen::inRange<std::size_t>(0, 12);
  fill(batch, records);
  Plain plain{std::vector<Disposition>(records, Disposition::pending), {{}}};
  for (std::uint32_t i = 0; i < records; ++i) plain.levels[0].emplace_back(i, i);
  const int steps = *rc::gen::inRange(0, 20);
  for (int s = 0; s < steps; ++s) {
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        if (records > 0) {
          const auto r = *rc::gen::inRange<std::size_t>(0, records);
          batch.fail(r, Error(Code::not_json, "x"));
          plain.dispositions[r] = Disposition::dead;
        }
        break;
      case 1:
        if (records > 0) {
          const auto r = *rc::gen::inRange<std::size_t>(0, records);
          batch.dispose(r, Disposition::absorbed);
          if (plain.dispositions[r] == Disposition::pending) {
            plain.dispositions[r] = Disposition::absorbed;
          }
        }
        break;
      case 2: random_select(batch, plain); break;
      case 3:
        if (plain.levels.size() < 3) random_explode(batch, plain);
        break;
      default:
        if (plain.levels.size() > 1) {
          batch.give_back(batch.pop_rows());
          plain.levels.pop_back();
          plain.sweep();
        }
    }
    batch.sweep();
    plain.sweep();
    expect_every_record_once(batch);
    for (std::size_t r = 0; r < records; ++r) {
      RC_ASSERT(batch.disposition(r) == plain.dispositions[r]);
    }
    std::vector<std::uint32_t> expected;
    for (const auto& [row, record] : plain.levels.back()) {
      expected.push_back(row);
      RC_ASSERT(batch.rows().record_of[row] == record);
    }
    RC_ASSERT(live(batch.rows()) == expected);
  }
}

TEST(Batch, The_first_failure_of_a_record_wins) {
  Batch batch;
  fill(batch, 2);
  batch.fail(1, Error(Code::missing_field, "first"));
  batch.fail(1, Error(Code::not_json, "second"));
  EXPECT_EQ(batch.error_of(1)->message(), "first");
  EXPECT_EQ(batch.error_of(0), nullptr);
}

TEST(Batch, Dead_is_final_and_wins_over_forwarded) {
  Batch batch;
  fill(batch, 1);
  batch.dispose(0, Disposition::forwarded);
  batch.fail(0, Error(Code::output_refused, "too large"));
  batch.dispose(0, Disposition::filtered);
  EXPECT_EQ(batch.disposition(0), Disposition::dead);
}

TEST(Batch, A_record_without_live_rows_left_is_filtered) {
  Batch batch;
  fill(batch, 3);
  batch.select({0, 2});
  EXPECT_EQ(batch.disposition(1), Disposition::filtered);
  EXPECT_EQ(batch.count(Disposition::pending), 2u);
  batch.select({2});
  EXPECT_EQ(batch.count(Disposition::filtered), 2u);
}

TEST(Batch, Pins_are_released_once_and_kept_things_live_until_reset) {
  static int released = 0;
  released = 0;
  auto thing = std::make_shared<int>(1);
  {
    Batch batch;
    batch.pin(
        nullptr, [](void*) { ++released; }, 100);
    batch.keep(thing);
    EXPECT_EQ(batch.pinned_bytes(), 100u);
    batch.reset();
    EXPECT_EQ(released, 1);
    EXPECT_EQ(batch.pinned_bytes(), 0u);
    EXPECT_EQ(thing.use_count(), 1);
    batch.pin(
        nullptr, [](void*) { ++released; }, 1);
  }
  EXPECT_EQ(released, 2);
}

TEST(Batch, Fallbacks_are_remembered_per_record) {
  Batch batch;
  fill(batch, 3);
  batch.mark_fallback(2);
  batch.mark_fallback(0);
  batch.mark_fallback(2);
  EXPECT_TRUE(batch.is_fallback(0));
  EXPECT_FALSE(batch.is_fallback(1));
  EXPECT_TRUE(batch.is_fallback(2));
}

TEST(Batch, Reset_puts_the_decoders_columns_back_even_when_rows_were_put_aside) {
  Batch batch;
  fill(batch, 2);
  const void* memory = batch.rows().columns[0].raw();
  batch.push_rows(batch.fresh_rows(Schema{{{"x", {DType::string, {}}}}}));
  batch.reset();
  fill(batch, 2);
  EXPECT_EQ(batch.rows().columns[0].raw(), memory);
}

TEST(Arena, Memory_is_aligned_apart_and_reused) {
  Arena arena;
  char* first = arena.allocate(3);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 8, 0u);
  const std::string_view copy = arena.copy("text");
  char* open = arena.allocate(100);
  arena.shrink(open, 10);
  EXPECT_EQ(arena.allocate(1), open + 16);
  EXPECT_EQ(copy, "text");
  arena.reset();
  EXPECT_EQ(arena.allocate(3), first);
}

TEST(Arena, A_giant_chunk_is_given_back_at_reset) {
  Arena arena;
  (void)arena.allocate(10);
  const std::size_t small = arena.bytes();
  (void)arena.allocate(std::size_t{10} << 20);
  EXPECT_GT(arena.bytes(), std::size_t{10} << 20);
  arena.reset();
  EXPECT_EQ(arena.bytes(), small);
}

RC_GTEST_PROP(Arena, Copies_never_overlap, (const std::vector<std::string>& texts)) {
  Arena arena;
  for (int round = 0; round < 3; ++round) {
    arena.reset();
    std::vector<std::string_view> copies;
    for (const std::string& text : texts) {
      copies.push_back(arena.copy(text));
      if (text.size() % 3 == 0) (void)arena.copy(std::string(text.size() * 700, 'x'));
    }
    for (std::size_t i = 0; i < texts.size(); ++i) RC_ASSERT(copies[i] == texts[i]);
  }
}

}  // namespace
}  // namespace thalweg
