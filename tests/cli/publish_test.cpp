// `thalweg model publish`: a version appears whole and tried, or not at all.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <spawn.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

extern char** environ;

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Publish : public ::testing::Test {
 protected:
  Publish() {
    fs::create_directories(folder.path("export/assets"));
    folder.write("export/fake.yaml", "inputs: {x: 'float32[?,2]'}\noutputs: {y: 'float32[?]'}\n");
    folder.write("golden.jsonl", R"({"inputs": {"x": [1, 2]}, "outputs": {"y": 3}})");
  }
  Ran publish(std::vector<std::string> more = {}) {
    std::vector<std::string> all{"model", "publish", folder.path("export"), "--to",
                                 folder.path("base")};
    all.insert(all.end(), more.begin(), more.end());
    return run_thalweg(all);
  }
  // All that is there, hidden folders included.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder.path("base"), error))
      all.push_back(entry.path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
  }
  Folder folder;
};

TEST_F(Publish, A_version_appears_with_its_manifest_and_the_next_number) {
  const Ran first = publish({"--golden", folder.path("golden.jsonl")});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("version 1 is published"));
  EXPECT_THAT(first.out, HasSubstr("1 golden rows are reproduced"));
  EXPECT_THAT(first.out, HasSubstr("#sha256="));
  EXPECT_THAT(folder.read("base/1/manifest.json"), HasSubstr("\"path\": \"fake.yaml\""));
  EXPECT_THAT(folder.read("base/1/manifest.json"), HasSubstr("serving_default"));
  EXPECT_EQ(publish().code, 0);
  EXPECT_EQ(names(), (std::vector<std::string>{"1", "2"}));
  const Ran again = run_thalweg({"model", "publish", folder.path("base/1"), "--to",
                                 folder.path("base"), "--version", "7", "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("\"golden_rows\":1")) << "its golden rows come along";
}

TEST_F(Publish, A_number_that_is_taken_is_refused) {
  ASSERT_EQ(publish({"--version", "4"}).code, 0);
  const Ran ran = publish({"--version", "4"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("expected a number that is not taken; got 4"));
  EXPECT_EQ(names(), (std::vector<std::string>{"4"}));
}

TEST_F(Publish, What_does_not_load_or_answers_otherwise_does_not_appear) {
  folder.write("golden.jsonl", R"({"inputs": {"x": [1, 2]}, "outputs": {"y": 4}})");
  const Ran golden = publish({"--golden", folder.path("golden.jsonl")});
  EXPECT_NE(golden.code, 0);
  EXPECT_THAT(golden.err, HasSubstr("a golden row is not reproduced"));
  folder.write("export/fake.yaml", "fail_when: always\nfail_code: model_failed\n");
  EXPECT_NE(publish().code, 0);
  fs::remove(folder.path("export/fake.yaml"));
  EXPECT_NE(publish().code, 0);
  EXPECT_TRUE(names().empty()) << names().front();
}

TEST_F(Publish, Words_that_are_no_command_are_refused) {
  EXPECT_EQ(run_thalweg({"model", "publich", folder.path("export")}).code, 2);
  EXPECT_EQ(run_thalweg({"model", "publish", folder.path("export")}).code, 2) << "without --to";
}

TEST_F(Publish, A_publisher_that_is_killed_leaves_nothing_that_is_a_version) {
  folder.write("export/assets/large", "");
  fs::resize_file(folder.path("export/assets/large"), std::uintmax_t{256} << 20);
  const std::string program = THALWEG_BINARY_DIR "/thalweg";
  const std::string from = folder.path("export"), to = folder.path("base");
  for (int delay_ms = 0; delay_ms < 60; delay_ms += 20) {
    std::vector<const char*> words{program.c_str(), "model",    "publish", from.c_str(),
                                   "--to",          to.c_str(), nullptr};
    pid_t pid = 0;
    ASSERT_EQ(::posix_spawn(&pid, program.c_str(), nullptr, nullptr,
                            const_cast<char**>(words.data()), environ),
              0);
    while (names().empty()) std::this_thread::yield();                 // the copy has begun
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));  // another place each time
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    for (const std::string& name : names()) {
      EXPECT_TRUE(name.starts_with(".publish-")) << name;
      fs::remove_all(folder.path("base/" + name));
    }
  }
  fs::resize_file(folder.path("export/assets/large"), 10);
  EXPECT_EQ(publish().code, 0);
  EXPECT_EQ(names(), (std::vector<std::string>{"1"}));
}

}  // namespace
}  // namespace thalweg::test
