#include "cli/suite.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "cli/cases.h"
#include "cli/command.h"
#include "cli/golden.h"
#include "cli/judge.h"
#include "cli/trial.h"

namespace thalweg::cli {
namespace {

// Everything in one batch first, that is what is judged; then every record alone, and cuts in between: none may make a difference.
constexpr std::array<std::size_t, 4> cuts{100'000, 1, 2, 7};

struct Suite {
  PipelineFile file;
  CaseFile cases;
  std::optional<Golden> golden;
  std::vector<TrialResult> by_cut;  // of the cases, as `cuts`
  std::vector<TrialResult> golden_by_cut;
};

std::string stem_of(const std::string& path) {
  for (const std::string_view end : {".yaml", ".yml"}) {
    if (path.ends_with(end)) return path.substr(0, path.size() - end.size());
  }
  return path;
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

CaseTopics topics_of(const PipelineFile& file) {
  CaseTopics topics;
  topics.inputs = input_topics(file.values.section("from"));
  for (const Values& to : file.values.sections("to")) {
    const std::string& topic = to.string("topic");
    const auto seen = std::find(topics.outputs.begin(), topics.outputs.end(), topic);
    if (seen == topics.outputs.end()) topics.outputs.push_back(topic);
  }
  return topics;
}

Error no_cases(const std::string& path, const std::string& stem) {
  return Error(
      Code::config_invalid,
      fmt::format("{}: expected cases beside it, in {}.cases.yaml or {}.input.jsonl; got neither; "
                  "write one, or name it with --cases",
                  path, stem, stem));
}

Result<Suite> read_suite(const std::string& path, const SuiteOptions& options) {
  auto file = options.pipeline.read_for_trial(path);
  if (!file) return std::move(file).error();
  Suite suite{.file = std::move(file).value(),
              .cases = {},
              .golden = {},
              .by_cut = {},
              .golden_by_cut = {}};
  const std::string stem = stem_of(path);
  const std::string case_path = options.cases.empty() ? stem + ".cases.yaml" : options.cases;
  const bool has_cases = !options.cases.empty() || is_there(case_path);
  if (has_cases) {
    auto cases = read_cases(case_path, topics_of(suite.file));
    if (!cases) return std::move(cases).error();
    suite.cases = std::move(cases).value();
  }
  auto golden = read_golden(stem, suite.file);
  if (!golden) return std::move(golden).error();
  suite.golden = std::move(golden).value();
  if (!has_cases && !suite.golden) return no_cases(path, stem);
  if (!options.filter.empty()) {
    const auto other = [&](const Case& c) {
      return c.name.find(options.filter) == std::string::npos;
    };
    std::erase_if(suite.cases.cases, other);
    if (std::string_view("golden lines").find(options.filter) == std::string_view::npos)
      suite.golden.reset();
  }
  return suite;
}

Result<std::vector<TrialResult>> run_in_cuts(const Suite& suite,
                                             const std::vector<TrialRecord>& records) {
  std::vector<TrialResult> results;
  for (const std::size_t cut : cuts) {
    if (records.empty()) {
      results.emplace_back();
      continue;
    }
    auto result = run_trial(suite.file, builtins(), records, {.cut = cut, .now = suite.cases.now});
    if (!result) return std::move(result).error();
    results.push_back(std::move(result).value());
  }
  return results;
}

std::string cut_words(std::size_t cut) {
  return cut == 1 ? "alone in its batch" : fmt::format("in batches of {}", cut);
}

std::string difference_lines(const std::vector<Difference>& differences) {
  constexpr std::size_t shown_max = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown_max, differences.size()); ++i) {
    const Difference& d = differences[i];
    text += fmt::format("{}{}\n  expected  {}\n  got       {}", i == 0 ? "" : "\n", d.path,
                        d.expected, d.got);
  }
  if (differences.size() > shown_max)
    text += fmt::format("\nand {} more", differences.size() - shown_max);
  return text;
}

std::string case_failure(const Suite& suite, std::size_t index) {
  const Case& expected = suite.cases.cases[index];
  const Outcome& together = suite.by_cut.front().outcomes[index];
  const auto differences = judge(expected, together, suite.cases.tolerance);
  if (!differences.empty())
    return expected.where.to_string() + "\n" + difference_lines(differences);
  for (std::size_t k = 1; k < cuts.size(); ++k) {
    const auto apart = judge_same(together, suite.by_cut[k].outcomes[index], suite.cases.tolerance);
    if (apart.empty()) continue;
    return fmt::format(
        "{}\nanother outcome {} than in one batch with the others: where a batch is cut must not "
        "matter\n{}",
        expected.where.to_string(), cut_words(cuts[k]), difference_lines(apart));
  }
  return {};
}

std::string accounting_failure(const std::vector<TrialResult>& results, std::size_t records) {
  for (const TrialResult& result : results) {
    const TestCounts& c = result.counts;
    if (records == 0 || (c.add_up() && c.in == records)) continue;
    return fmt::format("{} records in, but {} forwarded + {} absorbed + {} filtered + {} dead",
                       c.in, c.forwarded, c.absorbed, c.filtered, c.dead);
  }
  return {};
}

std::string golden_failure(const Suite& suite) {
  for (std::size_t k = 0; k < cuts.size(); ++k) {
    const auto differences =
        judge_golden(*suite.golden, suite.golden_by_cut[k], suite.file, suite.cases.tolerance);
    if (differences.empty()) continue;
    const std::string where = k == 0 ? "" : cut_words(cuts[k]) + ", though not in one batch:\n";
    return where + difference_lines(differences);
  }
  return {};
}

}  // namespace

Result<std::vector<JunitCase>> run_suite(const std::string& path, const SuiteOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  auto read = read_suite(path, options);
  if (!read) return std::move(read).error();
  Suite& suite = *read;
  std::vector<TrialRecord> records;
  for (const Case& c : suite.cases.cases) records.push_back({c.topic, c.input});
  auto by_cut = run_in_cuts(suite, records);
  if (!by_cut) return std::move(by_cut).error();
  suite.by_cut = std::move(by_cut).value();

  std::vector<JunitCase> verdicts;
  for (std::size_t i = 0; i < records.size(); ++i) {
    verdicts.push_back(
        {.suite = path, .name = suite.cases.cases[i].name, .failure = case_failure(suite, i)});
  }
  if (suite.golden) {
    auto golden = run_in_cuts(suite, suite.golden->records);
    if (!golden) return std::move(golden).error();
    suite.golden_by_cut = std::move(golden).value();
    verdicts.push_back({.suite = path, .name = "golden lines", .failure = golden_failure(suite)});
  }
  if (verdicts.empty()) return verdicts;
  std::string sums = accounting_failure(suite.by_cut, records.size());
  if (sums.empty() && suite.golden)
    sums = accounting_failure(suite.golden_by_cut, suite.golden->records.size());
  verdicts.push_back({.suite = path, .name = "every record has come to one end", .failure = sums});

  // All cases share their batches: each gets its part of the time.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  for (JunitCase& verdict : verdicts)
    verdict.seconds = took.count() / static_cast<double>(verdicts.size());
  return verdicts;
}

}  // namespace thalweg::cli
