#include "pipelines/support/command.h"

#include <atomic>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace thalweg::test {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Command::Command(std::vector<std::string> argv, const std::string& folder,
                 const std::string& input) {
  static std::atomic<int> next{0};
  const std::string stem = folder + "/command-" + std::to_string(next++);
  out_ = stem + ".out";
  err_ = stem + ".err";
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&files, 2, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int failed = ::posix_spawn(&pid_, arguments[0], &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) throw std::runtime_error("cannot start " + argv[0] + ": build everything first");
}

Command::~Command() {
  if (!running()) return;
  signal(SIGKILL);
  (void)wait();
}

void Command::signal(int number) const {
  if (!code_) ::kill(pid_, number);
}

void Command::limit_files(std::optional<std::uint64_t> bytes) const {
  rlimit limit{};
  if (::prlimit(pid_, RLIMIT_FSIZE, nullptr, &limit) != 0)
    throw std::runtime_error("cannot limit a process");
  limit.rlim_cur = bytes ? *bytes : limit.rlim_max;
  (void)::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr);
}

bool Command::running() {
  return !wait(std::chrono::milliseconds(0));
}

std::optional<int> Command::wait(std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!code_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (std::chrono::steady_clock::now() >= until) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  return code_;
}

std::optional<int> Command::stop() {
  signal(SIGTERM);
  return wait();
}

std::size_t Command::resident_bytes() const {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid_) + "/statm") >> pages >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string Command::out() const {
  return read_all(out_);
}
std::string Command::err() const {
  return read_all(err_);
}

std::size_t Command::count_in_err(const std::string& part) const {
  const std::string text = err();
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::string thalweg_binary() {
  return std::string(THALWEG_BINARY_DIR) + "/thalweg";
}

}  // namespace thalweg::test
