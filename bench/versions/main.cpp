// bench_versions: what a change of versions, and a shadow, cost the records that pass meanwhile.
//
//   bench_versions swaps  --tweets examples/tweets     two versions of the tweets model, of different vocabulary, take turns
//   bench_versions shadow --tweets examples/tweets     the second one is the first one's shadow
//
// One pipeline in this process, with records and outputs in memory, so that no broker's milliseconds hide what is looked for. Records come at a
// fixed rate and are timed from when each should have come. Phases take turns (steady, swapping, steady, …; or without, with shadow), so
// that the machine's moods meet both; the median round's ratio leaves out the worst of them. Swaps follow each other without a pause unless --pause-ms is given. Prints one line of JSON.
//
// The first ten swaps are not timed: the resident memory after them, when what was freed has been given back to the system (by the process itself,
// ten seconds at most), is what the memory after the last swap is held against. Records take no memory here, so nothing else grows.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <numeric>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/must.h"
#include "ledger.h"
#include "loop_source.h"
#include "model/reclaimer.h"
#include "run/process.h"
#include "two_versions.h"

namespace thalweg::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Options {
  bool shadow = false;
  std::string tweets = "examples/tweets";
  double rate = 500;
  double seconds = 2;  // of one phase
  int rounds = 25;     // of two phases each
  int swaps = 100;     // in all; the last swapping phase does what is left
  int workers = 2;
  int pause_ms = 0;
  double cpu_share = 0.5;
};

// What the workers' threads had to wait for a core, and how often they touched memory that was not mapped.
struct Waits {
  double run_delay_ms = 0;
  std::uint64_t page_faults = 0;

  static Waits of_workers() {
    Waits all;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
      std::string name, stat;
      std::ifstream(task.path() / "comm") >> name;
      if (!name.starts_with("worker")) continue;
      double cpu = 0, delay = 0;
      std::ifstream(task.path() / "schedstat") >> cpu >> delay;
      all.run_delay_ms += delay / 1e6;
      std::ifstream file(task.path() / "stat");
      std::getline(file, stat);
      std::istringstream fields(stat.substr(stat.rfind(')') + 2));
      std::string skipped;
      for (int i = 0; i < 7; ++i) fields >> skipped;  // state … flags
      std::uint64_t faults = 0;
      fields >> faults;
      all.page_faults += faults;
    }
    return all;
  }
  void add_since(const Waits& began) {
    const Waits now = of_workers();
    run_delay_ms += now.run_delay_ms - began.run_delay_ms;
    page_faults += now.page_faults - began.page_faults;
  }
};

class Bench {
 public:
  explicit Bench(const Options& o)
      : o_(o),
        texts_(must(read_texts(o.tweets))),
        ledger_(static_cast<std::size_t>(o.rate *
                                         ((2 * o.rounds + 8) * std::max(o.seconds, 3.0) + 120)),
                texts_.size()),
        topic_(texts_, static_cast<std::size_t>(o.workers)) {
    register_builtins(registry_);
    char name[] = "/tmp/bench_versions.XXXXXX";
    if (::mkdtemp(name) == nullptr) fail("cannot make a folder");
    folder_ = name;
    must(make_two_versions(o.tweets, folder_));
  }
  ~Bench() { fs::remove_all(folder_); }

  void run() {
    Process process(registry_, log_);
    must(process.add(
        must(read_pipeline_text(two_versions_pipeline(folder_, o_.workers), "bench.yaml"))));
    model_ = process.models().front()->served("m").get();
    auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
    wait([&] { return process.started(); });
    feeder_ = std::jthread([this](const std::stop_token& stop) { feed(stop); });
    learn();
    if (!o_.shadow) first_swaps();
    Phase quiet, busy;
    std::vector<double> ratios;
    for (int round = 0; round < o_.rounds; ++round) {
      phase(quiet, [](const std::stop_token&) {});
      if (o_.shadow) shadow(true);
      phase(busy, [&](const std::stop_token& stop) { swap(stop, round + 1 == o_.rounds); });
      if (o_.shadow) shadow(false);
      ratios.push_back(busy.last_p99 / quiet.last_p99);
    }
    if (!o_.shadow) memory_.push_back(settled_mb());
    feeder_.request_stop();
    feeder_.join();
    settle();
    std::sort(ratios.begin(), ratios.end());
    print(quiet, busy, ratios[ratios.size() / 2], process);
    process.request_stop();
    must(running.get());
  }

