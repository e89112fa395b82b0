#include <fmt/format.h>

#include "chaos/faults.h"

namespace thalweg::chaos {
namespace {

// Longer than the session time-out, so that the group has given up on everybody, a broker on a busy machine too (a second was not enough
// there); one in three longer than a transaction lives, too.
Millis beyond_session(Random& random) {
  const Millis session(session_ms + random.between(3000, 8000));
  return session + Millis(random.between(0, 2) > 0 ? 0 : transaction_ms + transaction_look_ms);
}

void hold(Stage& stage, const Link& link, Millis time) {
  stage.proxy.set(link);
  stage.wait(time);
  stage.proxy.set({});
}

// The group gives up on everybody meanwhile. Who held partitions finds out by itself, or when the broker can be reached again.
Deed out_of_reach(Stage& stage, Random& random, const Link& link) {
  const Millis time = beyond_session(random);
  const std::size_t before = stage.fleet->times_lost();
  std::size_t lost = 0;
  hold(stage, link, time);
  stage.mark();
  const bool felt = stage.until(
      [&] {
        lost = stage.fleet->times_lost() - before;
        return lost > 0;
      },
      Millis(30'000));
  return {fmt::format("for {} ms, {} members lost partitions", time.count(), lost), felt};
}

Deed without_broker(Stage& stage, Random& random) {
  const Millis away(random.between(0, 3000));
  const bool gone = !stage.broker.running();
  stage.wait(away);
  stage.broker.start();
  return {fmt::format("away for {} ms and its start", away.count()), gone};
}

}  // namespace

Deed restart_broker(Stage& stage, Random& random) {
  stage.broker.stop();
  return without_broker(stage, random);
}

Deed kill_broker(Stage& stage, Random& random) {
  stage.broker.kill();
  return without_broker(stage, random);
}

Deed fill_broker_disk(Stage& stage, Random& /*random*/) {
  stage.broker.fill_disk();
  const bool ended = eventually([&] { return !stage.broker.running(); }, Millis(20'000));
  if (!ended) stage.broker.kill();
  stage.broker.start();
  return {ended ? "it ended by itself" : "it went on for 20 s and was killed", ended};
}

Deed cut(Stage& stage, Random& random) {
  return out_of_reach(stage, random, {.state = Link::State::cut});
}

Deed silence(Stage& stage, Random& random) {
  return out_of_reach(stage, random, {.state = Link::State::silent});
}

Deed slow_down(Stage& stage, Random& random) {
  const Link link{.delay = Millis(random.between(20, 300)),
                  .bytes_per_second = random.between(20, 200) << 10};
  const Millis time(random.between(4000, 10'000));
  const std::uint64_t before = stage.proxy.bytes_passed();
  hold(stage, link, time);
  const std::uint64_t passed = stage.proxy.bytes_passed() - before;
  return {fmt::format("{} ms each way, {} KiB/s a connection, for {} ms: {} KiB passed",
                      link.delay.count(), link.bytes_per_second >> 10, time.count(), passed >> 10),
          passed > 0};
}

Deed reset_connections(Stage& stage, Random& random) {
  const auto times = random.between(5, 20);
  const std::uint64_t before = stage.proxy.resets();
  for (int i = 0; i < times; ++i) {
    stage.proxy.reset_all();
    stage.wait(Millis(random.between(50, 600)));
  }
  const std::uint64_t resets = stage.proxy.resets() - before;
  return {fmt::format("{} times, {} connections", times, resets), resets > 0};
}

}  // namespace thalweg::chaos
