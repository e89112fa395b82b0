// Which version of a model answers which rows: what a batch is scored by, from its first row to its last.
//
// A route is taken once per batch, under a short lock, and is const: routes change at batch boundaries, and a version that a route names
// stays alive while any batch still holds that route. Every key falls into one of 10,000 buckets by a hash that only the salt and the key decide;
// the variants own ranges of buckets, side by side. To raise a share moves one border, so that no key goes back and forth.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace thalweg {

struct ModelVersion;

inline constexpr std::uint32_t bucket_count = 10'000;

struct Variant {
  std::string name;  // "" while there is only one and nobody named it
  std::uint32_t end =
      bucket_count;  // owns the buckets from the end of the variant before it up to this, exclusive
  std::shared_ptr<const ModelVersion> version;
};

struct Route {
  // Offset of the control record that this route follows; -1: none yet, the pipeline file's own.
  std::int64_t epoch = -1;
  std::string salt;
  std::string key;  // a field; "": the record's key, and without one topic, partition and offset
  // Ascending; the last one ends at bucket_count. Empty: no version serves now (unload-first is changing it), so that a batch waits.
  std::vector<Variant> variants;
  // Sees the same rows, answers to nobody. Null: none.
  std::shared_ptr<const ModelVersion> shadow;
  std::string shadow_topic;       // where its outputs go; "": to metrics only
  double shadow_cpu_share = 0.5;  // of one core, in this process
};

}  // namespace thalweg
