// A child process: started with its output in a file, signalled, waited for.
//
// It dies with us (PR_SET_PDEATHSIG), so it must be started by a thread that lives as long as the program: the main one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "chaos/clock.h"

namespace thalweg::chaos {

inline constexpr std::uint64_t no_bound = ~std::uint64_t{0};

// From now on no file of that process may grow beyond so many bytes, or as it likes again: to whoever writes one it is as if the disk were
// full. Ends the program where the system refuses it.
void bound_files(pid_t pid, std::uint64_t bytes);

class Process {
 public:
  // `log` gets standard output and error, appended. `file_bytes_max`: as bound_files, from the beginning. Ends the program when there is no
  // such binary.
  Process(const std::vector<std::string>& argv, const std::string& log,
          std::uint64_t file_bytes_max = no_bound);
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // The exit code, or 128 + the signal that ended it; none while it runs.
  [[nodiscard]] std::optional<int> ended();
  [[nodiscard]] std::optional<int> wait(Millis within);

 private:
  pid_t pid_ = -1;
  std::optional<int> ended_;
};

// Runs a command to its end. Its exit code, or none when it took longer.
[[nodiscard]] std::optional<int> run(const std::vector<std::string>& argv, const std::string& log,
                                     Millis within);

}  // namespace thalweg::chaos
