// What a process that watches its signals outlives.
#include "run/signals.h"

#include <cerrno>
#include <cstdio>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(SignalWatch, A_reader_that_went_away_is_an_error_of_the_write) {
  const SignalWatch watch([](int) {});
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST(SignalWatch, A_file_that_may_not_grow_is_an_error_of_the_write) {
  const SignalWatch watch([](int) {});
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  rlimit usual{};
  ::getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit none{0, usual.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &none);
  const ssize_t written = ::write(::fileno(file), "x", 1);
  const int error = errno;
  ::setrlimit(RLIMIT_FSIZE, &usual);
  EXPECT_EQ(written, -1);
  EXPECT_EQ(error, EFBIG);
  std::fclose(file);
}

}  // namespace
}  // namespace thalweg
