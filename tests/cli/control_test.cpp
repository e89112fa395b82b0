// Changing models from the command line: with the file of a single process, and what `check` says of it.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ControlFile : public ::testing::Test {
 protected:
  ControlFile() {
    std::filesystem::create_directories(folder.path("models/1"));
    std::filesystem::create_directories(folder.path("models/2"));
    folder.write("models/1/fake.yaml", "function: constant\nvalue: 1\n");
    folder.write("models/2/fake.yaml", "function: constant\nvalue: 2\n");
    file = folder.write("p.yaml",
                        "pipeline: scores\n"
                        "state_directory: " +
                            folder.path("state") +
                            "\n"
                            "models: { scorer: { runtime: fake, version: 1, path: " +
                            folder.path("models") +
                            " } }\n"
                            "from: { topic: in, start: earliest, fields: { x: float32 } }\n"
                            "steps: [infer: { model: scorer, outputs: { y: score } }]\n"
                            "to: { topic: out, value: { score: score } }\n"
                            "dead_letters: dead\n");
  }
  Ran models(std::vector<std::string> words) const {
    words.insert(words.begin(), "models");
    words.insert(words.begin() + 2, file);
    return run_thalweg(words);
  }
  Ran check() const { return run_thalweg({"check", "--offline", "--strict", file}); }
  Folder folder;
  std::string file;
};

TEST_F(ControlFile, Check_says_what_the_record_says_otherwise_until_a_reset) {
  const Ran fresh = check();
  EXPECT_EQ(fresh.code, 0) << fresh.out;
  EXPECT_THAT(fresh.out, HasSubstr("no record: the pipeline file says which versions serve"));
  EXPECT_FALSE(std::filesystem::exists(folder.path("state"))) << "check makes nothing";

  ASSERT_EQ(models({"route", "scorer", "2", "--by", "ann", "--why", "trained in May"}).code, 0);
  const Ran other = check();
  EXPECT_EQ(other.code, 0) << "a person wanted it so: " << other.out;
  EXPECT_THAT(
      other.out,
      AllOf(HasSubstr("model 'scorer': the control record of epoch 0 (by ann, "),
            HasSubstr("says version 2; the pipeline file says version 1; the record wins")));
  EXPECT_THAT(run_thalweg({"check", "--offline", "--json", file}).out,
              HasSubstr("the pipeline file says version 1"));

  ASSERT_EQ(models({"reset", "scorer"}).code, 0);
  EXPECT_THAT(check().out, Not(HasSubstr("the record wins")));
  ASSERT_EQ(models({"route", "scorer", "1"}).code, 0);
  EXPECT_THAT(check().out, HasSubstr("its records say what the pipeline file says"));
}

TEST_F(ControlFile, A_shadow_that_cannot_watch_is_a_warning_of_check_as_it_stops_no_run) {
  std::string text = folder.read("p.yaml");
  text.replace(text.find("version: 1,"), 11, "version: 1, shadow: { version: 9 },");
  (void)folder.write("p.yaml", text);
  const Ran strict = check();
  EXPECT_EQ(strict.code, 1) << strict.out;
  EXPECT_THAT(strict.out,
              AllOf(HasSubstr("its shadow would see no rows: "), HasSubstr("expected version 9")));
  EXPECT_EQ(run_thalweg({"check", "--offline", file}).code, 0);
}

TEST_F(ControlFile, A_record_that_cannot_be_read_is_a_warning_of_check) {
  ASSERT_EQ(models({"route", "scorer", "2"}).code, 0);
  std::ofstream(folder.path("state/scores.control.jsonl"))
      << R"({"offset":1,"key":"scores/scorer","value":"{\"format\":9}"})"
      << "\n";
  const Ran broken = check();
  EXPECT_EQ(broken.code, 1) << broken.out;
  EXPECT_THAT(broken.out, HasSubstr("scores/scorer"));
}

