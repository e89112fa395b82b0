// The live A/B test: what several workers counted is one table, and a new route begins a new one.
#include "monitor/ab_monitor.h"

#include <limits>
#include <numeric>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "empty_use.h"
#include "model/bucket.h"
#include "numbers.h"

namespace thalweg::monitor {
namespace {

using testing::HasSubstr;

// Tells observers of batches whose rows fall into buckets by chance.
class Stream {
 public:
  explicit Stream(std::uint32_t border, std::int64_t epoch = 3, std::int64_t version_b = 2,
                  const std::string& content_b = "") {
    route_.epoch = epoch;
    route_.variants = {{"a", border, version(1)},
                       {"b", bucket_count, version(version_b, content_b)}};
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The route has the first variant only, from now on.
  void be_alone() { route_.variants.resize(1); }
  // `y`: of a row by bucket; NaN is an answer, too. Each `lose`th row of b is refused; 0: none.
  template <class Y>
  void tell(ScoreObserver& observer, std::size_t rows, Y&& y, std::size_t lose = 0) {
    std::vector<std::uint32_t> buckets(rows);
    for (auto& bucket : buckets)
      bucket = static_cast<std::uint32_t>(numbers_.next() * bucket_count);
    for (const Variant& variant : route_.variants) {
      std::vector<std::uint32_t> asked, answered;
      outputs_[0].reset(schema_.fields[0].type);
      for (std::uint32_t row = 0; row < rows; ++row) {
        if (&route_.variants[variant_of(route_, buckets[row])] != &variant) continue;
        asked.push_back(row);
        if (lose > 0 && variant.name == "b" && asked.size() % lose == 0) continue;
        answered.push_back(row);
        *outputs_[0].append<float>() = static_cast<float>(y(buckets[row]));
      }
      observer.scored({.batch = batch_,
                       .schema = schema_,
                       .columns = {},
                       .rows = asked,
                       .output_schema = schema_,
                       .outputs = outputs_,
                       .answered = answered,
                       .reads = {},
                       .route = route_,
                       .variant = &variant,
                       .buckets = buckets,
                       .version = *variant.version});
    }
  }
  [[nodiscard]] const Route& route() const { return route_; }

 private:
  static std::shared_ptr<const ModelVersion> version(std::int64_t number,
                                                     const std::string& content = "") {
    auto made = std::make_shared<ModelVersion>();
    made->model = "fraud";
    made->version = number;
    made->content = content;
    return made;
  }
  Numbers numbers_{17};
  Batch batch_;
  Schema schema_{{{"score", {DType::float32, {}}}}};
  std::vector<Column> outputs_ = std::vector<Column>(1);
  Route route_;
};

const auto half = [](std::uint32_t bucket) { return bucket % 2; };

TEST(AbMonitor, What_two_workers_counted_is_one_table) {
  AbMonitor together, apart;
  ScoreObserver &one = together.observer(), &two = together.observer(), &all = apart.observer();
  Stream halves(9000), whole(9000);
  for (int i = 0; i < 20; ++i) {
    halves.tell(i % 2 == 0 ? one : two, 1000, half);
    whole.tell(all, 1000, half);
  }
  const AbLive sum = together.report().at(0), same = apart.report().at(0);
  EXPECT_EQ(sum.arms[0].figures.rows + sum.arms[1].figures.rows, 20'000U);
  EXPECT_EQ(sum.arms[1].figures.rows, same.arms[1].figures.rows);
  EXPECT_DOUBLE_EQ(sum.arms[1].figures.standard_error, same.arms[1].figures.standard_error);
  EXPECT_DOUBLE_EQ(sum.verdicts.at(0).interval.low, same.verdicts.at(0).interval.low);
  EXPECT_DOUBLE_EQ(sum.arms[1].share_expected, 0.1);
  EXPECT_NEAR(sum.arms[1].share_seen, 0.1, 0.01);
  EXPECT_EQ(sum.verdicts[0].a.variant, "a") << "the largest share is the one compared with";
}

TEST(AbMonitor, A_difference_has_its_verdict_and_none_has_not) {
  AbMonitor alike, apart;
  ScoreObserver &one = alike.observer(), &two = apart.observer();
  Stream even(5000), uneven(5000);
  for (int i = 0; i < 20; ++i) {
    even.tell(one, 1000, half);
    uneven.tell(two, 1000, [](std::uint32_t b) { return b % 2 + (b >= 5000 ? 0.2 : 0); });
  }
  EXPECT_EQ(alike.report()[0].verdicts[0].word, AbVerdict::Word::undecided);
  EXPECT_EQ(apart.report()[0].verdicts[0].word, AbVerdict::Word::b_larger);
  EXPECT_LT(apart.report()[0].verdicts[0].interval.low, 0.2);
  EXPECT_GT(apart.report()[0].verdicts[0].interval.high, 0.2);
}

TEST(AbMonitor,
     A_variant_that_loses_a_tenth_of_its_rows_hides_the_verdict_and_shows_what_was_asked) {
  AbMonitor monitor;
  ScoreObserver& observer = monitor.observer();
  Stream stream(5000);
  for (int i = 0; i < 20; ++i)
    stream.tell(
        observer, 1000, [](std::uint32_t b) { return b >= 5000; }, 10);
  const AbLive live = monitor.report().at(0);
  EXPECT_EQ(live.verdicts[0].word, AbVerdict::Word::hidden);
  EXPECT_EQ(live.arms[0].asked + live.arms[1].asked, 20'000U);
  EXPECT_NEAR(static_cast<double>(live.arms[1].figures.rows),
              0.9 * static_cast<double>(live.arms[1].asked), 30);
  const std::string json = ab_json(monitor.report());
  EXPECT_THAT(json, HasSubstr(R"("verdict":"hidden","ratio":{)")) << "and no difference";
  EXPECT_THAT(json, HasSubstr(R"("mismatch":true)"));
}

TEST(AbMonitor, Another_epoch_or_another_version_begins_anew) {
  AbMonitor monitor;
  ScoreObserver& observer = monitor.observer();
  Stream before(9000, 3), later(8000, 4), swapped(8000, 4, 5), anew(8000, 4, 5, "cd34");
  before.tell(observer, 1000, half);
  later.tell(observer, 300, half);
  AbLive live = monitor.report().at(0);
  EXPECT_EQ(live.epoch, 4);
  EXPECT_EQ(live.arms[0].figures.rows + live.arms[1].figures.rows, 300U);
  EXPECT_DOUBLE_EQ(live.arms[1].share_expected, 0.2);
  swapped.tell(observer, 200, half);
  live = monitor.report().at(0);
  EXPECT_EQ(live.arms[1].version, 5);
  EXPECT_EQ(live.arms[0].figures.rows + live.arms[1].figures.rows, 200U);
  anew.tell(observer, 100, half);
  live = monitor.report().at(0);
  EXPECT_EQ(live.arms[0].figures.rows + live.arms[1].figures.rows, 100U)
      << "the same number, published anew";
}

TEST(AbMonitor, A_worker_that_is_behind_keeps_out_of_the_new_epoch) {
  AbMonitor monitor;
  ScoreObserver &one = monitor.observer(), &two = monitor.observer();
  Stream before(9000, 3), later(8000, 4);
  before.tell(one, 1000, half);
  before.tell(two, 1000, half);
  later.tell(one, 500, half);
  const AbLive live = monitor.report().at(0);
  EXPECT_EQ(live.epoch, 4);
  EXPECT_EQ(live.arms[0].figures.rows + live.arms[1].figures.rows, 500U);
}

TEST(AbMonitor, A_model_with_one_variant_is_no_test) {
  AbMonitor monitor;
  ScoreObserver& observer = monitor.observer();
  tell_of_no_rows(observer, Route{}, Variant{}, ModelVersion{});
  EXPECT_TRUE(monitor.report().empty());
}

TEST(AbMonitor, A_test_is_over_when_one_variant_answers_alone_and_shown_again_with_the_next) {
  AbMonitor monitor;
  ScoreObserver &counted = monitor.observer(), &other = monitor.observer();
  Stream two(5000), one(bucket_count), next(8000, 4);
  two.tell(counted, 1000, half, 2);
  ASSERT_TRUE(monitor.report().at(0).verdicts.at(0).ratio.mismatch);
  one.be_alone();
  one.tell(other, 10, half);
  EXPECT_TRUE(monitor.report().empty()) << "whoever counted it";
  next.tell(other, 300, half);
  ASSERT_EQ(monitor.report().size(), 1U);
  EXPECT_EQ(monitor.report()[0].epoch, 4);
}

TEST(AbMonitor, Answers_that_are_no_number_are_asked_for_and_not_counted) {
  AbMonitor monitor;
  ScoreObserver& observer = monitor.observer();
  Stream stream(5000);
  stream.tell(observer, 100,
              [](std::uint32_t) { return std::numeric_limits<double>::quiet_NaN(); });
  const AbLive live = monitor.report().at(0);
  EXPECT_EQ(live.arms[0].asked + live.arms[1].asked, 100U);
  EXPECT_EQ(live.arms[0].figures.rows + live.arms[1].figures.rows, 0U);
  EXPECT_EQ(live.verdicts[0].word, AbVerdict::Word::undecided);
  EXPECT_THAT(ab_json(monitor.report()), HasSubstr(R"("low":null)"));
}

// For ThreadSanitizer: a report may come at any time.
TEST(AbMonitor, Reports_come_while_workers_count) {
  AbMonitor monitor;
  ScoreObserver &one = monitor.observer(), &two = monitor.observer();
  const auto work = [](ScoreObserver& observer) {
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
      Stream stream(9000, epoch);
      for (int i = 0; i < 20; ++i) stream.tell(observer, 200, half);
    }
  };
  std::thread first([&] { work(one); }), second([&] { work(two); });
  std::uint64_t most = 0;
  for (int i = 0; i < 50; ++i) {
    for (const AbLive& live : monitor.report()) most = std::max(most, live.arms[0].asked);
  }
  first.join();
  second.join();
  EXPECT_LE(most, 8000U) << "of one epoch";
  EXPECT_EQ(monitor.report().at(0).arms[0].asked + monitor.report().at(0).arms[1].asked, 8000U);
}

}  // namespace
}  // namespace thalweg::monitor
