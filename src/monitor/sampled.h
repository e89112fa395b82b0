// Which predictions are logged: by the hash of their id, so that a replay logs the same ones and a larger share contains a smaller one.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "thalweg/batch.h"

#include "feature/categories/farmhash.h"

namespace thalweg::monitor {

inline constexpr std::uint64_t sample_steps = 1'000'000;

// topic-partition-offset, into `id`, whose memory is reused.
inline void write_id(const SourceRecord& record, std::string& id) {
  id.clear();
  fmt::format_to(std::back_inserter(id), "{}-{}-{}", record.topic, record.partition.value,
                 record.offset.value);
}

[[nodiscard]] inline bool is_sampled(std::uint64_t hash_of_id, double share) noexcept {
  return static_cast<double>(hash_of_id % sample_steps) < share * static_cast<double>(sample_steps);
}

[[nodiscard]] inline bool is_sampled(std::string_view id, double share) noexcept {
  return is_sampled(feature::farm_fingerprint64(id), share);
}

}  // namespace thalweg::monitor
