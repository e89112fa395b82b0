#include "monitor/ab_test.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "monitor/distributions.h"

namespace thalweg::monitor {

std::string_view to_string(AbVerdict::Word word) noexcept {
  switch (word) {
    case AbVerdict::Word::a_larger: return "a_larger";
    case AbVerdict::Word::b_larger: return "b_larger";
    case AbVerdict::Word::hidden: return "hidden";
    default: return "undecided";
  }
}

double sequence_half_width(double standard_error, double t, double alpha, double tuned_for) {
  // ρ that makes the width at tuned_for about the least: their appendix, "optimizing ρ".
  const double l = -2 * std::log(alpha);
  const double rho2 = (l + std::log(l + 1)) / tuned_for;
  const double v = t * rho2;
  return standard_error * std::sqrt(2 * (v + 1) / v * std::log(std::sqrt(v + 1) / alpha));
}

std::size_t AbTable::variant(const std::string& name, std::uint32_t share) {
  for (std::size_t i = 0; i < arms_.size(); ++i) {
    if (arms_[i].name != name) continue;
    if (share > 0) arms_[i].share = share;
    return i;
  }
  arms_.push_back({name, share, std::vector<BucketSum>(bucket_count_)});
  return arms_.size() - 1;
}

void AbTable::add(std::size_t variant, std::uint32_t bucket, double y) noexcept {
  BucketSum& sum = arms_[variant].buckets[bucket % bucket_count_];
  ++sum.n;
  sum.sum += y;
  sum.squares += y * y;
}

void AbTable::add(std::size_t variant, std::uint32_t bucket, const BucketSum& sum) noexcept {
  BucketSum& to = arms_[variant].buckets[bucket % bucket_count_];
  to.n += sum.n;
  to.sum += sum.sum;
  to.squares += sum.squares;
}

void AbTable::merge(const AbTable& other) {
  for (const Arm& from : other.arms_) {
    Arm& to = arms_[variant(from.name, from.share)];
    const auto number = static_cast<std::size_t>(&to - arms_.data());
    for (std::uint32_t i = 0; i < std::min(bucket_count_, other.bucket_count_); ++i)
      add(number, i, from.buckets[i]);
  }
}

AbArm AbTable::arm(std::size_t variant) const {
  const Arm& from = arms_[variant];
  AbArm arm;
  arm.variant = from.name;
  double squares = 0;
  for (const BucketSum& bucket : from.buckets) {
    const auto rows = static_cast<double>(bucket.n);
    arm.rows += bucket.n;
    arm.buckets += bucket.n > 0 ? 1 : 0;
    arm.sum += bucket.sum;
    arm.rows_squared += rows * rows;
    arm.rows_by_sum += rows * bucket.sum;
    arm.sum_squared += bucket.sum * bucket.sum;
    squares += bucket.squares;
  }
  if (arm.rows == 0) return arm;
  const auto n = static_cast<double>(arm.rows);
  arm.mean = arm.sum / n;
  if (arm.rows > 1)
    arm.deviation = std::sqrt(std::max(0.0, (squares - n * arm.mean * arm.mean) / (n - 1)));
  if (arm.buckets < 2) return arm;
  double residuals = 0;
  for (const BucketSum& bucket : from.buckets) {
    const double residual = bucket.sum - arm.mean * static_cast<double>(bucket.n);
    residuals += residual * residual;
  }
  const double k = arm.buckets;
  arm.standard_error = std::sqrt(residuals * k / (k - 1)) / n;
  return arm;
}

namespace {

// Variance of rows a bucket, over their mean: 1 when rows come one by one. `held`: buckets that the variant owns, empty ones too.
double dispersion(const std::vector<BucketSum>& buckets, double held) {
  double n = 0, squares = 0;
  for (const BucketSum& bucket : buckets) {
    n += static_cast<double>(bucket.n);
    squares += static_cast<double>(bucket.n) * static_cast<double>(bucket.n);
  }
  if (n == 0 || held < 2) return 1;
  const double mean = n / held;
  return (squares - held * mean * mean) / (held - 1) / mean;
}

}  // namespace

RatioCheck AbTable::ratio(std::size_t a, std::size_t b, double mismatch_p) const {
  RatioCheck check;
  const Arm& one = arms_[a];
  const Arm& two = arms_[b];
  if (one.share == 0 || two.share == 0) return check;
  const double rows_a = static_cast<double>(arm(a).rows);
  const double rows_b = static_cast<double>(arm(b).rows);
  const double all = rows_a + rows_b;
  if (all == 0) return check;
  const double share = static_cast<double>(one.share) / static_cast<double>(one.share + two.share);
  const double expected_a = all * share;
  const double expected_b = all - expected_a;
  const double phi =
      std::max({1.0, dispersion(one.buckets, one.share), dispersion(two.buckets, two.share)});
  const double off = rows_a - expected_a;
  check.chi_squared = (off * off / expected_a + off * off / expected_b) / phi;
  check.p = chi_squared_above(check.chi_squared, 1);
  check.mismatch = check.p < mismatch_p;
  return check;
}

AbVerdict AbTable::verdict(std::size_t a, std::size_t b, const AbOptions& options) const {
  AbVerdict out;
  out.a = arm(a);
  out.b = arm(b);
  out.difference = out.b.mean - out.a.mean;
  out.ratio = ratio(a, b, options.mismatch_p);
  const double error = std::hypot(out.a.standard_error, out.b.standard_error);
  const bool known = std::min(out.a.buckets, out.b.buckets) >= std::max(2U, options.buckets_min);
  const double half = known
                          ? sequence_half_width(error, static_cast<double>(out.a.rows + out.b.rows),
                                                options.alpha, options.tuned_for)
                          : std::numeric_limits<double>::infinity();
  out.interval = {out.difference - half, out.difference + half};
  if (out.ratio.mismatch) {
    out.word = AbVerdict::Word::hidden;
  } else if (out.interval.low > 0) {
    out.word = AbVerdict::Word::b_larger;
  } else if (out.interval.high < 0) {
    out.word = AbVerdict::Word::a_larger;
  }
  return out;
}

}  // namespace thalweg::monitor
