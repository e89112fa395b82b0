// Drift of what feature steps make, as the model sees it.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "drift_fixture.h"
#include "monitor/baseline_maker.h"

namespace thalweg::monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<std::string> names(const VersionDrift& version) {
  std::vector<std::string> all;
  for (const FieldDrift& field : version.fields) all.push_back(field.field);
  return all;
}

TEST(DriftOfFeatures,
     What_steps_make_is_watched_beside_the_fields_and_what_they_leave_alone_is_not) {
  Made made(quick());
  made.told->make_features();
  Stream stream(3);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  made.window(1000, std::ref(stream));
  EXPECT_THAT(names(made.monitor.report().at(0)),
              ElementsAre("amount", "country", "score", "features.amount", "features.both[0]",
                          "features.both[1]"));
  EXPECT_EQ(made.field("features.amount").what, Watched::feature);
  EXPECT_EQ(made.field("amount").what, Watched::field);
  EXPECT_EQ(made.field("score").what, Watched::output);
  const std::string json = drift_json("payments", made.monitor.report());
  EXPECT_THAT(json, HasSubstr(R"("field":"features.amount","output":false,"what":"feature")"));
}

// A vocabulary that was exchanged, a clock that went wrong: the fields are as ever.
TEST(DriftOfFeatures, A_feature_drifts_though_no_field_does_and_says_which_number_of_it) {
  Made made(quick());
  made.told->make_features();
  Stream stream(3), other(4);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  other.shift = 1;
  // The scores of rows whose fields have not moved.
  const auto moved = [&] {
    MadeRow row = stream();
    row.score = other().score;
    return row;
  };
  for (int i = 0; i < 3; ++i) made.window(1000, moved);
  EXPECT_TRUE(made.field("features.both[0]").alarm);
  EXPECT_FALSE(made.field("features.both[1]").alarm);
  EXPECT_FALSE(made.field("features.amount").alarm);
  EXPECT_FALSE(made.field("amount").alarm);
  ASSERT_EQ(made.events.size(), 2U) << "the score itself, and the feature";
  EXPECT_THAT(made.events[1],
              HasSubstr(R"("field":"features.both[0]","output":false,"what":"feature")"));
  EXPECT_THAT(made.words[1],
              HasSubstr("model 'fraud' version 1: feature 'features.both[0]' has drifted"));
}

TEST(DriftOfFeatures, Rows_that_a_step_refused_do_not_count_for_features) {
  Made made(quick());
  made.told->make_features(50);
  Stream stream(3);
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  made.told->make_features(200);
  made.window(2000, std::ref(stream));
  EXPECT_LT(made.field("features.both[0]").psi, 0.1) << "zeros stand for those rows";
  EXPECT_LT(made.field("features.both[0]").outside_share, 0.01);
}

TEST(DriftOfFeatures, The_settings_choose_features_by_name_or_none) {
  DriftOptions none = quick(), two = quick(), one = quick();
  none.features = false;
  two.fields = {"features.both"};
  one.fields = {"features.both[1]", "amount"};
  for (const auto& [options, wanted] :
       {std::pair{none, std::vector<std::string>{"amount", "country", "score"}},
        std::pair{two, std::vector<std::string>{"features.both[0]", "features.both[1]"}},
        std::pair{one, std::vector<std::string>{"amount", "features.both[1]"}}}) {
    Made made(options);
    made.told->make_features();
    Stream stream(3);
    made.window(5000, std::ref(stream));
    made.window(0, std::ref(stream));
    made.window(1000, std::ref(stream));
    EXPECT_EQ(names(made.monitor.report().at(0)), wanted);
  }
}

TEST(DriftOfFeatures,
     A_baseline_of_training_rows_has_the_features_and_an_old_one_judges_no_others) {
  const fs::path folder = fs::path(testing::TempDir()) / "drift_feature_baseline";
  fs::create_directories(folder / "assets.extra");
  Stream trained(99);
  for (const bool with_features : {true, false}) {
    BaselineMaker maker("fraud", 10'000);
    ScoredRows rows;
    if (with_features) rows.make_features();
    for (int i = 0; i < 20; ++i) rows.tell(maker, 250, std::ref(trained));
    std::ofstream(folder / baseline_file) << to_json(maker.baseline());
    Made made;
    made.told = std::make_unique<ScoredRows>(3, folder.string());
    made.told->make_features();
    Stream stream(3);
    made.window(500, std::ref(stream));
    made.window(0, std::ref(stream));
    made.window(1000, std::ref(stream));
    const VersionDrift version = made.monitor.report().at(0);
    EXPECT_EQ(version.baseline, VersionDrift::From::version);
    EXPECT_EQ(version.fields.size(), with_features ? 6U : 3U);
    if (with_features) {
      EXPECT_LT(made.field("features.both[1]").psi, 0.25);
    }
  }
  fs::remove_all(folder);
}

// The other's statistics would call what is normal for it drift, or hide what is not.
TEST(Drift, A_number_that_is_published_anew_with_other_content_has_a_baseline_of_its_own) {
  Made made(quick());
  Stream stream(3), other(4);
  other.shift = 2;
  made.window(5000, std::ref(stream));
  made.window(0, std::ref(stream));
  made.window(1000, std::ref(stream));
  ASSERT_EQ(made.monitor.report().at(0).windows, 1U);
  made.told->publish_anew("cafe");
  for (int i = 0; i < 4; ++i) made.window(1000, std::ref(other));
  EXPECT_TRUE(made.events.empty()) << "it makes a baseline of its first rows";
  made.window(1000, std::ref(other));
  made.window(0, std::ref(other));
  for (int i = 0; i < 3; ++i) made.window(1000, std::ref(other));
  EXPECT_TRUE(made.events.empty()) << "it is as it was when it came";
  const auto report = made.monitor.report();
  ASSERT_EQ(report.size(), 1U) << "the first one has left";
  EXPECT_EQ(report[0].content, "cafe");
  EXPECT_EQ(report[0].version, 1);
  EXPECT_EQ(report[0].windows, 3U);
}

}  // namespace
}  // namespace thalweg::monitor
