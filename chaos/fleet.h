// The `thalweg run` processes of a run, in numbered places, and what a supervisor would do for them: one that ends by itself is
// started again, and that it ended is noted as a trouble unless a fault asked for it. From the main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaos/process.h"

namespace thalweg::chaos {

struct StartWith {
  std::string log{};    // somewhere else than in a file of its own
  std::string state{};  // another state directory than the place's, of this name
  std::uint64_t file_bytes_max = no_bound;
};

class Fleet {
 public:
  // `argv` starts one; logs go to `folder`. `with_state`: each place has a state directory there, which outlives its processes.
  Fleet(std::vector<std::string> argv, std::string folder, bool with_state,
        std::vector<std::string>& troubles)
      : argv_(std::move(argv)),
        folder_(std::move(folder)),
        with_state_(with_state),
        troubles_(troubles) {}

  // The place of the new process.
  std::size_t start(const StartWith& with = {});
  void start_at(std::size_t place, const StartWith& with = {});
  [[nodiscard]] Process& at(std::size_t place) { return *places_[place].process; }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  // SIGKILL; the place is empty afterwards.
  void kill(std::size_t place);
  // SIGTERM, and it must end with 0 in time. The place is empty afterwards.
  void stop(std::size_t place);
  void stop_all();
  // Takes the last place away, which must be empty.
  void remove_last() { places_.pop_back(); }
  // A process that ends with this code is started again and counted, and is no trouble. None: there is no such code.
  void allow_ends(std::optional<int> code) noexcept { allowed_ = code; }
  [[nodiscard]] std::size_t allowed_ends() const noexcept { return allowed_ends_; }
  // Looks for processes that have ended.
  void look_after();
  // Waits until the process at this place has ended, with this code. The place is empty afterwards.
  void expect_end(std::size_t place, int code, Millis within);
  [[nodiscard]] std::string log_of(std::size_t place) const { return places_[place].log; }
  // Partitions of the process at this place, as it says; 0 where there is none.
  [[nodiscard]] int held_by(std::size_t place);
  // How many batches were in the model for long, of all that run: long_calls.
  [[nodiscard]] std::int64_t long_calls();
  // How often all that run found that partitions had been taken from them.
  [[nodiscard]] std::size_t times_lost() const;

 private:
  struct Place {
    std::unique_ptr<Process> process;  // none: empty
    std::string log;
  };
  void trouble(std::size_t place, const std::string& what);

  std::vector<std::string> argv_;
  std::string folder_;
  bool with_state_;
  std::vector<std::string>& troubles_;
  std::vector<Place> places_;
  int started_ = 0;
  std::optional<int> allowed_;
  std::size_t allowed_ends_ = 0;
};

}  // namespace thalweg::chaos
