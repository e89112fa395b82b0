// The parts of a bound condition: one comparison of a typed column, and all / any / not of others.
//
// Private to condition.cpp and condition_bind.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "thalweg/batch.h"

namespace thalweg {

class ConditionNode {
 public:
  virtual ~ConditionNode() = default;
  [[nodiscard]] virtual bool test(const Rows& rows, std::uint32_t row) const = 0;
  // Removes the rows that do not pass.
  virtual void keep(const Rows& rows, std::vector<std::uint32_t>& kept) const {
    std::erase_if(kept, [&](std::uint32_t row) { return !test(rows, row); });
  }
  [[nodiscard]] virtual std::string describe() const = 0;
};
using ConditionPart = std::shared_ptr<const ConditionNode>;

class AllOf final : public ConditionNode {
 public:
  explicit AllOf(std::vector<ConditionPart> parts) : parts_(std::move(parts)) {}
  [[nodiscard]] bool test(const Rows& rows, std::uint32_t row) const override;
  void keep(const Rows& rows, std::vector<std::uint32_t>& kept) const override;
  [[nodiscard]] std::string describe() const override;

 private:
  std::vector<ConditionPart> parts_;
};

class AnyOf final : public ConditionNode {
 public:
  explicit AnyOf(std::vector<ConditionPart> parts) : parts_(std::move(parts)) {}
  [[nodiscard]] bool test(const Rows& rows, std::uint32_t row) const override;
  [[nodiscard]] std::string describe() const override;

 private:
  std::vector<ConditionPart> parts_;
};

class Not final : public ConditionNode {
 public:
  explicit Not(ConditionPart part) : part_(std::move(part)) {}
  [[nodiscard]] bool test(const Rows& rows, std::uint32_t row) const override {
    return !part_->test(rows, row);
  }
  [[nodiscard]] std::string describe() const override { return "not (" + part_->describe() + ")"; }

 private:
  ConditionPart part_;
};

enum class Comparison : std::uint8_t {
  above,
  at_least,
  below,
  at_most,
  one_of,
  none_of,
  is_nan,
  not_nan
};

// T: how the column's elements lie in memory. Whole numbers are compared as int64, so that bounds need not fit T.
template <class T>
class Compare final : public ConditionNode {
 public:
  using Bound =
      std::conditional_t<std::is_same_v<T, std::string_view>, std::string,
                         std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>>;

  Compare(std::size_t column, std::size_t index, Comparison comparison, std::vector<Bound> bounds,
          std::string text)
      : column_(column),
        index_(index),
        comparison_(comparison),
        bounds_(std::move(bounds)),
        text_(std::move(text)) {}

  [[nodiscard]] bool test(const Rows& rows, std::uint32_t row) const override {
    return test(rows.columns[column_], row);
  }
  void keep(const Rows& rows, std::vector<std::uint32_t>& kept) const override {
    const Column& column = rows.columns[column_];
    std::erase_if(kept, [&](std::uint32_t row) { return !test(column, row); });
  }
  [[nodiscard]] std::string describe() const override { return text_; }

 private:
  [[nodiscard]] bool test(const Column& column, std::uint32_t row) const {
    const auto [begin, end] = column.extent(row);
    if (begin + index_ >= end) return false;
    if constexpr (std::is_same_v<T, std::string_view>) {
      return holds(column.strings()[begin + index_]);
    } else {
      return holds(static_cast<const T*>(column.raw())[begin + index_]);
    }
  }
  [[nodiscard]] bool holds(T value) const {
    switch (comparison_) {
      case Comparison::above: return value > bounds_.front();
      case Comparison::at_least: return value >= bounds_.front();
      case Comparison::below: return value < bounds_.front();
      case Comparison::at_most: return value <= bounds_.front();
      case Comparison::one_of: return among(value);
      case Comparison::none_of: return !among(value);
      case Comparison::is_nan: return is_nan(value);
      case Comparison::not_nan: return !is_nan(value);
    }
    return false;
  }
  [[nodiscard]] bool among(T value) const {
    return std::any_of(bounds_.begin(), bounds_.end(), [&](const Bound& b) { return value == b; });
  }
  [[nodiscard]] static bool is_nan(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::isnan(value);
    } else {
      return false;
    }
  }

  std::size_t column_;
  std::size_t index_;
  Comparison comparison_;
  std::vector<Bound> bounds_;
  std::string text_;
};

}  // namespace thalweg
