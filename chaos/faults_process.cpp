#include <csignal>

#include <fmt/format.h>

#include "chaos/faults.h"

namespace thalweg::chaos {
namespace {

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
  stage.fleet->start_at(place, "/dev/full");
  stage.mark();
  stage.wait(Millis(random.between(2000, 4000)));
  stage.fleet->stop(place);
  stage.fleet->start_at(place);
  return fmt::format("process {}", place);
}

}  // namespace thalweg::chaos
