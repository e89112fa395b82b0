// A recycled batch allocates nothing. Alone in its executable, since it replaces operator new.
#include <gtest/gtest.h>

#include "thalweg/batch.h"

#include "support/count_allocations.h"

namespace thalweg {
namespace {

const Schema kSchema{{{"x", {DType::float32, {{9}}}},
                      {"tags", {DType::string, {{Shape::unknown}}}},
                      {"scores", {DType::float32, {{Shape::unknown}}}}}};
const Schema kFiner{{{"score", {DType::float32, {}}}}};
const ColumnType kOutput{DType::float32, {{2}}};

// All that happens to a batch on its way, without the stages.
void one_round(Batch& batch, std::vector<std::uint32_t>& kept) {
  batch.reset();
  Rows& rows = batch.rows();
  rows.begin(kSchema);
  for (std::uint32_t r = 0; r < 500; ++r) {
    batch.add_record({});
    batch.add_header({"name", "value"});
    batch.pin(
        nullptr, [](void*) {}, 10);
    std::fill_n(rows.columns[0].append<float>(), 9, 1.0F);
    rows.columns[1].push_string(batch.arena().copy("a tag of some length"));
    rows.columns[1].end_row();
    rows.columns[2].extend<float>(3)[0] = 1.0F;
    rows.columns[2].end_row();
    rows.record_of.push_back(r);
  }
  kept.clear();
  for (std::uint32_t r = 0; r < 500; r += 2) kept.push_back(r);
  batch.select(std::move(kept));
  Rows finer = batch.fresh_rows(kFiner);
  for (std::size_t i = 0; i < batch.rows().live_count(); ++i) {
    finer.columns[0].append_zero_row();
    finer.record_of.push_back(batch.rows().record_of[batch.rows().live(i)]);
  }
  batch.push_rows(std::move(finer));
  batch.rows().add_column(kOutput).append_rows<float>(250);
  batch.give_back(batch.pop_rows());
  batch.rows().add_column(kOutput).append_rows<float>(500);
  batch.outputs().resize(250);
  const std::size_t stamp = batch.add_stamp({});
  batch.mark_seen(stamp, 0);
}

TEST(Recycle, A_batch_used_before_allocates_nothing) {
  Batch batch;
  std::vector<std::uint32_t> kept;
  for (int i = 0; i < 3; ++i) one_round(batch, kept);  // `kept` trades its memory with the batch's
  const support::AllocationCount count;
  for (int i = 0; i < 10; ++i) one_round(batch, kept);
  EXPECT_EQ(count.so_far(), 0u);
}

TEST(Recycle, The_counter_counts) {
  const support::AllocationCount count;
  auto one = std::make_unique<int>(1);
  AlignedBuffer two;
  two.resize(10);
  EXPECT_EQ(count.so_far(), 2u);
  EXPECT_EQ(*one, 1);
}

}  // namespace
}  // namespace thalweg
