#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include <fmt/format.h>

#include "chaos/faults.h"
#include "kafka/admin.h"

namespace thalweg::chaos {
namespace {

constexpr int usual_refused = 10;  // of a thousand
// Less than any dead letter. Not less than the markers that end a transaction: a broker that cannot write those stays in it for ever.
constexpr const char* full_bytes = "200";
constexpr Millis found_within{240'000};
constexpr int configuration = 3, external = 4, hung = 6;

bool holds_records(kafka::Admin& admin, const std::string& topic, std::int64_t least) {
  const auto range = kafka::offset_ranges(admin.client(), {{topic, {0}}}, Millis(5000));
  return range && range->front().high.value >= least;
}

// Writes records that end the process each time they are tried, with this code, and waits until they are dead letters. How many processes ended.
//
// The partition of such a record stands still until it was found, so new outputs of every partition say that all were. While its dead letter
// is not committed, whoever takes the partition over would find it anew, at the same price: the fault is over when it is.
std::size_t end_processes(Stage& stage, Kind kind, int count, int code) {
  const std::size_t before = stage.fleet->allowed_ends();
  stage.fleet->allow_ends(code);
  stage.generator->write_some(kind, count);
  stage.wait(Millis(1000));
  stage.mark();
  const auto written = stage.generator->next();
  const auto committed = [&] {
    stage.fleet->look_after();
    const auto offsets = stage.committed(written.size());
    return offsets &&
           std::equal(written.begin(), written.end(), offsets->begin(), std::less_equal<>());
  };
  const bool found = stage.recover(found_within) && eventually(committed, Millis(60'000));
  stage.fleet->allow_ends(std::nullopt);
  if (!found)
    stage.troubles.push_back(
        fmt::format("the records that end a process with {} were not found in {} s", code,
                    found_within.count() / 1000));
  return stage.fleet->allowed_ends() - before;
}

}  // namespace

Deed refuse_many(Stage& stage, Random& random) {
  const Millis time(random.between(2000, 4000));
  const std::int64_t written = stage.generator->written(), dead = stage.verifier->totals().dead;
  stage.generator->refuse(333);
  stage.wait(time);
  stage.generator->refuse(usual_refused);
  stage.mark();
  const std::int64_t least = (stage.generator->written() - written) / 4;  // a third, about
  std::int64_t more = 0;
  const bool felt = stage.until(
      [&] {
        more = stage.verifier->totals().dead - dead;
        return more >= least && more > 0;
      },
      Millis(30'000));
  return {fmt::format("for {} ms, {} dead letters", time.count(), more), felt};
}

Deed answer_late(Stage& stage, Random& random) {
  const auto count = random.between(1, 3);
  const std::int64_t before = stage.fleet->long_calls();
  stage.generator->write_some(Kind::slow, static_cast<int>(count));
  stage.wait(Millis(1000));
  stage.mark();
  std::int64_t seen = 0;
  const bool felt = stage.until(
      [&] {
        seen = stage.fleet->long_calls() - before;
        return seen > 0;
      },
      Millis(60'000));
  return {fmt::format("{} records of {} ms, {} long calls seen", count, slow_call_ms, seen), felt};
}

Deed crash_at_some(Stage& stage, Random& random) {
  const auto count = static_cast<int>(random.between(1, 2));
  const std::size_t ends = end_processes(stage, Kind::deadly, count, 128 + SIGABRT);
  return {fmt::format("{} records, {} crashes", count, ends), ends > 0};
}

Deed never_answer(Stage& stage, Random& /*random*/) {
  const std::size_t ends = end_processes(stage, Kind::stuck, 1, hung);
  return {fmt::format("1 record, {} processes ended with {}", ends, hung), ends > 0};
}

Deed fill_dead_letters(Stage& stage, Random& random) {
  const std::size_t troubles = stage.troubles.size();
  stage.set_topic(stage.pipeline.dead, "max.message.bytes", full_bytes);
  stage.generator->refuse(50);
  for (std::size_t i = 0; i < stage.fleet->size(); ++i)
    stage.fleet->expect_end(i, external, Millis(60'000));
  const bool felt = stage.troubles.size() == troubles;  // every process ended so
  stage.generator->refuse(usual_refused);
  const Millis away(random.between(0, 2000));
  stage.wait(away);
  stage.set_topic(stage.pipeline.dead, "max.message.bytes", "1048588");
  for (std::size_t i = 0; i < stage.fleet->size(); ++i) stage.fleet->start_at(i);
  return {fmt::format("{} processes {} with {}", stage.fleet->size(),
                      felt ? "ended" : "were to end", external),
          felt};
}

Deed add_partition(Stage& stage, Random& /*random*/) {
  const std::size_t before = stage.generator->next().size();
  if (before >= std::size_t{input_partitions_max})
    return {fmt::format("there are {} already; nothing done", before), false};
  stage.add_partition();
  return {fmt::format("now {}", before + 1)};
}

// On a pipeline of its own beside the one that is verified: nothing of that may be lost.
Deed delete_topic(Stage& stage, Random& random) {
  static int number = 0;
  const std::size_t troubles = stage.troubles.size();
  const std::string name = fmt::format("doomed-{}", ++number);
  PipelineFile doomed = stage.pipeline;
  doomed.name = name;
  doomed.in = name + ".in", doomed.out = name + ".out", doomed.dead = name + ".dead";
  doomed.workers = 1;
  kafka::Admin admin = stage.admin();
  for (const auto* topic : {&doomed.in, &doomed.out, &doomed.dead})
    bench::create_topic(admin, *topic, 1);
  const std::string file = stage.path(name + ".yaml");
  write_pipeline(doomed, file);
  const auto which = random.between(0, 2);
  const std::string victim = which == 0 ? doomed.in : which == 1 ? doomed.out : doomed.dead;

  Generator feed(stage.broker.address(), doomed.in, 1, 200);
  std::filesystem::create_directories(stage.path(name));
  Fleet one(stage.run_command(file), stage.path(name), false, stage.troubles);
  one.start();
  if (!eventually([&] { return holds_records(admin, doomed.out, 100); }, Millis(60'000)))
    stage.troubles.push_back(name + ": expected 100 outputs within 60 s; they did not come");
  bench::delete_topic(admin, victim);
  one.expect_end(0, configuration, Millis(60'000));
  const std::string log = one.log_of(0);
  if (!Stage::said(log, "topic_missing") || !Stage::said(log, victim))
    stage.troubles.push_back(fmt::format(
        "{}: expected topic_missing and '{}' in {}; it is not there", name, victim, log));
  const bool felt = stage.troubles.size() == troubles;
  return {fmt::format("{} deleted, the process {} with 3 and {} it", victim,
                      felt ? "ended" : "was to end", felt ? "named" : "name"),
          felt};
}

}  // namespace thalweg::chaos
