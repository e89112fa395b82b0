// Whom a fault hits, and whether that was felt, is read off the processes themselves.
#include "chaos/asked.h"

#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chaos/loopback.h"

namespace thalweg::chaos {
namespace {

TEST(Asked, Partitions_are_those_of_all_workers_and_pipelines_of_the_page) {
  EXPECT_EQ(partitions_in("# HELP thalweg_partitions Partitions held.\n"
                          "# TYPE thalweg_partitions gauge\n"
                          "thalweg_partitions{pipeline=\"a\",worker=\"0\"} 3\n"
                          "thalweg_partitions{pipeline=\"a\",worker=\"1\"} 0\n"
                          "thalweg_partitions{pipeline=\"b\",worker=\"0\"} 12\n"
                          "thalweg_partitions_of_something_else{worker=\"0\"} 100\n"),
            15);
  EXPECT_EQ(partitions_in(""), 0);
}

TEST(Asked, Long_calls_are_those_beyond_four_seconds_of_all_workers) {
  const auto bucket = [](int worker, std::string_view end, int count) {
    return fmt::format(
        "thalweg_model_seconds_bucket{{pipeline=\"a\",worker=\"{}\",le=\"{}\"}} {}\n", worker, end,
        count);
  };
  EXPECT_EQ(
      long_calls_in("# TYPE thalweg_model_seconds histogram\n" + bucket(0, "1.024e-06", 0) +
                    bucket(0, "4.294967296", 70) + bucket(0, "8.589934592", 72) +
                    bucket(0, "+Inf", 73) + bucket(1, "4.294967296", 5) + bucket(1, "+Inf", 6) +
                    "thalweg_step_seconds_bucket{worker=\"1\",le=\"+Inf\"} 100\n"),
      4);
  EXPECT_EQ(long_calls_in(""), 0);
}

TEST(Asked, A_process_that_does_not_listen_holds_nothing) {
  EXPECT_EQ(listening_port(::getpid()), std::nullopt);
  EXPECT_EQ(partitions_held(::getpid()), 0);
  EXPECT_EQ(long_calls(::getpid()), 0);
}

TEST(Asked, The_port_of_a_process_is_the_one_it_listens_on) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listening_port(::getpid()), std::nullopt) << "bound, and nobody is let in yet";
  ASSERT_EQ(::listen(fd, 1), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(listening_port(::getpid()), ntohs(address.sin_port));
  ::close(fd);
}

TEST(Asked, Partitions_that_were_taken_count_and_those_that_were_given_back_do_not) {
  const auto line = [](std::string_view event, std::string_view partitions) {
    return fmt::format(
        R"({{"ts":"t","level":"info","event":"{}","message":"m","pipeline":"p","worker":0,"partitions":"{}"}})"
        "\n",
        event, partitions);
  };
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("thalweg-asked-{}.log", ::getpid());
  std::ofstream(path) << line("worker.assigned", "in[0]") << line("worker.revoked", "in[0]")
                      << line("worker.lost", "no partition") << line("worker.lost", "in[0], in[1]")
                      << "no JSON\n"
                      << line("worker.lost", "in[2]");
  EXPECT_EQ(times_lost(path), 2U);
  std::filesystem::remove(path);
  EXPECT_EQ(times_lost(path), 0U) << "no log, nothing lost";
}

}  // namespace
}  // namespace thalweg::chaos
