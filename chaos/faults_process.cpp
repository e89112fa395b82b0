#include <csignal>

#include <fmt/format.h>

#include "chaos/faults.h"

namespace thalweg::chaos {
namespace {

constexpr int external = 4;

std::size_t any_place(const Stage& stage, Random& random) {
  return static_cast<std::size_t>(
      random.between(0, static_cast<std::int64_t>(stage.fleet->size()) - 1));
}

}  // namespace

std::string kill_one(Stage& stage, Random& random) {
  const std::size_t place = any_place(stage, random);
  const Millis away(random.between(0, 2 * session_ms));
  stage.fleet->kill(place);
  stage.mark();
  stage.wait(away);
  stage.fleet->start_at(place);
  return fmt::format("process {}, away for {} ms", place, away.count());
}

std::string kill_all(Stage& stage, Random& random) {
  const Millis away(random.between(0, 2000));
  for (std::size_t i = 0; i < stage.fleet->size(); ++i) stage.fleet->kill(i);
  stage.mark();
  stage.wait(away);
  for (std::size_t i = 0; i < stage.fleet->size(); ++i) stage.fleet->start_at(i);
  return fmt::format("{} processes, away for {} ms", stage.fleet->size(), away.count());
}

std::string kill_again_and_again(Stage& stage, Random& random) {
  const std::size_t place = any_place(stage, random);
  const auto times = random.between(4, 8);
  for (int i = 0; i < times; ++i) {
    stage.fleet->kill(place);
    stage.fleet->start_at(place);
    stage.wait(Millis(random.between(50, 1500)));
  }
  return fmt::format("process {}, {} times", place, times);
}

std::string terminate_one(Stage& stage, Random& random) {
  const std::size_t place = any_place(stage, random);
  const Millis away(random.between(0, 1000));
  stage.mark();
  stage.fleet->stop(place);
  stage.wait(away);
  stage.fleet->start_at(place);
  return fmt::format("process {}, away for {} ms", place, away.count());
}

std::string freeze_one(Stage& stage, Random& random) {
  const std::size_t place = any_place(stage, random);
  const Millis frozen(session_ms + random.between(1000, 5000));
  stage.fleet->at(place).signal(SIGSTOP);
  stage.mark();
  stage.wait(frozen);
  stage.fleet->at(place).signal(SIGCONT);
  return fmt::format("process {} for {} ms", place, frozen.count());
}

std::string wake_a_zombie(Stage& stage, Random& random) {
  const std::size_t place = any_place(stage, random);
  const Millis frozen(transaction_ms + transaction_look_ms + random.between(1000, 13'000));
  stage.fleet->at(place).signal(SIGSTOP);
  stage.mark();
  stage.wait(frozen);
  stage.fleet->at(place).signal(SIGCONT);
  return fmt::format("process {} for {} ms", place, frozen.count());
}

std::string join_and_leave(Stage& stage, Random& random) {
  const auto more = random.between(1, 2);
  for (int i = 0; i < more; ++i) {
    stage.fleet->start();
    stage.wait(Millis(random.between(500, 3000)));
  }
  for (int i = 0; i < more; ++i) {
    const bool killed = random.between(0, 3) == 0;
    const std::size_t last = stage.fleet->size() - 1;
    if (killed) {
      stage.fleet->kill(last);
    } else {
      stage.fleet->stop(last);
    }
    stage.fleet->remove_last();
  }
  return fmt::format("{} more", more);
}

std::string full_log(Stage& stage, Random& random) {
  const std::size_t place = any_place(stage, random);
  stage.fleet->stop(place);
  stage.fleet->start_at(place, {.log = "/dev/full"});
  stage.mark();
  stage.wait(Millis(random.between(2000, 4000)));
  stage.fleet->stop(place);
  stage.fleet->start_at(place);
  return fmt::format("process {}", place);
}

// The files of a state directory took their room when the first process began there, so a full disk stops nobody who has one: neither who runs
// nor who starts again. Who has none yet cannot begin, and says so.
std::string full_state(Stage& stage, Random& random) {
  constexpr std::uint64_t no_journal = 64
                                       << 10;  // room for a log, not for what the directory takes
  const std::size_t place = any_place(stage, random);
  bound_files(stage.fleet->at(place).pid(), 1);
  stage.wait(Millis(random.between(1000, 3000)));
  const bool killed = random.coin();
  if (killed) {
    stage.fleet->kill(place);
  } else {
    stage.fleet->stop(place);
  }
  stage.fleet->start_at(place, {.file_bytes_max = no_journal});
  stage.mark();

  static int number = 0;
  const std::size_t newcomer = stage.fleet->start(
      {.state = fmt::format("state-new-{}", ++number), .file_bytes_max = no_journal});
  stage.fleet->expect_end(newcomer, external, Millis(60'000));
  const std::string log = stage.fleet->log_of(newcomer);
  if (!Stage::said(log, "state_directory"))
    stage.troubles.push_back("state_full: expected 'state_directory' in " + log);
  stage.fleet->remove_last();
  if (!stage.recover(Millis(60'000)))
    stage.troubles.push_back("state_full: no new output of every partition in 60 s without room");
  bound_files(stage.fleet->at(place).pid(), no_bound);
  return fmt::format("process {} {} and started without room; a new one ended with {}", place,
                     killed ? "killed" : "stopped", external);
}

}  // namespace thalweg::chaos
