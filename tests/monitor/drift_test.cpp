#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "drift_fixture.h"
#include "monitor/drift_monitor.h"

namespace thalweg::monitor {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

simdjson::dom::element parsed(const std::string& json) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element element;
  EXPECT_EQ(parser.parse(json).get(element), simdjson::SUCCESS) << json;
  return element;
}

std::size_t watches_of(ScoreObserver& observer) {
  std::size_t count = 0;
  dynamic_cast<DriftObserver&>(observer).with_watches(
      [&](const auto& watches) { count = watches.size(); });
  return count;
}

struct Rates {
  double above = 0,
         error = 0;      // share of windows above their limit; its standard error, by streams
  int alarms = 0;        // streams that ever had one
  int above_custom = 0;  // windows above 0.25
};

const std::vector<std::string> watched{"amount", "country", "score", "features.amount",
                                       "features.both[1]"};

DriftOptions chance_alone() {
  DriftOptions options = quick();
  options.threshold = 0;
  options.fields = watched;
  return options;
}

// Streams that do not drift, with chance alone as the limit. The windows of one stream share their baseline, so streams are what is counted as
// independent.
std::map<std::string, Rates> without_drift(int streams, int windows) {
  std::map<std::string, Rates> rates;
  std::map<std::string, double> squares;
  for (int stream_number = 1; stream_number <= streams; ++stream_number) {
    Made made(chance_alone());
    made.told->make_features();
    Stream stream(static_cast<std::uint64_t>(stream_number) * 7919);
    made.window(5000, std::ref(stream));
    made.window(0, std::ref(stream));
    std::map<std::string, int> above;
    std::set<std::string> alarms;
    for (int i = 0; i < windows; ++i) {
      made.window(1000, std::ref(stream));
      for (const std::string& field : watched) {
        const FieldDrift& found = made.field(field);
        above[field] += found.psi > found.limit ? 1 : 0;
        rates[field].above_custom += found.psi > DriftOptions{}.threshold ? 1 : 0;
        if (found.alarm) alarms.insert(field);
      }
    }
    for (const std::string& field : watched) {
      const double share = static_cast<double>(above[field]) / windows;
      rates[field].above += share / streams;
      squares[field] += share * share / streams;
      rates[field].alarms += alarms.contains(field) ? 1 : 0;
    }
  }
  for (auto& [field, of] : rates)
    of.error = std::sqrt((squares[field] - of.above * of.above) / streams);
  return rates;
}

// Of fields, of features and of the score.
TEST(Drift, Without_drift_one_window_in_twenty_is_above_chance_at_most_and_hardly_a_stream_alarms) {
  constexpr int streams = 300, windows = 10;
  for (const auto& [field, rates] : without_drift(streams, windows)) {
    EXPECT_LE(rates.above, 0.05 + 1.645 * rates.error) << field;
    EXPECT_LT(rates.error, 0.01) << "enough windows to tell";
    EXPECT_LE(rates.alarms, streams / 20) << field << ": three running, in ten windows";
    EXPECT_EQ(rates.above_custom, 0) << field << ": none of so many rows";
  }
}

TEST(Drift, A_third_of_a_deviation_is_found_where_chance_alone_is_the_limit) {
  std::map<std::string, int> found;
  constexpr int streams = 100;
  for (std::uint64_t seed = 1; seed <= streams; ++seed) {
    DriftOptions options = chance_alone();
    options.fields = {"score", "features.both", "features.amount"};
    Made made(options);
    made.told->make_features();
    Stream stream(seed * 104'729);
    made.window(5000, std::ref(stream));
    made.window(0, std::ref(stream));
    stream.shift = 1.0 / 3;
    for (int i = 0; i < 3; ++i) made.window(1000, std::ref(stream));
    for (const char* field : {"score", "features.both[0]", "features.both[1]", "features.amount"})
      found[field] += made.field(field).alarm ? 1 : 0;
  }
  for (const auto& [field, times] : found) EXPECT_GE(times, 95) << field;
}

TEST(Drift, A_shift_by_one_deviation_is_an_alarm_after_three_windows_and_ends_with_it) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Made made(quick());
    Stream stream(seed);
    made.window(5000, std::ref(stream));
    made.window(0, std::ref(stream));
    made.window(1000, std::ref(stream));
    EXPECT_TRUE(made.events.empty());
    stream.shift = 1;
    made.window(1000, std::ref(stream));
    made.window(1000, std::ref(stream));
    EXPECT_TRUE(made.events.empty()) << "two windows are not yet three";
    made.window(1000, std::ref(stream));
    ASSERT_EQ(made.events.size(), 2U) << "amount and score; the countries have not moved";
    EXPECT_THAT(made.events[0], HasSubstr(R"("state":"begin")"));
    EXPECT_THAT(made.words[0],
                HasSubstr("model 'fraud' version 1: field 'amount' has drifted: PSI"));
    EXPECT_TRUE(made.field("score").alarm);
    EXPECT_FALSE(made.field("country").alarm);
    stream.shift = 0;
    made.window(1000, std::ref(stream));
    ASSERT_EQ(made.events.size(), 4U);
    EXPECT_THAT(made.events[3], HasSubstr(R"("state":"end")"));
    EXPECT_THAT(made.words[3], HasSubstr("output 'score' is as the baseline again"));
  }
}

