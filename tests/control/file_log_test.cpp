#include "control/file_log.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::control {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// As on a disk that is full: no file of this process gets larger than that.
class NoRoom {
 public:
  explicit NoRoom(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &usual_);
    const rlimit small{bytes, usual_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~NoRoom() {
    ::setrlimit(RLIMIT_FSIZE, &usual_);
    std::signal(SIGXFSZ, signal_);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  void (*signal_)(int);
  rlimit usual_{};
};

class FileLogTest : public ::testing::Test {
 protected:
  FileLogTest()
      : folder(fs::temp_directory_path() / ("thalweg-log-" + std::to_string(::getpid()))) {
    fs::remove_all(folder);
  }
  ~FileLogTest() override { fs::remove_all(folder); }
  [[nodiscard]] std::string text_of(const char* name) const {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
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
  ASSERT_TRUE(log.post("~process/p/only", "a").ok());
  ASSERT_TRUE(log.post("~process/p/only", "b").ok());
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

TEST_F(FileLogTest, A_full_disk_is_an_error_with_the_file_and_the_reason_and_what_was_there_stays) {
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  EXPECT_EQ(*log.append("p/m", "one"), 0);
  const std::string before = text_of("p.control.jsonl");
  const std::size_t files_before = files();
  {
    const NoRoom full(before.size() + 10);
    const auto refused = log.append("p/m", std::string(100, 'x'));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Code::io_failed);
    EXPECT_THAT(refused.error().message(), HasSubstr("p.control.jsonl"));
    EXPECT_THAT(refused.error().message(), HasSubstr("File too large"));
    EXPECT_FALSE(log.post("~process/p/only", std::string(100, 'x')).ok());
  }
  EXPECT_EQ(text_of("p.control.jsonl"), before);
  EXPECT_EQ(files(), files_before) << "a half-written one would take the last room";
  EXPECT_EQ(*log.append("p/m", "two"), 1);
  EXPECT_EQ(FileLog(folder, "p").read_to_end()->front().value, "two");
}

TEST_F(FileLogTest, A_line_that_finds_no_room_in_the_history_leaves_no_half_of_it) {
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  ASSERT_TRUE(log.audit("k", "first").ok());
  {
    const NoRoom full(10);
    const Status refused = log.audit("k", "a long second line");
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message(), HasSubstr("p.audit.jsonl: expected to write the file"));
  }
  ASSERT_TRUE(log.audit("k", "third").ok());
  EXPECT_EQ(text_of("p.audit.jsonl"), "first\nthird\n");
}

TEST_F(FileLogTest, Only_the_owner_may_read_what_holds_addresses_whole) {
  const mode_t umask_before = ::umask(0);
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  ASSERT_TRUE(log.append("p/m", "https://ann:secret@host/m/3").ok());
  ASSERT_TRUE(log.audit("k", "first").ok());
  ASSERT_TRUE(log.post("~process/p/only", "a").ok());
  ::umask(umask_before);
  for (const auto& entry : fs::directory_iterator(folder)) {
    EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write)
        << entry.path();
  }
  EXPECT_EQ(files(), 4U);
}

TEST_F(FileLogTest, A_line_that_is_none_is_said_without_what_is_in_it) {
  FileLog log(folder, "p");
  ASSERT_TRUE(log.open().ok());
  std::ofstream(folder / "p.control.jsonl") << R"({"value":"https://ann:secret@host/m/3"})"
                                            << "\n";
  const auto read = log.read_to_end();
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message(), ::testing::Not(HasSubstr("secret")));
  EXPECT_THAT(read.error().message(), HasSubstr("got one of 39 bytes"));
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
