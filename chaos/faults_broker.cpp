#include <fmt/format.h>

#include "chaos/faults.h"

namespace thalweg::chaos {
namespace {

// Longer than the session time-out, so that the group has given up on everybody; one in three longer than a transaction lives, too.
Millis beyond_session(Random& random) {
  const Millis session(session_ms + random.between(1000, 8000));
  return session + Millis(random.between(0, 2) > 0 ? 0 : transaction_ms + transaction_look_ms);
}

void hold(Stage& stage, const Link& link, Millis time) {
  stage.proxy.set(link);
  stage.wait(time);
  stage.proxy.set({});
}

}  // namespace

std::string restart_broker(Stage& stage, Random& random) {
  const Millis away(random.between(0, 3000));
  stage.broker.stop();
  stage.wait(away);
  stage.broker.start();
  return fmt::format("away for {} ms and its start", away.count());
}

std::string kill_broker(Stage& stage, Random& random) {
  const Millis away(random.between(0, 3000));
  stage.broker.kill();
  stage.wait(away);
  stage.broker.start();
  return fmt::format("away for {} ms and its start", away.count());
}

std::string fill_broker_disk(Stage& stage, Random& /*random*/) {
  stage.broker.fill_disk();
  const bool ended = eventually([&] { return !stage.broker.running(); }, Millis(20'000));
  if (!ended) stage.broker.kill();
  stage.broker.start();
  return ended ? "it ended by itself" : "it went on for 20 s and was killed";
}

std::string cut(Stage& stage, Random& random) {
  const Millis time = beyond_session(random);
  hold(stage, {.state = Link::State::cut}, time);
  return fmt::format("for {} ms", time.count());
}

std::string silence(Stage& stage, Random& random) {
  const Millis time = beyond_session(random);
  hold(stage, {.state = Link::State::silent}, time);
  return fmt::format("for {} ms", time.count());
}

std::string slow_down(Stage& stage, Random& random) {
  const Link link{.delay = Millis(random.between(20, 300)),
                  .bytes_per_second = random.between(20, 200) << 10};
  const Millis time(random.between(4000, 10'000));
  hold(stage, link, time);
  return fmt::format("{} ms each way, {} KiB/s a connection, for {} ms", link.delay.count(),
                     link.bytes_per_second >> 10, time.count());
}

std::string reset_connections(Stage& stage, Random& random) {
  const auto times = random.between(5, 20);
  for (int i = 0; i < times; ++i) {
    stage.proxy.reset_all();
    stage.wait(Millis(random.between(50, 600)));
  }
  return fmt::format("{} times", times);
}

}  // namespace thalweg::chaos
