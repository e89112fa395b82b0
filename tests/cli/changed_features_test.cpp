// A vocabulary in the pipeline's folder that was changed, when control records say which version serves: a start takes what was made for it, or nothing.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"
#include "run/process.h"

namespace thalweg::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ChangedFeatures : public ::testing::Test {
 protected:
  ChangedFeatures() {
    register_builtins(registry_);
    std::filesystem::create_directories(folder_.path("export"));
    (void)folder_.write("export/fake.yaml",
                        "inputs: {x: 'int64[?]'}\noutputs: {y: 'float32[?]'}\n");
    file_ = folder_.write("p.yaml",
                          "pipeline: words\n"
                          "state_directory: " +
                              folder_.path("state") +
                              "\n"
                              "models: { m: { runtime: fake, path: base, version: 1 } }\n"
                              "from: { topic: in, start: earliest, fields: { word: string } }\n"
                              "steps: [infer: { model: m, features: { x: { vocabulary: word, file: "
                              "words.txt } }, outputs: { y: place } }]\n"
                              "to: { topic: out, value: { place: place } }\n"
                              "dead_letters: dead\n");
    // Version 1 is made for the first vocabulary, and 2 for the second; a record names 2.
    (void)folder_.write("words.txt", "red\nblue\n");
    publish();
    (void)folder_.write("words.txt", "blue\nred\n");
    publish();
    const Ran routed = run_thalweg({"models", "route", file_, "m", "2"});
    EXPECT_EQ(routed.code, 0) << routed.err;
  }
  void publish() const {
    const Ran ran = run_thalweg({"models", "publish", file_, "m", folder_.path("export")});
    EXPECT_EQ(ran.code, 0) << ran.err;
  }
  struct Started {
    Status status;
    std::int64_t serving = -1;
    std::string said;
  };
  Started start() {
    ::testing::internal::CaptureStderr();
    Started started;
    {
      Log log{LogLevel::info, LogFormat::json};
      Process process(registry_, log);
      process.follow_control();
      auto file = read_pipeline(file_);
      EXPECT_TRUE(file.ok()) << file.error().message();
      started.status = process.add(std::move(*file));
      if (started.status.ok())
        started.serving = process.models().front()->served("m")->current()->version;
    }
    started.said = ::testing::internal::GetCapturedStderr();
    return started;
  }
  Registry registry_;
  Folder folder_;
  std::string file_;
};

TEST_F(ChangedFeatures, A_start_follows_the_record_whose_version_was_made_for_them) {
  const Started started = start();
  ASSERT_TRUE(started.status.ok()) << started.status.error().message();
  EXPECT_EQ(started.serving, 2);
}

TEST_F(ChangedFeatures, Else_the_state_before_if_that_was_and_both_hashes_are_told) {
  (void)folder_.write("words.txt", "red\nblue\n");
  const Started started = start();
  ASSERT_TRUE(started.status.ok()) << started.status.error().message();
  EXPECT_EQ(started.serving, 1);
  EXPECT_THAT(started.said, AllOf(HasSubstr("control.refused"),
                                  HasSubstr("version 2: expected features whose hash is "),
                                  HasSubstr("those of the pipeline file hash to ")));
}

TEST_F(ChangedFeatures, And_does_not_start_where_no_version_was_made_for_them) {
  (void)folder_.write("words.txt", "green\n");
  const Started started = start();
  ASSERT_FALSE(started.status.ok());
  EXPECT_EQ(started.status.error().code(), Code::signature_mismatch);
  EXPECT_THAT(started.status.error().message(),
              AllOf(HasSubstr("version 1: expected features whose hash is "),
                    HasSubstr("those of the pipeline file hash to ")));
}

}  // namespace
}  // namespace thalweg::test
