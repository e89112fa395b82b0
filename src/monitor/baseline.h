// The baseline: how fields and scores were distributed when a model was trained, or in its first rows. At most 20 bins a field.
//
//   numbers      missing, out of range, and up to 18 between quantiles
//   categories   missing, unseen (in the baseline), other (seen, but rare), and up to 17 of the commonest
//   texts        of more than a thousand different values: their length in bytes, as a number
//
// As JSON it lies in the version's directory: the file that manifest.json names as `baseline`, else assets.extra/baseline.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"

namespace thalweg::monitor {

inline constexpr std::size_t bins_max = 20;
inline constexpr std::size_t missing_bin = 0;
inline constexpr std::size_t outside_bin = 1;  // out of range, unseen
inline constexpr std::size_t other_bin = 2;    // categories only
inline constexpr const char* baseline_file = "assets.extra/baseline.json";

struct FieldBaseline {
  enum class Of : std::uint8_t { number, category, length };

  std::string field;
  Of of = Of::number;
  double low = 0, high = 0;      // number, length: what lies outside is out of range
  std::vector<double> cuts;      // ascending; a number is in the bin of how many of them it reaches
  std::vector<std::string> top;  // category: bin 3, 4, …
  std::vector<std::string> others;  // category: bin 2
  std::vector<std::uint64_t> counts;

  [[nodiscard]] std::size_t bins() const noexcept;
  bool operator==(const FieldBaseline&) const = default;
};
[[nodiscard]] std::string_view to_string(FieldBaseline::Of of) noexcept;

struct Baseline {
  std::uint64_t rows = 0;
  std::vector<FieldBaseline> fields;
  [[nodiscard]] const FieldBaseline* find(std::string_view field) const noexcept;
  bool operator==(const Baseline&) const = default;
};

[[nodiscard]] std::string to_json(const Baseline& baseline);
// `name` stands in errors. Errors: config_invalid.
[[nodiscard]] Result<Baseline> parse_baseline(std::string_view json, const std::string& name);
// Of a version's directory. Errors: model_missing (it has none), config_invalid.
[[nodiscard]] Result<Baseline> read_baseline(const std::string& version_path);

}  // namespace thalweg::monitor
