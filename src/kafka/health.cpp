// Sorting librdkafka's asynchronous errors.
#include "kafka/health.h"

#include "kafka/errors.h"

namespace thalweg::kafka {
namespace {

// "thalweg#producer-1: localhost:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state
// CONNECT)": the brackets are for librdkafka's own developers.
std::string short_reason(const std::string& reason) {
  const std::size_t bracket = reason.rfind(" (after ");
  return bracket == std::string::npos ? reason : reason.substr(0, bracket);
}

}  // namespace

void Health::keep(Error error) {
  if (error.retry() == Retry::fatal && !fatal_) {
    fatal_ = error;
    ended_ = true;
  }
  untold_ = std::move(error);
  anything_untold_ = true;
}

void Health::error(rd_kafka_t* rk, rd_kafka_resp_err_t err, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  switch (err) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: {
      if (state_ == State::down) return;
      state_ = State::down;
      down_since_ = std::chrono::steady_clock::now();
      const std::string text = "expected a broker at " + brokers_ + "; got " +
                               (last_reason_.empty() ? "no answer" : last_reason_) +
                               "; trying on. Does it run, and is bootstrap.servers right?";
      return keep(Error(Code::broker_unreachable, "kafka: " + text));
    }
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      last_reason_ = short_reason(reason);
      // Once it has worked, a refusal may be a broker in the middle of a restart or a secret being renewed.
      if (ever_up_) return;
      keep(Error(Code::broker_refused, "kafka: expected to be let in at " + brokers_ + "; got " +
                                           last_reason_ +
                                           "; check security.protocol, sasl.* and ssl.*"));
      return;
    case RD_KAFKA_RESP_ERR__FATAL: {
      char text[512] = "";
      const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(rk, text, sizeof text);
      keep(Error(Code::broker_refused,
                 "kafka: the client cannot go on; got " + words(cause) + ": " + text));
      return;
    }
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE: last_reason_ = short_reason(reason); return;
    default: {
      Error known = error_of(err, "kafka: " + reason);
      if (known.retry() == Retry::fatal) keep(std::move(known));
      return;
    }
  }
}

void Health::back() {
  const std::scoped_lock lock(mutex_);
  if (state_ == State::down) log_.say(LogLevel::info, "a broker at " + brokers_ + " answers again");
  state_ = State::up;
  ever_up_ = true;
  if (untold_ && untold_->retry() != Retry::fatal) untold_.reset();
}

std::chrono::steady_clock::duration Health::down_for() const {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::down) return {};
  return std::chrono::steady_clock::now() - down_since_;
}

std::optional<Error> Health::take() {
  if (!anything_untold_.exchange(false, std::memory_order_relaxed)) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return std::exchange(untold_, std::nullopt);
}

std::optional<Error> Health::fatal() const {
  if (!ended_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return fatal_;
}

Error Health::unreachable(const std::string& where) const {
  const std::scoped_lock lock(mutex_);
  if (fatal_) return *fatal_;
  return Error(Code::broker_unreachable,
               where + ": expected a broker at " + brokers_ + "; got " +
                   (last_reason_.empty() ? "no answer in time" : last_reason_) +
                   "; does it run, and is bootstrap.servers right?");
}

}  // namespace thalweg::kafka
