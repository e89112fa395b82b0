// The command line itself: help, versions, mistakes, exit codes, completion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::vector<std::string> commands{"run",        "score", "test", "check",  "describe",
                                        "model",      "list",  "demo", "schema", "reference",
                                        "completion", "dead",  "dead"};

TEST(CommandLine, The_version_is_printed) {
  const Ran ran = run_thalweg({"--version"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, ::testing::MatchesRegex("thalweg [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, Every_command_has_help_with_an_example_of_itself) {
  for (const std::string& command : commands) {
    const Ran ran = run_thalweg({command, "--help"});
    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_THAT(ran.out, HasSubstr("Examples:")) << command;
    EXPECT_THAT(ran.out, HasSubstr("thalweg " + command)) << command;
    EXPECT_EQ(ran.err, "") << command;
  }
}

TEST(CommandLine, The_help_names_every_command_and_the_exit_codes) {
  const Ran ran = run_thalweg({"--help"});
  for (const std::string& command : commands) EXPECT_THAT(ran.out, HasSubstr("\n  " + command));
  EXPECT_THAT(ran.out, HasSubstr("Exit codes: 0 done"));
}

TEST(CommandLine, No_command_is_a_usage_error_that_shows_the_help) {
  const Ran ran = run_thalweg({});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.out, HasSubstr("Subcommands:"));
}

TEST(CommandLine, A_misspelt_command_is_answered_with_the_one_meant) {
  const Ran ran = run_thalweg({"scroe", "x.yaml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("error: thalweg: expected a command"));
  EXPECT_THAT(ran.err, HasSubstr("got 'scroe'. Did you mean 'score'?"));
}

TEST(CommandLine, A_misspelt_option_is_answered_with_the_one_meant) {
  const Ran ran = run_thalweg({"score", "x.yaml", "--inptu=y"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("got '--inptu'. Did you mean '--input'?"));
}

TEST(CommandLine, A_missing_argument_names_the_command_to_ask) {
  const Ran ran = run_thalweg({"check"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("thalweg check --help"));
}

TEST(CommandLine, A_count_below_one_is_a_usage_error) {
  for (const std::string command : {"score", "run"}) {
    for (const std::string count : {"-1", "0", "many"}) {
      const Ran ran = run_thalweg({command, "no-such.yaml", "--limit", count});
      EXPECT_EQ(ran.code, 2) << command << count << ran.err;
      EXPECT_THAT(ran.err, HasSubstr("--limit: expected a whole number, 1 or more; got '" + count));
    }
  }
}

TEST(CommandLine, A_set_without_a_value_is_a_usage_error) {
  for (const std::string command : {"run", "score", "check", "describe", "test"}) {
    const Ran ran = run_thalweg({command, "no-such.yaml", "--set", "workers"});
    EXPECT_EQ(ran.code, 2) << command << ran.err;
    EXPECT_THAT(ran.err, StartsWith("error: thalweg " + command +
                                    ": --set: expected name=value; got 'workers'"));
  }
}

TEST(CommandLine, Options_that_would_be_ignored_beside_each_other_are_refused) {
  for (const auto& line :
       std::vector<std::vector<std::string>>{{"model", "m", "--json", "--pipeline"},
                                             {"model", "m", "--json", "--output", "p.yaml"},
                                             {"describe", "p.yaml", "--json", "--format", "dot"}}) {
    const Ran ran = run_thalweg(line);
    EXPECT_EQ(ran.code, 2) << line[0] << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("excludes")) << line[0];
  }
}

TEST(CommandLine, A_file_that_is_not_there_is_a_configuration_error) {
  for (const std::string command : {"run", "score", "check", "describe", "test"}) {
    const Ran ran = run_thalweg({command, "no-such.yaml"});
    EXPECT_EQ(ran.code, 3) << command << ran.err;
    EXPECT_THAT(ran.out + ran.err, HasSubstr("no-such.yaml")) << command;
  }
}

TEST(CommandLine, A_broken_file_is_named_with_its_line) {
  const Folder folder;
  const std::string path =
      folder.write("broken.yaml", "pipeline: x\nfrom: {topic: a, start: earliest\n");
  const Ran ran = run_thalweg({"describe", path});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, StartsWith("error: " + path + ":"));
}

TEST(CommandLine, An_unknown_key_is_answered_with_the_one_meant) {
  const Folder folder;
  const std::string path = folder.write("typo.yaml", std::string(sum_pipeline) + "wokers: 2\n");
  const Ran ran = run_thalweg({"describe", path});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("'workers'"));
}

TEST(CommandLine, Set_overrides_a_setting) {
  const Folder folder;
  const std::string path = folder.write("sums.yaml", sum_pipeline);
  const Ran good =
      run_thalweg({"describe", path, "--set", "to.topic=elsewhere", "--set", "pipeline=other"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("pipeline other"));
  const Ran bad = run_thalweg({"describe", path, "--set", "workers=many"});
  EXPECT_EQ(bad.code, 3);
  EXPECT_THAT(bad.err, HasSubstr("workers"));
}

TEST(CommandLine, Limit_without_dry_run_is_a_usage_error) {
  const Folder folder;
  const Ran ran = run_thalweg({"run", folder.write("sums.yaml", sum_pipeline), "--limit", "3"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--dry-run"));
}

TEST(Completion, Each_shell_gets_a_script_with_all_commands_and_options) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Ran ran = run_thalweg({"completion", shell});
    EXPECT_EQ(ran.code, 0) << shell;
    for (const std::string& command : commands) EXPECT_THAT(ran.out, HasSubstr(command)) << shell;
    EXPECT_THAT(ran.out, HasSubstr("junit")) << shell;
  }
  EXPECT_EQ(run_thalweg({"completion", "tcsh"}).code, 2);
}

TEST(Completion, Bash_completes_commands_and_their_options) {
  const Folder folder;
  const std::string script = folder.write("completion", run_thalweg({"completion", "bash"}).out);
  const auto completed = [&](const std::string& words, int at) {
    const std::string out = folder.path("out");
    const std::string command =
        "bash -c " +
        shell_quoted("source " + script + "; COMP_WORDS=(" + words +
                     "); COMP_CWORD=" + std::to_string(at) + "; _thalweg; echo ${COMPREPLY[@]}") +
        " > " + out;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return read_file(out);
  };
  EXPECT_EQ(completed("thalweg sc", 1), "score schema\n");
  EXPECT_EQ(completed("thalweg run --dr", 2), "--dry-run\n");
  EXPECT_EQ(completed("thalweg dead re", 2), "replay\n");
  EXPECT_EQ(completed("thalweg completion z", 2), "zsh\n");
  EXPECT_THAT(completed("thalweg test --", 2), Not(HasSubstr("--dry-run")));
}

}  // namespace
}  // namespace thalweg::test
