#include "run/refused_outputs.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg {
namespace {

bool is(const TopicPartitionOffset& at, const SourceRecord& record) {
  return at.offset == record.offset && at.at.partition == record.partition &&
         at.at.topic == record.topic;
}

}  // namespace

void RefusedOutputs::add(const SourceRecord& record, const Error& why, bool dead_letter) {
  const bool known = std::any_of(refused_.begin(), refused_.end(),
                                 [&](const Refused& r) { return is(r.at, record); });
  if (known) return;
  refused_.push_back({{{std::string(record.topic), record.partition}, record.offset},
                      Error(why).in_stage("sink"),
                      dead_letter});
}

std::optional<Error> RefusedOutputs::judge() {
  std::vector<Refused> refused;
  refused.swap(refused_);
  if (refused.size() > 1) {
    for (Refused& r : refused) suspects_.push_back(std::move(r.at));
    return std::nullopt;
  }
  if (refused.empty()) return std::nullopt;
  Refused& guilty = refused.front();
  if (guilty.dead_letter) {
    return Error(
               Code::dead_letters_unwritable,
               fmt::format("dead letters: the record {}@{} could not be written to the "
                           "dead-letter topic: {}; the pipeline stops so that it is not lost",
                           guilty.at.at.to_string(), guilty.at.offset.value, guilty.why.message()))
        .in_stage("sink");
  }
  condemned_.push_back(std::move(guilty));
  return std::nullopt;
}

void RefusedOutputs::condemn(Batch& batch) const {
  if (condemned_.empty()) return;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    for (const Refused& c : condemned_) {
      if (is(c.at, batch.record(i))) batch.fail(i, c.why);
    }
  }
}

void RefusedOutputs::forget(const OffsetProgress& progress) {
  const auto done = [&](const TopicPartitionOffset& o) {
    const Offset ledger = progress.ledger(o.at);
    return ledger.value < 0 || ledger > o.offset;
  };
  std::erase_if(suspects_, done);
  std::erase_if(condemned_, [&](const Refused& c) { return done(c.at); });
}

}  // namespace thalweg
