// `thalweg evaluate`: predictions joined with the labels that came later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;

std::string prediction(int i, int version, const std::string& variant, double score,
                       std::int64_t epoch = 3) {
  return R"({"id":"p-0-)" + std::to_string(i) + R"(","models":[{"model":"m","version":)" +
         std::to_string(version) + R"(,"variant":")" + variant + R"(","epoch":)" +
         std::to_string(epoch) + R"(,"bucket":)" + std::to_string((i * 7919) % 10000) +
         R"(,"share":5000}],"outputs":{"score":)" + std::to_string(score) + "}}\n";
}

std::string label(int i, bool yes) {
  return R"({"id":"p-0-)" + std::to_string(i) + R"(","label":)" + (yes ? "1" : "0") + "}\n";
}

class Evaluate : public ::testing::Test {
 protected:
  Ran run(std::vector<std::string> more = {}) {
    std::vector<std::string> all{"evaluate", "--log", folder.path("log"), "--labels",
                                 folder.path("labels")};
    all.insert(all.end(), more.begin(), more.end());
    return run_thalweg(all);
  }
  Folder folder;
};

// Version 1 knows everything, version 2 nothing; figures as scikit-learn's for these four and two rows.
TEST_F(Evaluate, Each_version_has_its_figures_and_what_is_not_joined_is_counted) {
  folder.write("log", prediction(1, 1, "a", 0.9) + prediction(2, 1, "a", 0.1) +
                          prediction(3, 1, "a", 0.8) + prediction(4, 1, "a", 0.2) +
                          prediction(5, 2, "b", 0.5) + prediction(6, 2, "b", 0.5) +
                          R"({"epochs":{"model":"m","version":1,"variant":"a","epoch":3}})" + "\n");
  folder.write("labels", label(1, true) + label(2, false) + label(3, true) + label(4, false) +
                             label(5, true) + label(99, true));
  const Ran ran = run({"--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("predictions":6,"unusable":0,"labels":6,"labels_unjoined":1)"));
  EXPECT_THAT(ran.out,
              HasSubstr(R"("model":"m","version":1,"variant":"a","predictions":4,"unjoined":0,)"
                        R"("rows":4,"positives":2,"not_numbers":0,"auc":1,"log_loss":0.164252,)"
                        R"("brier":0.025,"calibration":1,"precision":1,"recall":1)"));
  EXPECT_THAT(ran.out, HasSubstr(R"("version":2,"variant":"b","predictions":2,"unjoined":1)"));
  EXPECT_THAT(run().out, HasSubstr("m 1 a"));
}

TEST_F(Evaluate, The_threshold_decides_what_is_a_yes) {
  folder.write("log", prediction(1, 1, "", 0.6) + prediction(2, 1, "", 0.4));
  folder.write("labels", label(1, true) + label(2, true));
  EXPECT_THAT(run({"--json"}).out, HasSubstr(R"("recall":0.5)"));
  EXPECT_THAT(run({"--json", "--threshold", "0.3"}).out, HasSubstr(R"("recall":1)"));
}

TEST_F(Evaluate, An_AB_test_of_equal_variants_is_undecided_and_one_that_lost_rows_has_no_verdict) {
  std::string log, labels, lossy;
  for (int i = 0; i < 4000; ++i) {
    const bool b = (i * 7919) % 10000 >= 5000;
    log += prediction(i, b ? 2 : 1, b ? "b" : "a", 0.5);
    if (!b || i % 3 == 0) lossy += prediction(i, b ? 2 : 1, b ? "b" : "a", 0.5);
    labels += label(i, i % 10 == 0);
  }
  folder.write("log", log);
  folder.write("labels", labels);
  const Ran fair = run();
  EXPECT_EQ(fair.code, 0) << fair.err;
  EXPECT_THAT(fair.out, HasSubstr("A/B, epoch 3"));
  EXPECT_THAT(fair.out, HasSubstr("undecided"));
  folder.write("log", lossy);
  EXPECT_THAT(run().out, HasSubstr("no verdict"));
}

TEST_F(Evaluate, What_is_wrong_is_said_with_its_place) {
  folder.write("log", prediction(1, 1, "", 0.6) + "nonsense\n");
  folder.write("labels", label(1, true));
  const Ran broken = run();
  EXPECT_EQ(broken.code, 3) << broken.err;
  EXPECT_THAT(broken.err, HasSubstr("log:2: inference log: a line of JSON was expected"));
  folder.write("log", prediction(1, 1, "", 0.6));
  folder.write("labels", R"({"id":"p-0-1","fraud":true})"
                         "\n");
  EXPECT_THAT(run().err, HasSubstr("name them with --id and --label"));
  EXPECT_EQ(run({"--label", "fraud"}).code, 0);
  const Ran nowhere = run_thalweg({"evaluate", "--labels", folder.path("labels")});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("say where the inference log is"));
  EXPECT_THAT(run_thalweg({"evaluate", "--log", "topic:x", "--labels", folder.path("labels")}).err,
              HasSubstr("expected a pipeline file"));
}

TEST_F(Evaluate, Ids_that_never_meet_are_a_finding) {
  folder.write("log", prediction(1, 1, "", 0.6));
  folder.write("labels", label(2, true));
  const Ran ran = run();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("no prediction has a label: 1 prediction and 1 label"));
}

}  // namespace
}  // namespace thalweg::test
