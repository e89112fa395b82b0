// collect and top_k: making lists of rows. What the settings mean is in collect_bind.cpp.
#include "process/collect.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "record/with_number.h"

namespace thalweg {
namespace {

void append_element(const Column& from, std::uint32_t row, Column& to) {
  const auto [begin, end] = from.extent(row);
  if (from.type().dtype == DType::string) {
    for (std::size_t e = begin; e < end; ++e) to.push_string(from.strings()[e]);
    return;
  }
  const std::size_t size = size_of(from.type().dtype);
  std::byte* place = to.extend_raw(end - begin);
  if (end > begin) {
    std::memcpy(place, static_cast<const std::byte*>(from.raw()) + begin * size,
                (end - begin) * size);
  }
}

// Does row `a` come before row `b`? NaN comes last; the row number decides between equals, so the order is total: stable
// without a stable sort's memory.
template <class T>
struct Before {
  std::span<const T> keys;
  bool descending;
  bool operator()(std::uint32_t a, std::uint32_t b) const noexcept {
    const T x = keys[a];
    const T y = keys[b];
    const bool x_is_nan = x != x;
    const bool y_is_nan = y != y;
    if (x_is_nan != y_is_nan) return y_is_nan;
    if (x == y || x_is_nan) return a < b;
    return descending ? x > y : x < y;
  }
};

}  // namespace

Collect::Collect(Schema schema, std::vector<List> lists, std::optional<RowOrder> order,
                 std::string text)
    : schema_(std::move(schema)), lists_(std::move(lists)), order_(order), text_(std::move(text)) {}

Progress Collect::process(Batch& batch, const Resume&) {
  Rows finer = batch.pop_rows();
  Rows& rows = batch.rows();
  make_columns(rows);
  std::size_t f = 0;
  for (std::uint32_t row = 0; row < rows.count(); ++row) {
    group_.clear();
    // Finer rows stand in the order of the rows they were made of.
    for (; f < finer.live_count() && finer.parent_of[finer.live(f)] == row; ++f) {
      group_.push_back(finer.live(f));
    }
    if (order_) sort_group(finer.columns[order_->by]);
    for (const List& list : lists_) {
      for (const std::uint32_t from : group_) {
        append_element(finer.columns[list.from], from, rows.columns[list.to]);
      }
      rows.columns[list.to].end_row();
    }
  }
  batch.give_back(std::move(finer));
  return Progress::done;
}

void Collect::make_columns(Rows& rows) const {
  for (const List& list : lists_) {
    const ColumnType& type = schema_.fields[list.to].type;
    if (list.to < rows.columns.size()) {
      rows.columns[list.to].reset(type);
    } else {
      rows.add_column(type);
    }
  }
}

// Compared in the column's own type: as doubles, whole numbers above 2^53 would be equal to their neighbours.
void Collect::sort_group(const Column& keys) {
  with_number(keys.type().dtype, [&]<class T>(T) { sort_group_by<T>(keys); });
}

template <class T>
void Collect::sort_group_by(const Column& keys) {
  const std::size_t kept = std::min(order_->k, group_.size());
  std::partial_sort(group_.begin(), group_.begin() + static_cast<std::ptrdiff_t>(kept),
                    group_.end(), Before<T>{keys.values<T>(), order_->descending});
  group_.resize(kept);
}

}  // namespace thalweg
