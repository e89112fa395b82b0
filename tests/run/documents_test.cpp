// What docs/ lists must be what there is: names that others build on may not appear, go or change unseen.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "thalweg/error.h"

#include "run/dead_letter.h"
#include "run/exit_code.h"
#include "run/http.h"
#include "run/metrics_page.h"

namespace thalweg {
namespace {

std::string document(const std::string& name) {
  std::ifstream file(std::string(THALWEG_SOURCE_DIR) + "/docs/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The first group of every match.
std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it)
    found.insert((*it)[1]);
  return found;
}

TEST(Documents, Dead_letters_lists_every_code_that_can_make_one_and_no_other) {
  const std::string page = document("dead-letters.md");
  std::set<std::string> codes;
  for (std::size_t i = 0; i < code_count; ++i) {
    const auto code = static_cast<Code>(i);
    if (domain_of(code) != Domain::user || retry_of(code) != Retry::no) continue;
    codes.insert(std::string(to_string(code)));
    const std::string row =
        "| `" + std::string(to_string(code)) + "` | " + std::string(doc_of(code)) + " |";
    EXPECT_NE(page.find(row), std::string::npos) << "docs/dead-letters.md should have the line\n"
                                                 << row;
  }
  EXPECT_EQ(matches(page.substr(page.find("## Codes")), "\n\\| `([a-z0-9_]+)` \\|"), codes);
}

TEST(Documents, Metrics_lists_every_metric_and_no_other) {
  WorkerMetrics worker;
  worker.dead_by_code[0].add();
  worker.publish_lag({{TopicPartition{"in", {0}}, 1, 2.0}});
  PipelineView view;
  view.pipeline = "p";
  view.workers.push_back(&worker);
  view.models.push_back({"m", "fake", 1});
  view.versions.emplace_back();
  view.changes.emplace_back();
  view.totals.emplace_back();
  view.totals.back().role = Role::shadow;
  view.control.emplace().models.push_back({"m", 1, 1, true, false, 0});
  view.monitoring.drift.emplace_back().fields.emplace_back().psi = 0;  // judged
  view.monitoring.comparisons.emplace_back();
  view.monitoring.ab.emplace_back().arms.emplace_back();
  view.monitoring.ab.back().verdicts.emplace_back();
  view.monitoring.shadow_topics.emplace_back();
  const std::string page = metrics_page({view}) + http_page({});
  EXPECT_EQ(matches(document("metrics.md"), "\n\\| `([a-z0-9_]+)` \\| (?:counter|gauge|histogram)"),
            matches(page, "# TYPE ([a-z0-9_]+) "));
}

TEST(Documents, Exit_codes_lists_every_code) {
  const std::string page = document("exit-codes.md");
  for (const int code : {exit_ok, exit_configuration, exit_external, exit_internal, exit_hung})
    EXPECT_NE(page.find("\n| " + std::to_string(code) + " |"), std::string::npos) << code;
}

TEST(Documents, Every_link_leads_to_a_file) {
  namespace fs = std::filesystem;
  const fs::path root = THALWEG_SOURCE_DIR;
  std::vector<fs::path> pages;
  const auto add = [&](const fs::path& path) {
    if (path.extension() == ".md") pages.push_back(path);
  };
  for (const auto& entry : fs::directory_iterator(root)) add(entry.path());
  for (const char* folder : {"docs", "examples", "ops", "bench", "tests/models"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) add(entry.path());
  }
  for (const char* page : {"README.md", "CHANGELOG.md", "bench/README.md", "docs/models.md"})
    EXPECT_EQ(std::count(pages.begin(), pages.end(), root / page), 1) << page;
  for (const fs::path& page : pages) {
    std::ifstream file(page);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_FALSE(text.empty()) << page;
    for (const std::string& link : matches(text, "[^\\[]\\]\\(([^)#: ]+)[^):]*\\)"))
      EXPECT_TRUE(fs::exists(page.parent_path() / link))
          << fs::relative(page, root) << " names " << link;
  }
}

}  // namespace
}  // namespace thalweg
