// The process's id: unique without configuration, stable where a directory is.
#include "run/process_id.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

class ProcessIdTest : public testing::Test {
 protected:
  ProcessIdTest() {
    std::string name = testing::TempDir() + "process-id-XXXXXX";
    dir_ = ::mkdtemp(name.data());
  }
  ~ProcessIdTest() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
};

TEST_F(ProcessIdTest, Two_without_a_directory_differ) {
  EXPECT_EQ(ProcessId::random().text().size(), 36U);
  EXPECT_NE(ProcessId::random().text(), ProcessId::random().text());
}

TEST_F(ProcessIdTest, It_is_found_again_in_its_directory_which_is_made) {
  const std::string made = dir_ + "/a/b";
  const std::string first = ProcessId::kept_in(made, "p")->text();
  EXPECT_EQ(first.size(), 36U);
  EXPECT_EQ(ProcessId::kept_in(made, "p")->text(), first);
  EXPECT_NE(ProcessId::kept_in(made, "q")->text(), first) << "each pipeline has its own";
}

TEST_F(ProcessIdTest, A_second_holder_is_refused_and_the_next_one_is_not) {
  {
    const auto held = ProcessId::kept_in(dir_, "p");
    ASSERT_TRUE(held.ok());
    const auto second = ProcessId::kept_in(dir_, "p");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), Code::config_invalid);
    EXPECT_NE(second.error().message().find("another process holds it"), std::string::npos);
  }
  EXPECT_TRUE(ProcessId::kept_in(dir_, "p").ok());
}

TEST_F(ProcessIdTest, A_file_cut_off_by_a_full_disk_is_written_anew) {
  std::ofstream(dir_ + "/p.process-id") << "12ab";
  EXPECT_EQ(ProcessId::kept_in(dir_, "p")->text().size(), 36U);
}

// As on a disk that is full: no file of this process may grow any more.
TEST_F(ProcessIdTest, A_disk_without_room_is_an_error_that_says_so_and_the_next_start_is_well) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  ::getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit none{10, usual.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &none);
  const auto full = ProcessId::kept_in(dir_, "p");
  ::setrlimit(RLIMIT_FSIZE, &usual);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code(), Code::io_failed);
  EXPECT_NE(full.error().message().find("p.process-id"), std::string::npos);
  const std::string id = ProcessId::kept_in(dir_, "p")->text();
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(ProcessId::kept_in(dir_, "p")->text(), id);
}

TEST_F(ProcessIdTest, A_directory_that_cannot_be_is_said_with_its_path) {
  const auto id = ProcessId::kept_in("/proc/none", "p");
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(id.error().code(), Code::io_failed);
  EXPECT_NE(id.error().message().find("/proc/none"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