TEST(Drift, A_window_needs_rows_and_time) {
  Made made(quick());
  Stream stream(3);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  made.window(750, std::ref(stream));
  EXPECT_EQ(made.monitor.report().at(0).windows, 0U) << "time, but not rows";
  made.told->tell(*made.observers[0], 500, std::ref(stream));
  made.monitor.tick(made.now);
  EXPECT_EQ(made.monitor.report().at(0).windows, 1U);
  made.told->tell(*made.observers[0], 2000, std::ref(stream));
  made.monitor.tick({made.now.ms + 1000});
  EXPECT_EQ(made.monitor.report().at(0).windows, 1U) << "rows, but not time";
}

TEST(Drift, The_first_window_begins_when_the_first_rows_are_together_however_long_that_took) {
  Made made(quick());
  Stream stream(3);
  for (int i = 0; i < 10; ++i) made.window(500, std::ref(stream));  // ten minutes
  ASSERT_EQ(made.monitor.report().at(0).baseline, VersionDrift::From::first_rows);
  const Timestamp begun = made.now;
  made.monitor.tick({begun.ms + 1000});  // the workers count from here
  for (int i = 0; i < 8; ++i) made.told->tell(*made.observers[0], 250, std::ref(stream));
  made.monitor.tick({begun.ms + 2000});
  EXPECT_EQ(made.monitor.report().at(0).windows, 0U) << "rows, but not time";
  made.monitor.tick({begun.ms + 60'000});
  ASSERT_EQ(made.monitor.report().at(0).windows, 1U);
  EXPECT_EQ(made.monitor.report().at(0).window_from.ms, begun.ms);
}

TEST(Drift, Missing_unseen_and_out_of_range_have_their_shares) {
  Made made(quick());
  Stream stream(3);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  int i = 0;
  made.window(1000, [&] {
    MadeRow row = stream();
    const int n = i++ % 10;
    if (n == 0) row.amount = std::numeric_limits<float>::quiet_NaN();
    if (n == 1 || n == 2) row.amount = -5;
    if (n < 4) row.country = "xx";
    if (n == 4) row.country = "";
    return row;
  });
  EXPECT_NEAR(made.field("amount").missing_share, 0.1, 1e-9);
  EXPECT_NEAR(made.field("amount").outside_share, 0.2, 0.01);
  EXPECT_NEAR(made.field("country").outside_share, 0.4, 1e-9);
  EXPECT_NEAR(made.field("country").missing_share, 0.1, 1e-9);
  EXPECT_GT(made.field("country").psi, 0.25);
}

TEST(Drift, A_version_that_brings_a_baseline_is_compared_with_that_from_its_first_row) {
  const fs::path folder = fs::path(testing::TempDir()) / "drift_own_baseline";
  fs::create_directories(folder / "assets.extra");
  Stream trained(99);
  std::vector<FieldSample> samples;
  samples.emplace_back("amount", false, 10'000);
  for (int i = 0; i < 10'000; ++i) samples[0].add(static_cast<double>(trained().amount));
  std::ofstream(folder / baseline_file) << to_json(baseline_of(samples));

  Made made;
  made.told = std::make_unique<ScoredRows>(3, folder.string());
  Stream stream(3);
  made.window(500, std::ref(stream));  // both workers meet it
  made.window(0, std::ref(stream));
  made.window(1000, std::ref(stream));
  const VersionDrift version = made.monitor.report().at(0);
  EXPECT_EQ(version.baseline, VersionDrift::From::version);
  EXPECT_EQ(version.version, 3);
  EXPECT_EQ(version.baseline_rows, 10'000U);
  ASSERT_EQ(version.fields.size(), 1U) << "what the baseline does not know is not judged";
  EXPECT_LT(version.fields[0].psi, version.fields[0].limit);
  fs::remove_all(folder);
}

TEST(Drift, A_broken_baseline_is_told_and_the_first_rows_stand_in) {
  const fs::path folder = fs::path(testing::TempDir()) / "drift_broken_baseline";
  fs::create_directories(folder / "assets.extra");
  std::ofstream(folder / baseline_file) << R"({"baseline":1,"rows":3,"fields":{"a":{}}})";
  Made made(quick());
  made.told = std::make_unique<ScoredRows>(1, folder.string());
  Stream stream(3);
  made.window(5000, std::ref(stream));
  EXPECT_THAT(made.monitor.report().at(0).trouble, HasSubstr("field 'a' is incomplete"));
  EXPECT_EQ(made.monitor.report().at(0).baseline, VersionDrift::From::first_rows);
  ASSERT_EQ(made.events.size(), 1U);
  EXPECT_THAT(made.events[0], HasSubstr(R"({"event":"baseline","state":"broken")"));
  fs::remove_all(folder);
}

TEST(Drift, A_hundred_versions_leave_no_more_behind_than_the_last_few) {
  Made made(quick());
  Stream stream(3);
  for (std::int64_t version = 1; version <= 100; ++version) {
    made.told = std::make_unique<ScoredRows>(version);
    made.window(250, std::ref(stream));
  }
  EXPECT_EQ(made.monitor.report().size(), 3U) << "the others have left";
  EXPECT_EQ(made.monitor.report().back().version, 100);
  EXPECT_EQ(watches_of(*made.observers[0]), 16U) << "remembered";
}

TEST(Drift, A_hundred_reloads_of_two_versions_leave_two_watches_and_go_on_counting) {
  Made made(quick());
  Stream stream(3);
  for (int i = 0; i < 100; ++i) {
    made.told->load(1 + i % 2);
    made.window(250, std::ref(stream));
  }
  EXPECT_EQ(watches_of(*made.observers[0]), 2U);
  const auto report = made.monitor.report();
  ASSERT_EQ(report.size(), 2U);
  EXPECT_EQ(report[0].baseline_rows, 5000U) << "of twenty loads";
  EXPECT_GE(report[0].windows, 7U);
}

TEST(Drift, A_version_that_was_taken_back_ends_its_alarm_and_is_reported_no_more) {
  Made made(quick());
  Stream stream(3), calm(4);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  stream.shift = 1;
  for (int i = 0; i < 3; ++i) made.window(1000, std::ref(stream));
  ASSERT_EQ(made.events.size(), 2U);
  for (int i = 0; i < 10; ++i) made.window(0, std::ref(stream));
  EXPECT_TRUE(made.field("score").alarm) << "nobody was asked: that says nothing of the version";
  const auto drifted = std::move(made.told);
  made.told = std::make_unique<ScoredRows>(2);
  made.window(1000, std::ref(calm));
  made.window(1000, std::ref(calm));
  EXPECT_EQ(made.monitor.report().size(), 2U);
  EXPECT_EQ(made.events.size(), 2U) << "two windows are not yet three";
  made.window(1000, std::ref(calm));
  ASSERT_EQ(made.events.size(), 4U) << "amount and score";
  for (std::size_t i = 2; i < 4; ++i) {
    const auto event = parsed(made.events[i]);
    EXPECT_EQ(std::string_view(event["state"]), "end");
    EXPECT_EQ(std::int64_t(event["version"]), 1);
    EXPECT_TRUE(bool(event["left"]));
    EXPECT_THAT(made.words[i], HasSubstr("is watched no more"));
  }
  ASSERT_EQ(made.monitor.report().size(), 1U);
  EXPECT_EQ(made.monitor.report()[0].version, 2);

  made.told = std::make_unique<ScoredRows>(1);  // it comes back, and is known
  made.window(1000, std::ref(calm));
  made.window(1000, std::ref(calm));
  const VersionDrift back = made.monitor.report().at(0);
  EXPECT_EQ(back.version, 1);
  EXPECT_EQ(back.baseline_rows, 5000U);
  EXPECT_EQ(back.windows, 4U) << "its baseline is remembered";
}

TEST(Drift, The_report_is_json) {
  Made made(quick());
  Stream stream(3);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  made.window(1000, std::ref(stream));
  const auto report = parsed(drift_json("payments", made.monitor.report()));
  EXPECT_EQ(std::string_view(report["pipeline"]), "payments");
  const auto version = report["versions"].at(0);
  EXPECT_EQ(std::string_view(version["baseline"]), "first_rows");
  EXPECT_EQ(std::uint64_t(version["baseline_rows"]), 5000U);
  EXPECT_EQ(std::uint64_t(version["windows"]), 1U);
  EXPECT_EQ(std::uint64_t(version["window_rows"]), 1000U);
  EXPECT_EQ(version["fields"].get_array().size(), 3U);
}

TEST(Drift, A_window_whose_rows_are_all_refused_ends_no_alarm_of_an_output_and_is_null_in_json) {
  Made made(quick());
  Stream stream(3);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  stream.shift = 1;
  for (int i = 0; i < 3; ++i) made.window(1000, std::ref(stream));
  ASSERT_TRUE(made.field("score").alarm);
  for (int i = 0; i < 4; ++i) made.told->refuse(*made.observers[0], 250, std::ref(stream));
  made.window(0, std::ref(stream));
  EXPECT_EQ(made.monitor.report().at(0).windows, 4U);
  EXPECT_TRUE(made.field("score").alarm) << "nothing was answered";
  EXPECT_EQ(made.field("score").above, 3U);
  EXPECT_EQ(made.field("amount").above, 4U) << "what was asked is judged";
  EXPECT_EQ(made.events.size(), 2U) << "two begin, none ends";
  const auto report = parsed(drift_json("payments", made.monitor.report()));
  for (const simdjson::dom::element field : report["versions"].at(0)["fields"].get_array()) {
    if (std::string_view(field["field"]) != "score") continue;
    for (const char* figure : {"psi", "limit", "missing_share", "outside_share"})
      EXPECT_TRUE(field[figure].is_null()) << figure;
    EXPECT_TRUE(bool(field["alarm"]));
  }
  for (const std::string& event : made.events) (void)parsed(event);
  stream.shift = 0;
  made.window(1000, std::ref(stream));
  EXPECT_FALSE(made.field("score").alarm);
}

TEST(Baseline, Survives_its_own_json) {
  std::vector<FieldSample> samples;
  samples.emplace_back("x", false, 1000);
  samples.emplace_back("word \"quoted\"", true, 1000);
  Numbers numbers(1);
  for (int i = 0; i < 500; ++i) {
    samples[0].add(numbers.normal());
    samples[1].add(std::string_view(std::to_string(i % 40)));
  }
  const Baseline baseline = baseline_of(samples);
  EXPECT_EQ(baseline.fields[0].bins(), 20U);
  EXPECT_EQ(baseline.fields[1].bins(), 20U);
  const auto read = parse_baseline(to_json(baseline), "x.json");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, baseline);
}

TEST(Baseline, Few_different_numbers_have_a_bin_each) {
  FieldSample sample("flag", false, 1000);
  for (int i = 0; i < 100; ++i) sample.add(i % 20 == 0 ? 1.0 : 0.0);
  const FieldBaseline baseline = sample.baseline();
  EXPECT_THAT(baseline.counts, testing::ElementsAre(0, 0, 95, 5));
}

TEST(Baseline, Texts_that_are_nearly_all_different_are_measured_by_their_length) {
  FieldSample sample("text", true, 10'000);
  for (int i = 0; i < 3000; ++i) sample.add(std::string_view("number " + std::to_string(i)));
  EXPECT_EQ(sample.baseline().of, FieldBaseline::Of::length);
  EXPECT_EQ(sample.baseline().low, 8);
}

TEST(Baseline, Half_a_file_is_an_error_that_names_the_cure) {
  const auto read = parse_baseline(R"({"baseline":1,)", "b.json");
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message(), HasSubstr("thalweg model baseline"));
}

}  // namespace
}  // namespace thalweg::monitor
