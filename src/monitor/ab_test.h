// An A/B test whose unit is the hash bucket: (n, Σy, Σy²) for each bucket and variant.
//
// Rows of one key come from one person and are alike, and all rows of a key are in one bucket: so buckets are counted as independent,
// rows are not. The sum of two tables is the table of all rows of both, so that workers, processes and days keep their own.
//
//   mean of a variant    Σy / Σn; its standard error from the buckets, by linearisation of the ratio:
//                        Deng, Knoblich and Lu, "Applying the Delta Method in Metric Analytics" (KDD 2018), equation 3
//   interval             asymptotic confidence sequence: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit
//                        theory and asymptotic confidence sequences" (Annals of Statistics, 2024), theorem 2.2: it holds at all times
//                        at once, so that looking every day, and stopping when one likes what one sees, is allowed. At any one time
//                        it is wider than the usual interval; how wide at which number of rows is tuned beforehand (`tuned_for`)
//   ratio mismatch       do the variants hold the shares of rows that they should? χ², divided by how much more buckets differ than
//                        chance would have them (McCullagh and Nelder, "Generalized Linear Models", 1989, 4.5). If not (p < 0.001), something that
//                        has to do with the variant loses rows, and the verdict is hidden: Fabijan et al., "Diagnosing Sample
//                        Ratio Mismatch in Online Controlled Experiments" (KDD 2019)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::monitor {

struct BucketSum {
  std::uint64_t n = 0;
  double sum = 0;
  double squares = 0;
};

struct Interval {
  double low = 0;
  double high = 0;
};

struct AbArm {
  std::string variant;
  std::uint64_t rows = 0;
  std::uint32_t buckets = 0;  // with rows
  double mean = 0;
  double deviation = 0;       // of single rows
  double standard_error = 0;  // of the mean, by buckets
  // Sums over buckets, with which processes that have no key in common add up their standard errors: docs/monitoring.md.
  double sum = 0;           // Σ s, s the sum of a bucket's values
  double rows_squared = 0;  // Σ n², n its rows
  double rows_by_sum = 0;   // Σ n·s
  double sum_squared = 0;   // Σ s²
};

struct RatioCheck {
  double chi_squared = 0;
  double p = 1;
  bool mismatch = false;
};

struct AbOptions {
  double alpha = 0.05;
  double tuned_for =
      10'000;  // rows at which the interval is narrowest beside the usual one; set it before looking
  double mismatch_p = 0.001;
  std::uint32_t buckets_min =
      50;  // of each variant: with fewer the interval is endless, since it holds for many
};

struct AbVerdict {
  AbArm a, b;
  double difference = 0;  // b - a
  Interval interval;      // of the difference
  RatioCheck ratio;
  enum class Word : std::uint8_t { undecided, a_larger, b_larger, hidden } word = Word::undecided;
};
[[nodiscard]] std::string_view to_string(AbVerdict::Word word) noexcept;

class AbTable {
 public:
  // `shares`: of bucket_count, by variant, as the route says; 0: not known, and then no ratio is checked.
  explicit AbTable(std::uint32_t bucket_count) : bucket_count_(bucket_count) {}

  // Returns the variant's number. The share is of bucket_count.
  std::size_t variant(const std::string& name, std::uint32_t share = 0);
  void add(std::size_t variant, std::uint32_t bucket, double y) noexcept;
  void add(std::size_t variant, std::uint32_t bucket, const BucketSum& sum) noexcept;
  void merge(const AbTable& other);

  [[nodiscard]] std::size_t variants() const noexcept { return arms_.size(); }
  [[nodiscard]] AbArm arm(std::size_t variant) const;
  [[nodiscard]] RatioCheck ratio(std::size_t a, std::size_t b, double mismatch_p) const;
  [[nodiscard]] AbVerdict verdict(std::size_t a, std::size_t b,
                                  const AbOptions& options = {}) const;

 private:
  struct Arm {
    std::string name;
    std::uint32_t share = 0;
    std::vector<BucketSum> buckets;
  };
  std::uint32_t bucket_count_;
  std::vector<Arm> arms_;
};

// Half the width of the confidence sequence after t observations whose mean has this standard error.
[[nodiscard]] double sequence_half_width(double standard_error, double t, double alpha,
                                         double tuned_for);

}  // namespace thalweg::monitor
