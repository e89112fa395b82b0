#include "model/command.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace thalweg {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kept_bytes = 2000;

// A descriptor to read it from, without a name that others could open; -1: none could be had.
int readable(const std::string& text) {
  if (text.empty()) return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int memory = ::memfd_create("thalweg", MFD_CLOEXEC);
  if (memory < 0) return memory;
  const bool whole = ::write(memory, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (whole && ::lseek(memory, 0, SEEK_SET) == 0) return memory;
  ::close(memory);
  return -1;
}

// In a group of its own, with the signals as a program expects them: the caller's thread may block some.
Result<pid_t> spawn(const std::vector<std::string>& words, int input, int output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  const int failed =
      ::posix_spawnp(&pid, argv.front(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == 0) return pid;
  return Error(Code::model_unavailable, "fetch: expected to run '" + command_name(words) +
                                            "'; got: " + std::strerror(failed) +
                                            "; is it installed?");
}

void read_some(int from, std::string& said) {
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(from, buffer, sizeof buffer);
    if (got <= 0) return;
    said.append(buffer, static_cast<std::size_t>(got));
    if (said.size() > kept_bytes) said.erase(0, said.size() - kept_bytes);
  }
}

}  // namespace

std::string command_name(const std::vector<std::string>& words) {
  return words.front().substr(0, words.front().find_first_of(" \t\n"));
}

Result<CommandEnd> run_command(const std::vector<std::string>& words,
                               std::chrono::milliseconds timeout,
                               const std::function<bool()>& stopped, const std::string& input) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return Error(Code::io_failed, std::string("fetch: expected a pipe; got: ") + strerror(errno));
  const int from = readable(input);
  auto pid =
      from < 0 ? Result<pid_t>(Error(Code::io_failed,
                                     std::string("fetch: expected memory for what '") +
                                         command_name(words) + "' reads; got: " + strerror(errno)))
               : spawn(words, from, ends[1]);
  if (from >= 0) ::close(from);
  ::close(ends[1]);
  CommandEnd end;
  const auto deadline = Clock::now() + timeout;
  std::optional<Error> ended_by_us;
  int status = 0;
  while (pid.ok()) {
    pollfd output{ends[0], POLLIN, 0};
    ::poll(&output, 1, 50);
    // It closed its output and goes on: poll returns at once from now on.
    if ((output.revents & POLLHUP) != 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    read_some(ends[0], end.said);
    if (::waitpid(*pid, &status, WNOHANG) == *pid) break;
    if (ended_by_us) continue;
    const bool late = Clock::now() > deadline;
    if (!late && !(stopped && stopped())) continue;
    ended_by_us = Error(Code::model_unavailable, "fetch: expected '" + command_name(words) +
                                                     "' to end in time; " +
                                                     (late ? "it did not" : "it was stopped"));
    ::kill(-*pid, SIGKILL);
  }
  read_some(ends[0], end.said);
  ::close(ends[0]);
  if (!pid) return std::move(pid).error();
  if (ended_by_us) return *ended_by_us;
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  while (!end.said.empty() && (end.said.back() == '\n' || end.said.back() == ' '))
    end.said.pop_back();
  return end;
}

}  // namespace thalweg
