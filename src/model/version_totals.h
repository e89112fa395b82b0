// What one version did under one name: figures that can be added over workers, and that guards judge.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/score_observer.h"

namespace thalweg {

// Times in nanoseconds, four buckets to a power of two: a quantile is right to a quarter of itself, and mostly to a tenth.
struct CallTimes {
  static constexpr std::size_t buckets = 144;  // up to a minute; longer ones are in the last

  std::array<std::uint64_t, buckets> counts{};
  double sum_ns = 0;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t ns) noexcept;
  // The bucket holds times below this.
  [[nodiscard]] static double end_of(std::size_t bucket) noexcept;

  [[nodiscard]] std::uint64_t calls() const noexcept;
  // 0 without calls.
  [[nodiscard]] double quantile_ns(double quantile) const noexcept;
  void add(const CallTimes& other) noexcept;
};

inline constexpr std::size_t shadow_losses = 3;  // as many as ShadowLoss has

struct VersionTotals {
  std::string model;
  std::int64_t version = 0;
  std::string path;     // of its files: what an address brought may have the number of a folder
  std::string content;  // ModelVersion::identity: a number may be published anew
  std::string variant;  // "" for the only one, a fallback and a shadow
  Role role = Role::variant;

  std::uint64_t rows = 0;                           // asked for, each time it was
  std::uint64_t answered = 0;                       // of these
  std::uint64_t nan_rows = 0;                       // answered, with a NaN among the outputs
  std::uint64_t failed_uses = 0;                    // batches that it failed as a whole
  std::array<std::uint64_t, shadow_losses> lost{};  // rows a shadow never saw, by ShadowLoss
  CallTimes times;

  [[nodiscard]] bool same_as(const VersionTotals& other) const noexcept {
    return path == other.path && content == other.content && has_labels_of(other);
  }
  // On a page of metrics they cannot be told apart.
  [[nodiscard]] bool has_labels_of(const VersionTotals& other) const noexcept {
    return version == other.version && role == other.role && model == other.model &&
           variant == other.variant;
  }
  void add(const VersionTotals& other) noexcept;
  [[nodiscard]] double error_share() const noexcept {
    return rows == 0 ? 0 : static_cast<double>(rows - answered) / static_cast<double>(rows);
  }
  [[nodiscard]] double nan_share() const noexcept {
    return answered == 0 ? 0 : static_cast<double>(nan_rows) / static_cast<double>(answered);
  }
};

// "variant", "fallback", "shadow": as labels spell it.
[[nodiscard]] const char* to_string(Role role) noexcept;
// "busy", "lagging", "disabled".
[[nodiscard]] const char* to_string(ShadowLoss why) noexcept;

// One entry for each version, variant and role, with the sums of all.
[[nodiscard]] std::vector<VersionTotals> merged(std::vector<VersionTotals> all);
// One entry for each set of labels.
[[nodiscard]] std::vector<VersionTotals> merged_by_labels(std::vector<VersionTotals> all);

}  // namespace thalweg
