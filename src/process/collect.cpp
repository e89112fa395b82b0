// collect and top_k: making lists of rows. What the settings mean is in collect_bind.cpp.
#include "process/collect.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

template <class T>
void keys_of(const Column& column, std::vector<double>& keys) {
  for (const T value : column.values<T>()) keys.push_back(static_cast<double>(value));
}

void read_keys(const Column& column, std::vector<double>& keys) {
  keys.clear();
  switch (column.type().dtype) {
    case DType::float32: return keys_of<float>(column, keys);
    case DType::float64: return keys_of<double>(column, keys);
    case DType::int32: return keys_of<std::int32_t>(column, keys);
    case DType::int64: return keys_of<std::int64_t>(column, keys);
    case DType::uint8:
    case DType::boolean: return keys_of<std::uint8_t>(column, keys);
    case DType::string: return;
  }
}

}  // namespace

Collect::Collect(Schema schema, std::vector<List> lists, std::optional<RowOrder> order,
                 std::string text)
    : schema_(std::move(schema)), lists_(std::move(lists)), order_(order), text_(std::move(text)) {}

Progress Collect::process(Batch& batch, const Resume&) {
  Rows finer = batch.pop_rows();
  Rows& rows = batch.rows();
  make_columns(rows);
  if (order_) read_keys(finer.columns[order_->by], keys_);
  std::size_t f = 0;
  for (std::uint32_t row = 0; row < rows.count(); ++row) {
    group_.clear();
    // Finer rows stand in the order of the rows they were made of.
    for (; f < finer.live_count() && finer.parent_of[finer.live(f)] == row; ++f) {
      group_.push_back(finer.live(f));
    }
    if (order_) sort_group();
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

void Collect::sort_group() {
  const bool descending = order_->descending;
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const double x = keys_[a];
    const double y = keys_[b];
    if (std::isnan(x) != std::isnan(y)) return std::isnan(y);
    if (x == y || std::isnan(x)) return a < b;
    return descending ? x > y : x < y;
  };
  const std::size_t kept = std::min(order_->k, group_.size());
  // The row number decides between equals, so the order is total: stable without a stable sort's memory.
  std::partial_sort(group_.begin(), group_.begin() + static_cast<std::ptrdiff_t>(kept),
                    group_.end(), before);
  group_.resize(kept);
}

}  // namespace thalweg
