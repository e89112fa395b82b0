// watch: how many records a topic holds, over time, until there are enough.
//
// One request a look, from one client. Until the first record it looks more often: start to first output is measured so.
#include <chrono>
#include <cstdio>
#include <memory>
#include <numeric>
#include <thread>

#include "commands.h"
#include "kafka.h"

namespace thalweg::bench {
namespace {

struct Options {
  std::string brokers;
  std::string topic;
  std::int64_t until = 0;
  int every_ms = 50;
  int first_every_ms = 5;
};

// The machine's monotonic clock: what Python's time.monotonic() reads too.
double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void watch(const Options& o) {
  kafka::Admin admin = make_admin(o.brokers);
  const int partitions = partitions_of(admin, o.topic);
  for (std::int64_t last = -1;;) {
    const double asked = now();
    const auto ends = end_offsets(admin.client(), o.topic, partitions);
    const auto count = std::accumulate(ends.begin(), ends.end(), std::int64_t{0});
    // `t` is when the answer was in; it holds for some moment since `asked`.
    if (count > 0 || last < 0) {
      std::printf(R"({"t":%.6f,"asked":%.6f,"count":%ld})"
                  "\n",
                  now(), asked, count);
      std::fflush(stdout);
    }
    if (count >= o.until) return;
    last = count;
    const double wait = (count > 0 ? o.every_ms : o.first_every_ms) / 1e3 - (now() - asked);
    if (wait > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait));
  }
}

}  // namespace

void add_watch_command(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("watch", "Prints how a topic grows");
  command->add_option("--brokers", o->brokers, "Bootstrap servers")
      ->envname("BENCH_BROKERS")
      ->required();
  command->add_option("topic", o->topic, "Topic; it exists")->required();
  command->add_option("--until", o->until, "Ends when it holds so many records")->required();
  command->add_option("--every-ms", o->every_ms, "Time between looks")->capture_default_str();
  command->add_option("--first-every-ms", o->first_every_ms, "The same before the first record")
      ->capture_default_str();
  command->callback([o] { watch(*o); });
}

}  // namespace thalweg::bench
