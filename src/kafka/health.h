// Whether the cluster answers: one error for its owner to tell when it stops, one line in the log when it is back.
//
// librdkafka reconnects for ever by itself, so an error from it is seldom an end; Health tells the three kinds apart:
// going on trying (retry backoff), never going to work (fatal), and detail.
//
// Thread-safe: a producer's errors may be served by any worker.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include <librdkafka/rdkafka.h>

#include "thalweg/error.h"

#include "kafka/log.h"

namespace thalweg::kafka {

class Health {
 public:
  Health(std::string brokers, const Log& log) : brokers_(std::move(brokers)), log_(log) {}

  // From librdkafka's error callback.
  void error(rd_kafka_t* rk, rd_kafka_resp_err_t err, const std::string& reason);
  // A broker answered. Cheap when nothing was wrong.
  void answered() {
    if (state_.load(std::memory_order_relaxed) != State::up) back();
  }
  // No broker could be reached since so long; nothing while one can, or before the first try.
  [[nodiscard]] std::chrono::steady_clock::duration down_for() const;
  // What has not been told yet: at most one error per outage. Whoever takes it says it; Health itself does not.
  [[nodiscard]] std::optional<Error> take();
  // An error that ends the client. Cheap while there is none.
  [[nodiscard]] std::optional<Error> fatal() const;
  // What was last heard about why there is no connection, as an error of its own (for calls that timed out).
  [[nodiscard]] Error unreachable(const std::string& where) const;

 private:
  //  unknown ──answer──▶ up ──all brokers down──▶ down ──answer──▶ up
  enum class State : std::uint8_t { unknown, up, down };
  void back();
  void keep(Error error);  // REQUIRES mutex_

  const std::string brokers_;
  const Log& log_;
  std::atomic<State> state_{State::unknown};
  std::atomic<bool> ended_{false};
  std::atomic<bool> anything_untold_{false};
  mutable std::mutex mutex_;
  bool ever_up_ = false;
  std::chrono::steady_clock::time_point down_since_{};
  std::string last_reason_;
  std::optional<Error> untold_;
  std::optional<Error> fatal_;
};

}  // namespace thalweg::kafka
