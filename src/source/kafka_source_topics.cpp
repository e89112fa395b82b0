// A topic that is deleted while it is read, under the group protocol of KIP-848.
//
// With the classic protocols the client chooses what is read, and librdkafka says when a subscribed topic is gone. With this one the broker
// chooses: it takes the partitions away, and the member waits without a word for others that never come. So whoever lost partitions looks
// whether their topics are still there, and whoever has none does so from time to time.
#include "kafka/errors.h"
#include "source/kafka_source.h"

namespace thalweg {
namespace {

using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr Millis answer_within{500};
constexpr Millis again{1000};
constexpr Millis without_partitions_every{10'000};
// Brokers learn of new topics one after the other; one that is deleted and made anew at once may be missing for a moment.
constexpr Millis believed_after{5000};

}  // namespace

bool KafkaSource::holds_any() const {
  bool any = false;
  table_.for_each_held([&](const TopicState&, std::int32_t, const PartitionState&) { any = true; });
  return any;
}

void KafkaSource::look_soon() {
  look_at_ = Steady::now();
}

void KafkaSource::look_for_topics() {
  look_at_ = holds_any() ? Steady::time_point::max() : Steady::now() + without_partitions_every;
  if (ending() || options_.dry_run) return;
  for (const TopicState& topic : table_.topics()) {
    const auto info = kafka::topic_info(client(), life_->health, topic.name, answer_within);
    if (info && *info) continue;
    look_at_ = Steady::now() + again;
    if (!info) return;  // who cannot be asked has not said that it is gone
    if (!missing_since_) missing_since_ = Steady::now();
    if (Steady::now() - *missing_since_ < believed_after) return;
    look_at_ = Steady::time_point::max();
    return tell(kafka::topic_missing_error(client(), topic.name,
                                           options_.kafka.brokers(kafka::Role::consumer),
                                           "It was there at the start: was it deleted?")
                    .at("source"));
  }
  missing_since_.reset();
}

}  // namespace thalweg
