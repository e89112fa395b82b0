// Which of the 10,000 buckets a key falls into, and which variant owns it: a pure function, the same in every process and for ever.
//
//   bucket = FarmHash Fingerprint64(salt + "/" + key) mod 10000
//
// So a variant can be found again elsewhere: in SQL it is the unsigned FARM_FINGERPRINT(CONCAT(salt, '/', key)) modulo 10000, in
// TensorFlow tf.strings.to_hash_bucket_fast(salt + "/" + key, 10000). Two salts cut the same keys in independent ways.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "thalweg/batch.h"

#include "model/route.h"

namespace thalweg {

// Puts salt and key together in memory that it keeps. One thread.
class Bucketer {
 public:
  // Afterwards it gives buckets of this salt.
  void begin(std::string_view salt);
  [[nodiscard]] std::uint32_t of(std::string_view key);
  [[nodiscard]] std::uint32_t of(std::int64_t key);  // as its decimal digits
  // The record's key, or without one its id: "topic-partition-offset", as in the output header.
  [[nodiscard]] std::uint32_t of(const SourceRecord& record);

 private:
  std::string text_;  // salt and '/', then the key
  std::size_t salt_ = 0;
};

[[nodiscard]] std::uint32_t bucket_of(std::string_view salt, std::string_view key);

// The index of the variant that owns the bucket. REQUIRES variants.
[[nodiscard]] std::size_t variant_of(const Route& route, std::uint32_t bucket) noexcept;

}  // namespace thalweg
