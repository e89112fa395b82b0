#include <csignal>

#include <fmt/format.h>

#include "chaos/asked.h"
#include "chaos/faults.h"

namespace thalweg::chaos {
namespace {

constexpr int external = 4;
// After a process was woken: the answer to its next heartbeat says that it is no member any more.
constexpr Millis felt_within{30'000};

std::string words_of(const Stage::Holder& hit) {
  return fmt::format("process {}, held {} partitions", hit.place, hit.partitions);
}

// Whoever wakes up must find its partitions gone: a process that keeps them was never given up, and nothing was tried.
Deed stop_for(Stage& stage, const Stage::Holder& hit, Millis time) {
  const std::string log = stage.fleet->log_of(hit.place);
  const std::size_t before = times_lost(log);
  const bool lie = stage.settings.lie == Lie::harmless;
  stage.fleet->at(hit.place).signal(lie ? SIGCONT : SIGSTOP);
  stage.mark();
  stage.wait(time);
  stage.fleet->at(hit.place).signal(SIGCONT);
  const bool felt = stage.until([&] { return times_lost(log) > before; }, felt_within);
  return {fmt::format("{}, for {} ms", words_of(hit), time.count()), felt};
}

}  // namespace

Deed kill_one(Stage& stage, Random& random) {
  const auto hit = stage.holder(random);
  const Millis away(random.between(0, 2 * session_ms));
  stage.fleet->kill(hit.place);
  stage.mark();
  stage.wait(away);
  stage.fleet->start_at(hit.place);
  return {fmt::format("{}, away for {} ms", words_of(hit), away.count()), hit.partitions > 0};
}

Deed kill_all(Stage& stage, Random& random) {
  const Millis away(random.between(0, 2000));
  (void)stage.holder(random);
  int held = 0;
  for (std::size_t i = 0; i < stage.fleet->size(); ++i) held += stage.fleet->held_by(i);
  for (std::size_t i = 0; i < stage.fleet->size(); ++i) stage.fleet->kill(i);
  stage.mark();
  stage.wait(away);
  for (std::size_t i = 0; i < stage.fleet->size(); ++i) stage.fleet->start_at(i);
  return {fmt::format("{} processes, held {} partitions, away for {} ms", stage.fleet->size(), held,
                      away.count()),
          held > 0};
}

Deed kill_again_and_again(Stage& stage, Random& random) {
  const auto hit = stage.holder(random);
  const auto times = random.between(4, 8);
  for (int i = 0; i < times; ++i) {
    stage.fleet->kill(hit.place);
    stage.fleet->start_at(hit.place);
    stage.wait(Millis(random.between(50, 1500)));
  }
  return {fmt::format("{}, {} times", words_of(hit), times), hit.partitions > 0};
}

Deed terminate_one(Stage& stage, Random& random) {
  const auto hit = stage.holder(random);
  const Millis away(random.between(0, 1000));
  stage.mark();
  stage.fleet->stop(hit.place);
  stage.wait(away);
  stage.fleet->start_at(hit.place);
  return {fmt::format("{}, away for {} ms", words_of(hit), away.count()), hit.partitions > 0};
}

Deed freeze_one(Stage& stage, Random& random) {
  const auto hit = stage.holder(random);
  return stop_for(stage, hit, Millis(session_ms + random.between(3000, 6000)));
}

Deed wake_a_zombie(Stage& stage, Random& random) {
  const auto hit = stage.holder(random);
  return stop_for(stage, hit,
                  Millis(transaction_ms + transaction_look_ms + random.between(1000, 13'000)));
}

// Some stay too short to become members, and that is a fault as well; but one of them must have been given partitions, which the leaving gives
// back.
Deed join_and_leave(Stage& stage, Random& random) {
  const auto more = random.between(1, 2);
  const std::size_t first = stage.fleet->size();
  for (int i = 0; i < more; ++i) {
    stage.fleet->start();
    stage.wait(Millis(random.between(500, 3000)));
  }
  int held = 0;
  const auto given = [&] {
    held = 0;
    for (std::size_t i = first; i < stage.fleet->size(); ++i) held += stage.fleet->held_by(i);
    return held > 0;
  };
  const bool felt = stage.until(given, felt_within);
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
  return {fmt::format("{} more, held {} partitions", more, held), felt};
}

Deed full_log(Stage& stage, Random& random) {
  const auto hit = stage.holder(random);
  stage.fleet->stop(hit.place);
  stage.fleet->start_at(hit.place, {.log = "/dev/full"});
  stage.mark();
  stage.wait(Millis(random.between(2000, 4000)));
  Stage::Holder full{hit.place, 0};
  const bool felt = stage.until(
      [&] {
        full.partitions = stage.fleet->held_by(hit.place);
        return full.partitions > 0;
      },
      felt_within);
  stage.fleet->stop(hit.place);
  stage.fleet->start_at(hit.place);
  return {words_of(full), felt};
}

// The files of a state directory took their room when the first process began there, so a full disk stops nobody who has one: neither who runs
// nor who starts again. Who has none yet cannot begin, and says so.
Deed full_state(Stage& stage, Random& random) {
  constexpr std::uint64_t no_journal = 64
                                       << 10;  // room for a log, not for what the directory takes
  const auto hit = stage.holder(random);
  const std::size_t place = hit.place;
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
  return {fmt::format("{}, {} and started without room; a new one ended with {}", words_of(hit),
                      killed ? "killed" : "stopped", external),
          hit.partitions > 0};
}

}  // namespace thalweg::chaos
