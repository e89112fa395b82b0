#include "chaos/process.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/must.h"

namespace thalweg::chaos {
namespace {

// As they are for `pid` (0: us), with another soft limit; the hard one stays, so that nobody needs a right to raise it again.
rlimit file_limits(pid_t pid, std::uint64_t bytes) {
  rlimit files{};
  if (::prlimit(pid, RLIMIT_FSIZE, nullptr, &files) != 0)
    bench::fail("expected to read how large files may grow; the system refuses");
  files.rlim_cur = std::min<rlim_t>(bytes, files.rlim_max);
  return files;
}

}  // namespace

void bound_files(pid_t pid, std::uint64_t bytes) {
  const rlimit files = file_limits(pid, bytes);
  if (::prlimit(pid, RLIMIT_FSIZE, &files, nullptr) != 0)
    bench::fail("expected to bound the size of a process's files; the system refuses");
}

Process::Process(const std::vector<std::string>& argv, const std::string& log,
                 std::uint64_t file_bytes_max) {
  const rlimit files = file_limits(0, file_bytes_max);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (out < 0 || in < 0) bench::fail(log + ": expected a file that can be written; it cannot be");
  pid_ = ::fork();
  if (pid_ == 0) {  // only calls that are safe after fork in a program with threads
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setrlimit(RLIMIT_FSIZE, &files);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(in);
  ::close(out);
  if (pid_ < 0) bench::fail("expected a new process; the system gives none");
}

Process::~Process() {
  if (ended()) return;
  signal(SIGKILL);
  signal(SIGCONT);
  (void)wait(std::chrono::seconds(10));
}

void Process::signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

std::optional<int> Process::ended() {
  if (ended_) return ended_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

std::optional<int> Process::wait(Millis within) {
  (void)eventually([this] { return ended().has_value(); }, within);
  return ended_;
}

std::optional<int> run(const std::vector<std::string>& argv, const std::string& log,
                       Millis within) {
  Process process(argv, log);
  return process.wait(within);
}

}  // namespace thalweg::chaos
