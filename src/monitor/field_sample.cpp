#include "monitor/field_sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "monitor/bins.h"

namespace thalweg::monitor {
namespace {

constexpr std::size_t quantiles = bins_max - 2;
constexpr std::size_t top_max = bins_max - 3;

// A row's half, by its number: as good as tossed, and the same each time (the mixer of SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
// Every other row would not do: rows take turns by themselves.
bool chooses(std::uint64_t row) {
  row += 0x9e3779b97f4a7c15ULL;
  row = (row ^ (row >> 30)) * 0xbf58476d1ce4e5b9ULL;
  row = (row ^ (row >> 27)) * 0x94d049bb133111ebULL;
  return ((row ^ (row >> 31)) & 1) != 0;
}

// Of up to 18 different values each gets its own bin.
std::vector<double> cuts_of(const std::vector<double>& sorted) {
  std::vector<double> cuts;
  for (const double x : sorted) {
    if (x != sorted.front() && (cuts.empty() || x != cuts.back())) cuts.push_back(x);
    if (cuts.size() == quantiles) break;
  }
  if (cuts.size() < quantiles) return cuts;
  cuts.clear();
  for (std::size_t i = 1; i < quantiles; ++i) {
    const double x = sorted[i * sorted.size() / quantiles];
    if (x > sorted.front() && (cuts.empty() || x > cuts.back())) cuts.push_back(x);
  }
  return cuts;
}

}  // namespace

FieldSample::FieldSample(std::string field, bool category, std::size_t rows_max)
    : field_(std::move(field)), category_(category), rows_max_(rows_max) {
  numbers_.reserve(std::min<std::size_t>(rows_max, 100'000));
}

void FieldSample::keep(double number) {
  if (++seen_ <= rows_max_) {
    numbers_.push_back(number);
    return;
  }
  random_ ^= random_ << 13;  // Marsaglia's xorshift
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  if (const std::uint64_t at = random_ % seen_; at < rows_max_) numbers_[at] = number;
}

void FieldSample::add(double number) {
  if (std::isnan(number)) {
    ++missing_;
  } else if (std::isinf(number)) {
    ++infinite_;
  } else {
    keep(number);
  }
}

void FieldSample::add(std::string_view text) {
  if (text.empty()) {
    ++missing_;
    return;
  }
  keep(static_cast<double>(text.size()));
  if (too_many_) return;
  auto it = texts_.find(text);
  if (it == texts_.end()) {
    if (texts_.size() == categories_max) {
      too_many_ = true;
      texts_.clear();
      return;
    }
    it = texts_.emplace(text, Seen{}).first;
  }
  ++(chooses(seen_) ? it->second.choosing : it->second.counted);
}

void FieldSample::merge(const FieldSample& other) {
  missing_ += other.missing_;
  infinite_ += other.infinite_;
  const std::uint64_t all = seen_ + other.seen_;
  for (const double number : other.numbers_) keep(number);
  seen_ = all;
  too_many_ = too_many_ || other.too_many_;
  for (const auto& [text, seen] : other.texts_) {
    Seen& sum = texts_[text];
    sum.choosing += seen.choosing;
    sum.counted += seen.counted;
  }
  if (texts_.size() > categories_max) too_many_ = true;
  if (too_many_) texts_.clear();
}

void FieldSample::let_go() {
  *this = FieldSample(std::move(field_), category_, 0);
}

FieldBaseline FieldSample::baseline() const {
  FieldBaseline out = category_ && !too_many_ ? of_categories() : of_numbers();
  out.field = field_;
  return out;
}

FieldBaseline FieldSample::of_categories() const {
  FieldBaseline out;
  out.of = FieldBaseline::Of::category;
  // With a bin for each there is nothing to choose.
  const bool choosing = texts_.size() > top_max;
  struct One {
    const std::string* text;
    std::uint64_t rank, count;
  };
  std::vector<One> all;
  std::uint64_t counted = 0;
  for (const auto& [text, seen] : texts_) {
    all.push_back(
        {&text, choosing ? seen.choosing : seen.all(), choosing ? seen.counted : seen.all()});
    counted += all.back().count;
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const One& a, const One& b) { return a.rank > b.rank; });
  const double share = seen_ == 0 ? 1 : static_cast<double>(counted) / static_cast<double>(seen_);
  out.counts = {static_cast<std::uint64_t>(std::llround(static_cast<double>(missing_) * share)), 0,
                0};
  for (const One& one : all) {
    if (one.rank == 0) {
      out.counts[outside_bin] += one.count;
    } else if (out.counts.size() < bins_max) {
      out.top.push_back(*one.text);
      out.counts.push_back(one.count);
    } else {
      out.others.push_back(*one.text);
      out.counts[other_bin] += one.count;
    }
  }
  return out;
}

FieldBaseline FieldSample::of_numbers() const {
  FieldBaseline out;
  out.of = category_ ? FieldBaseline::Of::length : FieldBaseline::Of::number;
  std::vector<double> sorted = numbers_;
  std::sort(sorted.begin(), sorted.end());
  if (!sorted.empty()) {
    out.low = sorted.front();
    out.high = sorted.back();
    out.cuts = cuts_of(sorted);
  }
  out.counts.assign(out.bins(), 0);
  const Bins bins(out);
  for (const double x : sorted) ++out.counts[bins.of_number(x)];
  // Their share is that of all rows, not only of those that were kept.
  const double kept =
      seen_ == 0 ? 1 : static_cast<double>(sorted.size()) / static_cast<double>(seen_);
  const auto scaled = [kept](std::uint64_t n) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(n) * kept));
  };
  out.counts[missing_bin] = scaled(missing_);
  out.counts[outside_bin] += scaled(infinite_);
  return out;
}

Baseline baseline_of(const std::vector<FieldSample>& samples) {
  std::vector<FieldSample> merged;
  for (const FieldSample& sample : samples) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const FieldSample& other) {
      return other.field() == sample.field();
    });
    if (same == merged.end()) {
      merged.push_back(sample);
    } else {
      same->merge(sample);
    }
  }
  Baseline out;
  for (const FieldSample& sample : merged) {
    out.fields.push_back(sample.baseline());
    const auto& counts = out.fields.back().counts;
    const auto counted = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    // Of categories half of the rows may be counted, and all of them made the baseline.
    out.rows = std::max(out.rows, sample.category() ? sample.rows() : counted);
  }
  return out;
}

}  // namespace thalweg::monitor
