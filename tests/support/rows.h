// Short words for tests that fill batches by hand.
#pragma once

#include <cstdint>
#include <vector>

#include "thalweg/batch.h"

namespace thalweg::support {

// A new record with one row; the caller appends to the columns.
inline void add_row_of_new_record(Batch& batch, std::size_t offset = 0) {
  batch.rows().record_of.push_back(static_cast<std::uint32_t>(batch.size()));
  batch.add_record({}).offset = Offset{static_cast<std::int64_t>(offset)};
}

inline std::vector<std::uint32_t> live(const Rows& rows) {
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < rows.live_count(); ++i) all.push_back(rows.live(i));
  return all;
}

template <class T>
std::vector<T> row_of(const Column& column, std::size_t row) {
  const auto values = column.row<T>(row);
  return {values.begin(), values.end()};
}

// Is every record pending or accounted for, and has each dead one its reason?
inline bool accounted(const Batch& batch) {
  std::size_t sum = 0;
  for (const auto d : {Disposition::pending, Disposition::forwarded, Disposition::absorbed,
                       Disposition::filtered, Disposition::dead}) {
    sum += batch.count(d);
  }
  for (std::size_t r = 0; r < batch.size(); ++r) {
    if ((batch.error_of(r) != nullptr) != (batch.disposition(r) == Disposition::dead)) return false;
  }
  return sum == batch.size();
}

}  // namespace thalweg::support
