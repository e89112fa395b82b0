// The metrics of what watches the models: no series of what was not judged, and never two of one name and labels.
#include "run/monitoring_page.h"

#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::Not;

monitor::FieldDrift judged(const std::string& name, monitor::Watched what) {
  monitor::FieldDrift field;
  field.field = name;
  field.what = what;
  field.psi = 0.5;
  field.limit = 0.25;
  field.missing_share = field.outside_share = 0;
  return field;
}

monitor::VersionDrift version(std::int64_t number, const std::string& content,
                              std::int64_t asked_ms) {
  monitor::VersionDrift version;
  version.model = "m";
  version.version = number;
  version.content = content;
  version.asked = {asked_ms};
  version.baseline_rows = 100;
  version.windows = 2;
  return version;
}

// Series without their values.
std::multiset<std::string> series(const std::string& page) {
  std::multiset<std::string> names;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) names.insert(line.substr(0, line.rfind(' ')));
  }
  return names;
}

TEST(MonitoringPage, A_field_that_the_last_window_had_nothing_of_has_its_alarm_and_no_figures) {
  MonitoringFigures figures;
  figures.pipeline = "p";
  monitor::VersionDrift one = version(3, "ab12", 10);
  one.fields = {judged("amount", monitor::Watched::field),
                judged("features.amount", monitor::Watched::feature)};
  monitor::FieldDrift refused;  // an output of rows that were all refused
  refused.field = "score";
  refused.what = monitor::Watched::output;
  refused.alarm = true;
  one.fields.push_back(refused);
  figures.drift = {one};
  const std::string page = monitoring_page({figures});
  const auto labels = [](const std::string& field) {
    return R"({pipeline="p",model="m",version="3",field=")" + field + "\"}";
  };
  for (const char* field : {"amount", "features.amount"}) {
    for (const char* figure : {"psi", "limit", "alarm", "missing_share", "outside_share"})
      EXPECT_THAT(page, HasSubstr(std::string("thalweg_drift_") + figure + labels(field))) << field;
  }
  EXPECT_THAT(page, HasSubstr("thalweg_drift_alarm" + labels("score") + " 1"));
  for (const char* figure : {"psi", "limit", "missing_share", "outside_share"})
    EXPECT_THAT(page, Not(HasSubstr(std::string("thalweg_drift_") + figure + labels("score"))))
        << figure;
  EXPECT_THAT(page, Not(HasSubstr("nan")));

  simdjson::dom::parser parser;
  simdjson::dom::element json;
  ASSERT_EQ(parser.parse(monitor::drift_json("p", figures.drift)).get(json), simdjson::SUCCESS);
  const auto fields = json["versions"].at(0)["fields"];
  for (const char* figure : {"psi", "limit", "missing_share", "outside_share"}) {
    EXPECT_FALSE(fields.at(1)[figure].is_null()) << figure;
    EXPECT_TRUE(fields.at(2)[figure].is_null()) << figure;
  }
  EXPECT_EQ(std::string_view(fields.at(1)["what"]), "feature");
  EXPECT_TRUE(bool(fields.at(2)["output"]));
}

TEST(MonitoringPage, A_version_before_its_first_window_has_no_series_of_a_field) {
  MonitoringFigures figures;
  figures.pipeline = "p";
  figures.drift = {version(3, "ab12", 10)};
  const std::string page = monitoring_page({figures});
  EXPECT_THAT(page, HasSubstr("thalweg_drift_baseline_rows"));
  EXPECT_THAT(page, Not(HasSubstr("field=")));
}

TEST(MonitoringPage, Of_two_contents_of_one_number_there_is_one_series_and_both_in_json) {
  MonitoringFigures figures;
  figures.pipeline = "p";
  figures.drift = {version(3, "ab12", 10), version(3, "cd34", 20), version(4, "ef56", 5)};
  figures.drift[1].windows = 7;
  for (const char* challenger : {"11", "22"}) {
    monitor::VersionPair pair;
    pair.model = "m";
    pair.champion = 3;
    pair.challenger = 4;
    pair.challenger_content = challenger;
    figures.comparisons.push_back(pair);
  }
  figures.comparisons[0].idle_ms = 60'000;
  figures.comparisons[1].grid.add(0.1, 0.2);
  const std::string page = monitoring_page({figures});
  const auto names = series(page);
  for (const std::string& name : names) EXPECT_EQ(names.count(name), 1U) << name;
  EXPECT_THAT(page,
              HasSubstr(R"(thalweg_drift_windows_total{pipeline="p",model="m",version="3"} 7)"))
      << "who was asked last";
  EXPECT_THAT(page, HasSubstr(R"(version="4"} 2)"));
  EXPECT_THAT(
      page,
      HasSubstr(
          R"(thalweg_comparison_rows_total{pipeline="p",model="m",champion="3",challenger="4"} 1)"));
  const std::string json = monitor::drift_json("p", figures.drift);
  EXPECT_THAT(json, HasSubstr("ab12"));
  EXPECT_THAT(json, HasSubstr("cd34"));
}

}  // namespace
}  // namespace thalweg
