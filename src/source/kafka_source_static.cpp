// A static member (group.instance.id) whose name is still taken.
//
// With the classic protocols who comes under a name takes the place of who had it. With that of KIP-848 the broker lets no second one in
// before the first has left, or its session is over; and who was killed has not left. To librdkafka that is the end of the client, so
// another one is made, again and again until the broker lets it in: at most for as long as a session may last by the broker's settings
// (group.consumer.max.session.timeout.ms, a minute), and as much again. A name that is taken for longer than that is somebody's who lives.
#include <utility>

#include <fmt/format.h>

#include "kafka/errors.h"
#include "source/kafka_source.h"

namespace thalweg {
namespace {

using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr Millis pause{1000};

}  // namespace

bool KafkaSource::name_is_taken() const {
  char words[8];
  return rd_kafka_fatal_error(client(), words, sizeof words) ==
         RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID;
}

// This client is finished.
void KafkaSource::fatal_error(const std::string& words) {
  const auto now = Steady::now();
  if (!name_is_taken() ||
      (name_taken_since_ && now - *name_taken_since_ > options_.release_timeout)) {
    const std::string cure =
        name_is_taken() ? fmt::format(
                              "; it has been so for {} s, longer than a session lasts, so another "
                              "process lives under this name: give each its own group.instance.id",
                              options_.release_timeout.count() / 1000)
                        : "";
    return tell(Error(Code::broker_refused, "source: " + words + cure));
  }
  if (!name_taken_since_) {
    name_taken_since_ = now;
    tell(Error(Code::timed_out,
               fmt::format("source: static member '{}': expected to be let into group '{}'; its "
                           "name is still taken, by a process that ended without leaving (a kill) "
                           "and whose session the broker has not ended yet, or by one that lives; "
                           "it is tried again until the session is over, for {} s at most",
                           instance(), options_.group, options_.release_timeout.count() / 1000)));
  }
  begin_anew_at_ = now + pause;
}

void KafkaSource::let_in() {
  if (!std::exchange(name_taken_since_, std::nullopt)) return;
  life_->log.say(kafka::LogLevel::info, fmt::format("static member '{}' was let into group '{}'",
                                                    instance(), options_.group));
}

void KafkaSource::wait_for_name() {
  if (Steady::now() < *begin_anew_at_ || ending()) return;
  poll_events();  // what it still has to say of partitions that it held
  begin_anew_at_.reset();
  begin_anew();
}

// Batches may hold on to the old client; it has nothing to leave, since it was never let in.
void KafkaSource::begin_anew() {
  for (std::size_t i = taken_begin_; i < taken_.size(); ++i) rd_kafka_message_destroy(taken_[i]);
  taken_.clear();
  taken_begin_ = 0;
  for (rd_kafka_queue_t* queue : {events_.get(), data_.get()})
    rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
  {
    const std::lock_guard lock(presence_mutex_);
    presence_.reset();
  }
  data_.reset();
  events_.reset();
  life_->source = nullptr;
  life_ = std::make_shared<Life>(options_.kafka.brokers(kafka::Role::consumer), options_.log);
  life_->source = this;
  Status begun = make_consumer(*waker_);
  if (begun.ok()) begun = subscribe();
  if (!begun.ok()) tell(std::move(begun).error());
}

}  // namespace thalweg
