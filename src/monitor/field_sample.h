// What a baseline is made of: a sample of one field's values. The sum of two is the sample of all rows of both.
//
// Of more rows than fit, every row has the same chance to stay: Vitter, "Random Sampling with a Reservoir" (1985), algorithm R.
//
// Categories of which there are more than bins are chosen by one half of the rows and counted in the other (Cox, "A note on data-splitting for the
// evaluation of significance levels", Biometrika 62, 1975). Counted in the rows that made them the commonest they would be commoner than they are, and what
// no row had would have no share at all: without any drift the index would be that far off.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/baseline.h"

namespace thalweg::monitor {

class FieldSample {
 public:
  static constexpr std::size_t categories_max = 1000;

  FieldSample(std::string field, bool category, std::size_t rows_max);

  void add(double number);
  void add(std::string_view text);
  void merge(const FieldSample& other);

  [[nodiscard]] const std::string& field() const noexcept { return field_; }
  [[nodiscard]] std::uint64_t rows() const noexcept { return missing_ + infinite_ + seen_; }
  [[nodiscard]] bool category() const noexcept { return category_; }
  [[nodiscard]] FieldBaseline baseline() const;
  // Forgets everything and gives the memory back.
  void let_go();

 private:
  struct Seen {
    std::uint64_t choosing = 0, counted = 0;  // the two halves
    [[nodiscard]] std::uint64_t all() const noexcept { return choosing + counted; }
  };
  void keep(double number);
  [[nodiscard]] FieldBaseline of_categories() const;
  [[nodiscard]] FieldBaseline of_numbers() const;

  std::string field_;
  bool category_;
  bool too_many_ = false;  // different texts
  std::size_t rows_max_;
  std::uint64_t missing_ = 0;
  std::uint64_t infinite_ = 0;  // out of any range
  std::uint64_t seen_ = 0;      // all others
  std::uint64_t random_ = 88172645463325252ULL;
  std::vector<double> numbers_;  // values, or the lengths of texts
  std::map<std::string, Seen, std::less<>> texts_;
};

// Of all fields; samples of the same field are merged.
[[nodiscard]] Baseline baseline_of(const std::vector<FieldSample>& samples);

}  // namespace thalweg::monitor
