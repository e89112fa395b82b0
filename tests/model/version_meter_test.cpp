// What is counted of a version, and that counts of several workers are the counts of one that did it all.
#include "model/version_meter.h"

#include <cmath>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

struct Use {
  ModelVersion version;
  Variant variant;
  Route route;
  Batch batch;
  Schema schema;
  Column output{ColumnType{DType::float32, {}}};
  std::vector<std::uint32_t> rows;

  Use(std::int64_t number, const std::string& name, const std::vector<float>& scores,
      const std::string& path = "") {
    version.model = "m";
    version.version = number;
    version.path = path;
    variant.name = name;
    for (const float score : scores) {
      *output.append<float>() = score;
      rows.push_back(static_cast<std::uint32_t>(rows.size()));
    }
  }
  void tell(VersionMeter& meter, std::int64_t ns, std::size_t answered) {
    meter.scored({.batch = batch,
                  .schema = schema,
                  .columns = {},
                  .rows = rows,
                  .output_schema = schema,
                  .outputs = std::span(&output, 1),
                  .answered = std::span<const std::uint32_t>(rows).first(answered),
                  .reads = {},
                  .route = route,
                  .variant = &variant,
                  .version = version,
                  .role = Role::variant,
                  .model_ns = ns,
                  .model_calls = 1});
  }
};

TEST(VersionMeter, Each_version_variant_and_role_has_its_own_figures) {
  VersionMeter meter;
  Use a(1, "a", {1, NAN, 3}), b(2, "b", {1, 2});
  a.tell(meter, 1000, 3);
  b.tell(meter, 2000, 1);
  meter.shadow_lost(b.version, 7, ShadowLoss::busy);
  const auto totals = meter.totals();
  ASSERT_EQ(totals.size(), 3U);
  EXPECT_EQ(totals[0].variant, "a");
  EXPECT_EQ(totals[0].nan_rows, 1U);
  EXPECT_DOUBLE_EQ(totals[1].error_share(), 0.5);
  EXPECT_EQ(totals[2].role, Role::shadow);
  EXPECT_EQ(totals[2].lost[0], 7U);
}

TEST(VersionMeter, A_number_that_was_published_anew_has_figures_of_its_own) {
  VersionMeter meter;
  Use use(1, "", {1, 2});
  use.version.content = "old";
  use.tell(meter, 1000, 0);
  use.version.content = "new";
  use.tell(meter, 1000, 2);
  const auto totals = merged(meter.totals());
  ASSERT_EQ(totals.size(), 2U);
  EXPECT_EQ(totals[0].answered, 0U);
  EXPECT_EQ(totals[1].answered, 2U);
  EXPECT_EQ(totals[1].content, "new");
  EXPECT_EQ(merged_by_labels(totals).size(), 1U) << "labels are numbers";
}

TEST(VersionMeter, The_sum_of_two_workers_is_what_one_would_have_counted) {
  VersionMeter one, two, all;
  for (int i = 1; i <= 1000; ++i) {
    Use use(1, "", {0.5F});
    use.tell(i % 3 == 0 ? one : two, i * 1000, 1);
    use.tell(all, i * 1000, 1);
  }
  auto parts = one.totals();
  for (VersionTotals& more : two.totals()) parts.push_back(std::move(more));
  const auto sum = merged(std::move(parts));
  ASSERT_EQ(sum.size(), 1U);
  const VersionTotals whole = all.totals().front();
  EXPECT_EQ(sum[0].rows, whole.rows);
  EXPECT_EQ(sum[0].times.counts, whole.times.counts);
  EXPECT_NEAR(whole.times.quantile_ns(0.99), 990'000, 0.1 * 990'000);
  EXPECT_NEAR(whole.times.quantile_ns(0.5), 500'000, 0.1 * 500'000);
}

TEST(VersionMeter, Two_versions_of_one_number_are_counted_apart_and_are_one_on_a_page) {
  VersionTotals folder, fetched;
  folder.version = fetched.version = 3;
  folder.path = "models/3";
  fetched.path = "cache/abc";
  folder.rows = 10;
  fetched.rows = 5;
  EXPECT_EQ(merged({folder, fetched, folder}).size(), 2U);
  const auto page = merged_by_labels({folder, fetched});
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page.front().rows, 15U);
  VersionMeter meter;
  Use in_folder(3, "", {1}), by_address(3, "", {1}, "cache/abc");
  in_folder.tell(meter, 10, 1);
  by_address.tell(meter, 10, 1);
  EXPECT_EQ(meter.totals().size(), 2U);
}

TEST(VersionMeter, A_bucket_holds_what_is_below_its_end) {
  for (std::uint64_t ns = 0; ns < 100'000; ns += 7) {
    const std::size_t bucket = CallTimes::bucket_of(ns);
    EXPECT_LT(static_cast<double>(ns), CallTimes::end_of(bucket));
    if (bucket > 0) {
      EXPECT_GE(static_cast<double>(ns), CallTimes::end_of(bucket - 1));
    }
  }
}

TEST(VersionMeter, It_remembers_a_bounded_number_of_versions) {
  VersionMeter meter;
  for (std::int64_t version = 0; version < 100; ++version) {
    Use use(version, "", {1});
    use.tell(meter, 10, 1);
  }
  EXPECT_EQ(meter.totals().size(), VersionMeter::versions_max);
  EXPECT_EQ(meter.totals().back().version, 99);
}

}  // namespace
}  // namespace thalweg
