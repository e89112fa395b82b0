#include "cli/test_command.h"

#include <memory>

#include <fmt/format.h>

#include "cli/suite.h"
#include "cli/terminal.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  SuiteOptions suite;
  std::string junit;
};

void print(const std::string& path, const std::vector<JunitCase>& verdicts) {
  const Style& s = style(stdout);
  fmt::print("{}{}{}\n", s.bold, path, s.off);
  for (const JunitCase& v : verdicts) {
    const bool good = v.failure.empty();
    fmt::print("  {}{}{} {}\n", good ? s.good : s.bad, good ? "✓" : "✗", s.off, v.name);
    if (!good) fmt::print("{}\n", indented(v.failure, 6));
  }
  std::fflush(stdout);
}

int print_sum(const std::vector<JunitCase>& all) {
  std::size_t failed = 0;
  for (const JunitCase& v : all) failed += v.failure.empty() ? 0 : 1;
  fmt::print("{} passed, {} failed\n", all.size() - failed, failed);
  return failed == 0 ? exit_ok : exit_findings;
}

// A pipeline that cannot be tried does not keep the others from being tried.
int test(const Options& options) {
  std::vector<JunitCase> all;
  int code = exit_ok;
  for (const std::string& path : options.suite.pipeline.paths) {
    auto verdicts = run_suite(path, options.suite);
    if (!verdicts) {
      code = report(verdicts.error());
      all.push_back({.suite = path,
                     .name = "the pipeline can be tried",
                     .failure = verdicts.error().message(),
                     .broken = true});
      continue;
    }
    print(path, *verdicts);
    all.insert(all.end(), verdicts->begin(), verdicts->end());
  }
  const int judged = print_sum(all);
  if (all.empty()) {
    return report(
        Error(Code::config_invalid,
              fmt::format("--filter: expected a part of a case's name; got '{}', which none has",
                          options.suite.filter)));
  }
  if (!options.junit.empty()) {
    if (Status written = write_junit(options.junit, all); !written.ok())
      return report(written.error());
  }
  return code != exit_ok ? code : judged;
}

}  // namespace

void add_test_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "test", "Run the cases that stand beside a pipeline",
      "  thalweg test fraud.yaml                          cases in fraud.cases.yaml\n"
      "  thalweg test a.yaml b.yaml --junit results.xml   for a build server\n"
      "  thalweg test fraud.yaml --filter 'no amount'     only some\n"
      "\nEach case runs in one batch with all others, alone, and in batches of 2 and 7: the "
      "outcomes must be equal.\n"
      "Exit code 1: a case failed. docs/testing.md explains case files and golden lines.",
      [options] { return test(*options); });
  options->suite.pipeline.declare_files(command);
  command
      .add_option("--cases", options->suite.cases,
                  "The case file, where it does not stand beside the pipeline")
      .type_name("FILE");
  command.add_option("--filter", options->suite.filter, "Only cases whose name contains this text")
      .type_name("TEXT");
  command.add_option("--junit", options->junit, "Also write the results as JUnit XML")
      .type_name("FILE");
}

}  // namespace thalweg::cli