 private:
  struct Phase {
    std::vector<float> latencies_us;
    double seconds = 0;
    double last_p99 = 0;  // ms, of the latest phase alone
    Waits waits;
    std::vector<float> firsts_us;  // behind a change of version
  };

  Ports ports() {
    Ports made;
    made.source = [this](const PipelineFile&,
                         std::size_t worker) -> Result<std::unique_ptr<Source>> {
      return topic_.source(worker);
    };
    made.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      return std::unique_ptr<Sink>(std::make_unique<LedgerSink>(ledger_));
    };
    return made;
  }
  void feed(const std::stop_token& stop) {
    const std::int64_t began = now_ns();
    for (std::uint64_t n = 0; !stop.stop_requested(); ++n) {
      const std::int64_t due =
          began + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / o_.rate);
      const timespec until{due / 1'000'000'000, due % 1'000'000'000};
      ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
      if (n > ledger_.came() + LoopTopic::under_way_max) fail("it cannot keep up with --rate");
      ledger_.due(n, due);
      topic_.append(n);
    }
  }
  template <class Condition>
  static void wait(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) fail("waited for a minute in vain");
      std::this_thread::sleep_for(1ms);
    }
  }
  void settle() {
    const std::uint64_t fed = ledger_.fed();
    wait([&] { return ledger_.came() >= fed; });
  }
  void ask(DesiredModel wish) {
    const std::int64_t epoch = ++epoch_;
    must(model_->prepare(wish, epoch));
    wait([&] { return model_->epoch() == epoch; });
  }
  void serve(int version) {
    DesiredModel wish;
    wish.variants.front().version = std::to_string(version);
    ask(wish);
  }
  // Each version sees each text twice before anything counts.
  void learn() {
    for (const int version : {2, 1}) {
      serve(o_.shadow ? 1 : version);
      const std::uint64_t until = ledger_.fed() + 2 * texts_.size();
      wait([&] { return ledger_.fed() >= until; });
      settle();
    }
  }
  // Everything that swaps leave in memory once is there after these.
  void first_swaps() {
    while (done_ < std::min(o_.swaps, 10)) swap_once();
    memory_.push_back(settled_mb());
  }
  // When what was freed is given back; records go on meanwhile.
  static double settled_mb() {
    const auto reclaimer = Reclaimer::shared();
    wait([&] { return reclaimer->settled(); });
    return resident_mb();
  }
  void swap_once() {
    serve(done_++ % 2 == 0 ? 2 : 1);
    most_mb_ = std::max(most_mb_, resident_mb());
  }
  template <class Work>
  void phase(Phase& to, Work work) {
    settle();
    const std::uint64_t begin = ledger_.fed();
    const std::int64_t began = now_ns();
    const Waits waited = Waits::of_workers();
    {
      std::jthread worker([&](const std::stop_token& stop) { work(stop); });
      std::this_thread::sleep_for(std::chrono::duration<double>(o_.seconds));
      worker.request_stop();
    }
    to.waits.add_since(waited);
    to.seconds += static_cast<double>(now_ns() - began) / 1e9;
    const std::uint64_t end = ledger_.fed();
    settle();
    auto latencies = ledger_.latencies(begin, end);
    const auto firsts = ledger_.first_latencies(begin, end, static_cast<std::uint64_t>(o_.workers));
    to.firsts_us.insert(to.firsts_us.end(), firsts.begin(), firsts.end());
    to.last_p99 = percentile(latencies, .99);
    to.latencies_us.insert(to.latencies_us.end(), latencies.begin(), latencies.end());
  }
  void shadow(bool yes) {
    DesiredModel wish;
    wish.variants.front().version = "1";
    if (yes) wish.shadow = DesiredShadow{.version = "2", .topic = {}, .cpu_share = o_.cpu_share};
    ask(wish);
  }
  void swap(const std::stop_token& stop, bool last) {
    while (!o_.shadow && done_ < o_.swaps && (last || !stop.stop_requested())) {
      swap_once();
      std::this_thread::sleep_for(std::chrono::milliseconds(o_.pause_ms));
    }
  }
  static double percentile(std::vector<float>& values, double part) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(part * static_cast<double>(values.size()));
    return values.empty() ? 0 : values[std::min(rank, values.size() - 1)] / 1e3;
  }
  void print(Phase& quiet, Phase& busy, double median, const Process& process) const {
    const auto totals = process.pipelines().front()->view().totals;
    std::uint64_t shadowed = 0, dropped = 0;
    for (const VersionTotals& one : totals) {
      if (one.role != Role::shadow) continue;
      shadowed += one.rows;
      dropped += std::accumulate(one.lost.begin(), one.lost.end(), std::uint64_t{0});
    }
    const double steady = percentile(quiet.latencies_us, .99);
    const double changed = percentile(busy.latencies_us, .99);
    fmt::print(
        R"({{"what":"{}","rate":{},"workers":{},"swaps":{},"seconds_each":[{:.1f},{:.1f}],)"
        R"("p50_ms":[{:.3f},{:.3f}],"p99_ms":[{:.3f},{:.3f}],"p999_ms":[{:.3f},{:.3f}],"p99_ratio":{:.3f},"p99_ratio_of_the_median_round":{:.3f},)"
        R"("records":{},"lost":{},"repeated":{},"dead":{},"wrong_version":{},"texts_told_apart":{},)"
        R"("shadow_rows":{},"shadow_dropped":{},"workers_waited_ms":[{:.1f},{:.1f}],"workers_page_faults":[{},{}],)"
        R"("first_p50_ms":{:.3f},"first_p99_ms":{:.3f},)"
        R"("resident_mb":{{"after_tenth_swap":{:.2f},"after_last_swap":{:.2f},"most_behind_a_swap":{:.2f}}}}})"
        "\n",
        o_.shadow ? "shadow" : "swaps", o_.rate, o_.workers, done_, quiet.seconds, busy.seconds,
        percentile(quiet.latencies_us, .5), percentile(busy.latencies_us, .5), steady, changed,
        percentile(quiet.latencies_us, .999), percentile(busy.latencies_us, .999), changed / steady,
        median, ledger_.fed(), ledger_.lost(), ledger_.repeated(), ledger_.dead(), ledger_.wrong(),
        ledger_.different(), shadowed, dropped, quiet.waits.run_delay_ms, busy.waits.run_delay_ms,
        quiet.waits.page_faults, busy.waits.page_faults, percentile(busy.firsts_us, .5),
        percentile(busy.firsts_us, .99), o_.shadow ? resident_mb() : memory_.front(),
        o_.shadow ? resident_mb() : memory_.back(), most_mb_);
  }

  const Options o_;
  const std::vector<std::string> texts_;
  Ledger ledger_;
  Registry registry_;
  Log log_{LogLevel::error, LogFormat::json};
  fs::path folder_;
  LoopTopic topic_;
  ServedModel* model_ = nullptr;
  std::jthread feeder_;
  std::int64_t epoch_ = 0;
  int done_ = 0;
  std::vector<double> memory_;  // after the tenth swap, after the last
  double most_mb_ = 0;
};

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  thalweg::bench::Options o;
  CLI::App app("What swaps and shadows cost the records that pass meanwhile", "bench_versions");
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* what, bool shadow) {
    CLI::App* command = app.add_subcommand(name, what);
    command->add_option("--tweets", o.tweets, "the folder of the tweets example");
    command->add_option("--rate", o.rate, "records a second");
    command->add_option("--seconds", o.seconds, "of one phase");
    command->add_option("--rounds", o.rounds, "of two phases");
    command->add_option("--workers", o.workers, "of the pipeline");
    command->add_option("--swaps", o.swaps, "in all; the first ten are not timed");
    command->add_option("--pause-ms", o.pause_ms, "between two swaps");
    command->add_option("--cpu-share", o.cpu_share, "of the shadow");
    command->callback([&o, shadow] { o.shadow = shadow; });
  };
  add("swaps", "two versions take turns", false);
  add("shadow", "the second version is the first one's shadow", true);
  CLI11_PARSE(app, argc, argv);
  thalweg::bench::Bench(o).run();
  return 0;
}