TEST_F(ControlFile, Each_change_is_shown_by_status_and_can_be_taken_back) {
  EXPECT_THAT(models({"list"}).out, HasSubstr("scorer: version 1   (the pipeline file)"));
  const Ran dry = models({"route", "scorer", "2", "--dry-run"});
  EXPECT_THAT(dry.out, AllOf(HasSubstr("version 1 → version 2"), HasSubstr("nothing is written")));
  EXPECT_THAT(models({"list"}).out, HasSubstr("the pipeline file"));

  const Ran canary = models({"route", "scorer", "b=10%@2", "--by", "ann"});
  ASSERT_EQ(canary.code, 0) << canary.err;
  EXPECT_THAT(models({"status", "scorer"}).out,
              AllOf(HasSubstr("b 10% version 2"), HasSubstr("epoch 0, route by ann"),
                    HasSubstr("the pipeline file says version 1")));
  ASSERT_EQ(models({"label", "scorer", "stable=1"}).code, 0);
  ASSERT_EQ(models({"route", "scorer", "champion=90%@stable"}).code, 0);
  EXPECT_THAT(models({"list", "scorer"}).out, HasSubstr("champion 90% version stable"));
  const Ran used = models({"label", "scorer", "stable="});
  EXPECT_NE(used.code, 0);
  EXPECT_THAT(used.err, HasSubstr("expected that nothing uses it"));
  ASSERT_EQ(models({"shadow", "scorer", "2"}).code, 0);
  EXPECT_THAT(models({"list", "scorer"}).out, HasSubstr("shadow version 2"));
  ASSERT_EQ(models({"rollback", "scorer", "--by", "bob", "--why", "too dear"}).code, 0);
  EXPECT_THAT(
      models({"list", "scorer"}).out,
      AllOf(Not(HasSubstr("shadow")), HasSubstr("rollback by bob"), HasSubstr(": too dear")));
  ASSERT_EQ(models({"reset", "scorer"}).code, 0);
  EXPECT_THAT(models({"list", "scorer"}).out, HasSubstr("scorer: version 1   (the pipeline file)"));
  const std::string history = folder.read("state/scores.audit.jsonl");
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 6) << history;
}

TEST_F(ControlFile, A_version_alone_is_all_traffic_and_leaves_no_other_variant_a_share) {
  ASSERT_EQ(models({"route", "scorer", "b=10%@2"}).code, 0);
  const Ran all = models({"route", "scorer", "2"});
  ASSERT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("champion 90% version 1, b 10% version 2 → "));
  EXPECT_THAT(models({"list", "scorer"}).out,
              AllOf(HasSubstr("version 2"), Not(HasSubstr("version 1")), Not(HasSubstr("b 10%"))));
}

TEST_F(ControlFile, Another_version_of_the_shadow_keeps_its_cpu_share) {
  const auto share = [&] { return models({"status", "scorer", "--json"}).out; };
  ASSERT_EQ(models({"shadow", "scorer", "1"}).code, 0);
  EXPECT_THAT(share(), HasSubstr(R"("cpu_share":0.5)"));
  ASSERT_EQ(models({"shadow", "scorer", "2", "--cpu-share", "0.25"}).code, 0);
  ASSERT_EQ(models({"shadow", "scorer", "1"}).code, 0);
  EXPECT_THAT(share(),
              AllOf(HasSubstr(R"("cpu_share":0.25)"), Not(HasSubstr(R"("cpu_share":0.5)"))))
      << "neither now nor before";
}

