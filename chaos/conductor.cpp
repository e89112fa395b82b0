#include "chaos/conductor.h"

#include <filesystem>

#include <fmt/format.h>

#include "bench/must.h"
#include "chaos/plan.h"

namespace thalweg::chaos {
namespace {

constexpr Millis recover_within{120'000};
constexpr Millis catch_up_within{15'000};
// After the last record: how long nothing may come before the rest counts as lost.
constexpr Millis quiet_max{45'000};

std::vector<const Fault*> chosen(const Settings& settings) {
  std::vector<const Fault*> all;
  for (const Fault& fault : faults()) {
    if (settings.faults.empty() && (!settings.short_form || fault.in_short_form))
      all.push_back(&fault);
  }
  for (const std::string& name : settings.faults) all.push_back(fault_named(name));
  return all;
}

Outcome carry_out(Stage& stage, Plan::Step step) {
  Outcome o;
  o.number = step.number;
  o.fault = step.fault->name;
  const std::int64_t repeated = stage.verifier->totals().repeated;
  const TimePoint began = now();
  stage.mark();
  const std::size_t marked = stage.marks_set();
  const Deed deed = step.fault->run(stage, step.random);
  o.detail = deed.words;
  o.felt = deed.felt;
  if (stage.marks_set() == marked) stage.mark();
  o.took = seconds(now() - began);
  o.recovered = stage.recover(recover_within);
  const auto flow = stage.verifier->flow();
  o.first = flow.first.value_or(0);
  o.all = flow.all.value_or(0);
  // Most faults come into a stream that has caught up, some into the backlog that the one before has left.
  if (o.recovered && step.random.between(0, 3) > 0) stage.catch_up(catch_up_within);
  o.repeated = stage.verifier->totals().repeated - repeated;
  if (!o.recovered)
    stage.troubles.push_back(
        fmt::format("fault {} ({}): no new output of every partition in {} s; what the broker says "
                    "of the group "
                    "and of transactions: {}",
                    o.number, o.fault, recover_within.count() / 1000, stage.ask_the_broker()));
  return o;
}

// Waits until every record has come out, or nothing has for a while.
void drain(Stage& stage) {
  stage.generator->finish();
  const std::int64_t written = stage.generator->written();
  std::int64_t last = -1;
  for (TimePoint moved = now(); now() - moved < quiet_max;) {
    stage.wait(Millis(100));
    const std::int64_t have = stage.verifier->totals().accounted();
    if (have >= written) return;
    if (have != last) moved = now();
    last = have;
  }
}

// After a clean stop the group has committed all that was written.
void check_committed(Stage& stage) {
  const auto written = stage.generator->next();
  const auto committed = stage.committed(written.size());
  if (!committed) {
    stage.troubles.push_back("after a clean stop: " + committed.error().message());
    return;
  }
  for (std::size_t p = 0; p < written.size(); ++p) {
    const std::int64_t have = (*committed)[p];
    if (have != written[p])
      stage.troubles.push_back(
          fmt::format("partition {}: after a clean stop {} was expected to be committed; it is {}",
                      p, written[p], have));
  }
}

void check_dry(Stage& stage, Result& result) {
  drain(stage);
  stage.fleet->stop_all();
  stage.wait_for_stragglers();
  check_committed(stage);
  stage.verifier->close(stage.generator->next());
  result.written = stage.generator->written();
  result.totals = stage.verifier->ledger().totals();
  result.findings = stage.verifier->ledger().findings();
  result.troubles = stage.troubles;
  result.clean = stage.verifier->ledger().clean() && stage.troubles.empty();
}

void clean_up(Stage& stage, const Settings& settings, bool clean) {
  if (clean && !settings.keep) {
    stage.broker.wipe();
    std::filesystem::remove_all(settings.folder);
    return;
  }
  stage.broker.stop();
  fmt::print("logs: {}\nbroker's data: {}\n", settings.folder, stage.broker.folder());
}

}  // namespace

void print_plan(const Settings& settings, std::size_t steps) {
  Plan plan(settings.seed, chosen(settings));
  for (std::size_t i = 0; i < steps; ++i) {
    const auto step = plan.next();
    fmt::print("{:3} {:15} {}\n", step.number, step.fault->name, step.fault->what);
  }
}

Result conduct(const Settings& settings) {
  std::filesystem::create_directories(settings.folder);
  Stage stage(settings);
  const TimePoint began = now();
  stage.open();
  stage.mark();
  if (!stage.recover(recover_within))
    stage.troubles.push_back("start: no output of every partition in two minutes");
  fmt::print("{:7.1f} s  {} processes give outputs of {} partitions, {} records a second\n",
             seconds(now() - began), settings.processes, settings.partitions, settings.per_second);
  std::fflush(stdout);

  Result result;
  const TimePoint ready = now();  // a slow start is not to take the faults' time
  const auto all = chosen(settings);
  Plan plan(settings.seed, all);
  // The short form is each of its faults once, however long that takes.
  const auto more = [&] {
    if (!stage.troubles.empty()) return false;  // what comes later would only hide what is wrong
    if (settings.short_form) return result.outcomes.size() < all.size();
    return seconds(now() - ready) < 60 * settings.minutes;
  };
  while (more()) {
    Plan::Step step = plan.next();
    const Millis pause(step.random.between(200, 2000));
    result.outcomes.push_back(carry_out(stage, step));
    print_line(result.outcomes.back(), seconds(now() - began));
    stage.wait(pause);
  }
  if (stage.troubles.empty()) stage.troubles = never_felt(result.outcomes);
  check_dry(stage, result);
  result.seconds = seconds(now() - began);
  clean_up(stage, settings, result.clean);
  return result;
}

}  // namespace thalweg::chaos
