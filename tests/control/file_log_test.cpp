#include "control/file_log.h"

#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::control {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class FileLogTest : public ::testing::Test {
 protected:
  FileLogTest()
      : folder(fs::temp_directory_path() / ("thalweg-log-" + std::to_string(::getpid()))) {
    fs::remove_all(folder);
  }
  ~FileLogTest() override { fs::remove_all(folder); }
  fs::path folder;
};

TEST_F(FileLogTest, What_one_writes_another_reads_after_it_in_one_order) {
  FileLog process(folder, "p"), people(folder, "p");
  ASSERT_TRUE(process.open().ok());
  EXPECT_TRUE(process.read_to_end()->empty());
  EXPECT_EQ(*people.append("p/m", "one"), 0);
  EXPECT_EQ(*people.append("p/n", "two \"lines\"\n"), 1);
  EXPECT_EQ(*people.append("p/m", std::nullopt), 2);
  auto news = process.follow({});
  ASSERT_TRUE(news.ok()) << news.error().message();
  ASSERT_EQ(news->size(), 2u) << "what was replaced is gone";
  EXPECT_EQ((*news)[0].value, "two \"lines\"\n");
  EXPECT_EQ((*news)[1].offset, 2);
  EXPECT_EQ((*news)[1].value, std::nullopt);
  EXPECT_TRUE(process.follow({})->empty());
}

TEST_F(FileLogTest, The_history_only_grows_and_a_process_leaves_one_word) {
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  ASSERT_TRUE(log.audit("k", "first").ok());
  ASSERT_TRUE(log.audit("k", "second").ok());
  std::ifstream file(folder / "p.audit.jsonl");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, "first\nsecond\n");
  log.post("~process/p/only", "a");
  log.post("~process/p/only", "b");
  FileLog reader(folder, "p");
  const auto entries = reader.read_to_end();
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->front().value, "b");
}

TEST_F(FileLogTest, A_kill_at_any_moment_leaves_an_old_state_or_a_new_one) {
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  const std::string large(20'000, 'x');
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      FileLog writer(folder, "p");
      for (int i = 0;; ++i) (void)writer.append("p/m" + std::to_string(i % 3), large);
    }
    ::usleep(static_cast<useconds_t>(2'000 + round * 731));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    FileLog reader(folder, "p");
    const auto entries = reader.read_to_end();
    ASSERT_TRUE(entries.ok()) << entries.error().message();
    for (const LogEntry& e : *entries) EXPECT_EQ(e.value, large);
  }
}

TEST_F(FileLogTest, A_file_that_is_not_one_of_ours_is_said) {
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  std::ofstream(folder / "p.control.jsonl") << "{\"offset\":1}\n";
  const auto read = log.read_to_end();
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message(), HasSubstr("p.control.jsonl: expected offset, key and value"));
}

}  // namespace
}  // namespace thalweg::control