// As a process leaves it beside its state: what it counted of each variant.
TEST_F(ControlFile, Status_has_the_figures_of_an_A_B_test) {
  ASSERT_EQ(models({"route", "scorer", "b=10%@2"}).code, 0);
  const std::string ab =
      R"({"model":"scorer","epoch":0,"arms":[)"
      R"({"variant":"champion","version":1,"asked":9000,"rows":8990,"share_expected":0.9,)"
      R"("share_seen":0.89901,"buckets":4000,"mean":0.25,"standard_error":0.0012},)"
      R"({"variant":"b","version":2,"asked":1010,"rows":1010,"share_expected":0.1,)"
      R"("share_seen":0.10099,"buckets":900,"mean":0.3,"standard_error":null}],"verdicts":[)"
      R"({"a":{"variant":"champion"},"b":{"variant":"b"},"verdict":"b_larger",)"
      R"("difference":0.05,"low":0.01,"high":0.09,"ratio":{"p":0.5,"mismatch":false}}]})";
  const std::string word =
      R"({"format":1,"host":"h","pid":1,"models":{"scorer":{"wish":0,"prepared":0,"active":0,)"
      R"("versions":[],"ab":)" +
      ab + "}}}";
  std::string quoted;
  for (const char c : word) quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
  std::ofstream(folder.path("state/scores.process.json"))
      << R"({"offset":0,"key":"~process/scores/only","value":")" << quoted << "\"}\n";
  const Ran status = models({"status", "scorer"});
  ASSERT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(
      status.out,
      AllOf(HasSubstr("A/B in epoch 0:"),
            HasSubstr("champion version 1: 8,990 rows with a score, 89.9 % of all (90 % of the "
                      "keys); mean 0.25, standard error 0.0012\n"),
            HasSubstr("b version 2: 1,010 rows with a score, 10.1 % of all (10 % of the keys); "
                      "mean 0.3\n"),
            HasSubstr("b against champion: larger; difference +0.05, between +0.01 and +0.09 "
                      "whenever you look")));
  EXPECT_THAT(models({"status", "scorer", "--json"}).out, HasSubstr(R"("verdict":"b_larger")"));
}

TEST_F(ControlFile, An_address_is_a_version_although_its_hash_has_an_equals_sign) {
  const std::string address = "https://models.example/scorer/7#sha256=" + std::string(64, 'a');
  const Ran alone = models({"route", "scorer", address});
  ASSERT_EQ(alone.code, 0) << alone.err;
  EXPECT_THAT(models({"list", "scorer"}).out, HasSubstr("version " + address));
  const Ran share = models({"route", "scorer", "b=10%@" + address});
  ASSERT_EQ(share.code, 0) << share.err;
  EXPECT_THAT(models({"list", "scorer"}).out, HasSubstr("b 10% version " + address));
  const Ran neither = models({"route", "scorer", "b=ten"});
  EXPECT_THAT(neither.err,
              AllOf(HasSubstr("write 4 "), HasSubstr("b=10%@4"), HasSubstr("https://")));
}

TEST_F(ControlFile, A_mistake_says_what_was_expected) {
  const Ran name = models({"route", "scorr", "2"});
  EXPECT_EQ(name.code, 2);
  EXPECT_THAT(name.err, HasSubstr("Did you mean 'scorer'"));
  EXPECT_THAT(models({"route", "scorer"}).err, HasSubstr("expected what is wanted"));
  EXPECT_THAT(models({"route", "scorer", "c=10%"}).err, HasSubstr("'c'"));
  EXPECT_THAT(models({"rollback", "scorer"}).err, HasSubstr("expected a change to take back"));
  EXPECT_THAT(models({"status", "scorer", "--url", "http://127.0.0.1:1"}).err,
              HasSubstr("does the process run"));
  ASSERT_EQ(models({"route", "scorer", "2", "--if-epoch", "-1"}).code, 0);
  const Ran stale = models({"route", "scorer", "1", "--if-epoch", "-1"});
  EXPECT_NE(stale.code, 0);
  EXPECT_THAT(stale.err, HasSubstr("epoch"));
  EXPECT_THAT(models({"list", "scorer"}).out, HasSubstr("version 2"));
  EXPECT_EQ(models({"route", "scorer", "1", "--if-epoch", "0"}).code, 0);
  EXPECT_THAT(run_thalweg({"models", "rout", file, "scorer", "2"}).err, HasSubstr("rout"));
  EXPECT_THAT(run_thalweg({"peek", file}).err, HasSubstr("write --url"));
}

}  // namespace
}  // namespace thalweg::test
