// ops/: the alert rules and the dashboard name what there is, and Prometheus itself takes them.
#include "pipelines/support/prometheus.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/scratch_dir.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string ops = std::string(THALWEG_SOURCE_DIR) + "/ops/";

std::string file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << path;
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it)
    found.insert((*it)[1]);
  return found;
}

// docs/metrics.md, which another test compares with the page itself; and what the recording rules make.
std::set<std::string> known_metrics() {
  const std::string docs = file(std::string(THALWEG_SOURCE_DIR) + "/docs/metrics.md");
  std::set<std::string> known = matches(docs, "\n\\| `([a-z0-9_]+)` \\| (?:counter|gauge)");
  for (const std::string& name : matches(docs, "\n\\| `([a-z0-9_]+)` \\| histogram")) {
    for (const char* part : {"_bucket", "_sum", "_count"}) known.insert(name + part);
  }
  known.merge(matches(file(ops + "prometheus/recording.yml"), "record: (\\S+)"));
  return known;
}

TEST(Operations, Rules_and_dashboard_name_only_metrics_that_there_are) {
  const std::set<std::string> known = known_metrics();
  for (const char* name : {"prometheus/recording.yml", "prometheus/alerts.yml",
                           "prometheus/alerts_test.yml", "grafana/thalweg.json"}) {
    for (const std::string& metric : test::metrics_named_in(file(ops + name)))
      EXPECT_TRUE(known.contains(metric)) << name << " names " << metric;
  }
}

TEST(Operations, Every_alert_has_its_test_and_says_what_to_do) {
  const std::string rules = file(ops + "prometheus/alerts.yml");
  const auto alerts = matches(rules, "- alert: (\\S+)");
  EXPECT_EQ(matches(file(ops + "prometheus/alerts_test.yml"), "- name: (\\S+)"), alerts);
  EXPECT_EQ(matches(rules, "(\n +summary: )").size(), 1U);
  const auto count = [&](const std::string& word) {
    std::size_t found = 0;
    for (auto at = rules.find(word); at != std::string::npos; at = rules.find(word, at + 1))
      ++found;
    return found;
  };
  for (const char* word : {"severity: page }", "summary: \"", "description: \""})
    EXPECT_GT(count(word), 0U) << word;
  EXPECT_EQ(count("summary: \""), alerts.size());
  EXPECT_EQ(count("description: \""), alerts.size());
  EXPECT_EQ(count("labels: { severity: "), alerts.size());
}

class Promtool : public testing::Test {
 protected:
  void SetUp() override {
    if (test::prometheus_program("promtool").empty())
      GTEST_SKIP() << "promtool is not here; script/bootstrap unpacks it";
  }
  std::string says(const std::vector<std::string>& words) const {
    std::vector<std::string> argv{test::prometheus_program("promtool")};
    argv.insert(argv.end(), words.begin(), words.end());
    test::Command tool(argv, folder_.path());
    const auto code = tool.wait();
    return code == 0 ? "" : tool.out() + tool.err();
  }
  ScratchDir folder_;
};

TEST_F(Promtool, Takes_the_rules_and_the_example_of_a_configuration) {
  EXPECT_EQ(says({"check", "rules", ops + "prometheus/alerts.yml"}), "");
  EXPECT_EQ(says({"check", "rules", ops + "prometheus/recording.yml"}), "");
  EXPECT_EQ(says({"check", "config", ops + "prometheus/prometheus.yml"}), "");
}

TEST_F(Promtool, Every_alert_fires_when_it_should_and_alone) {
  EXPECT_EQ(says({"test", "rules", ops + "prometheus/alerts_test.yml"}), "");
}

TEST_F(Promtool, The_rules_for_A_B_tests_give_SciPys_figures) {
  EXPECT_EQ(says({"test", "rules", ops + "prometheus/recording_test.yml"}), "");
}

TEST_F(Promtool, Notices_a_rule_that_is_broken) {
  folder_.write("alerts.yml", "groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]");
  EXPECT_THAT(says({"check", "rules", folder_ / "alerts.yml"}), HasSubstr("parse error"));
}

}  // namespace
}  // namespace thalweg
