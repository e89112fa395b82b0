// The binary as a supervisor sees it: started, signalled, waited for, its words read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace thalweg::test {

class Command {
 public:
  // Starts `argv[0]` with its output in files of `folder`; `input`: a file for standard input.
  Command(std::vector<std::string> argv, const std::string& folder,
          const std::string& input = "/dev/null");
  ~Command();  // SIGKILL if it still runs
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void signal(int number) const;
  // From now on no file of the process gets larger than that, as on a disk that is full; none: as before.
  void limit_files(std::optional<std::uint64_t> bytes) const;
  [[nodiscard]] bool running();
  // Exit code, or 128 + signal; nothing if it still runs when the time is over.
  [[nodiscard]] std::optional<int> wait(
      std::chrono::milliseconds within = std::chrono::seconds(60));
  // SIGTERM, then wait.
  [[nodiscard]] std::optional<int> stop();
  // Of the running process; 0 when it has ended.
  [[nodiscard]] std::size_t resident_bytes() const;
  // What it wrote so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  [[nodiscard]] std::size_t count_in_err(const std::string& part) const;

 private:
  pid_t pid_ = -1;
  std::optional<int> code_;
  std::string out_, err_;
};

// The binary of this build.
[[nodiscard]] std::string thalweg_binary();

}  // namespace thalweg::test
