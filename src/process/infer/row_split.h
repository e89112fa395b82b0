// The rows of a batch, split by the variant that answers them.
//
// All rows of one record go to one variant, unless the route's key is a field: then each row goes where its own value says.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/settings.h"

#include "model/bucket.h"
#include "model/route.h"

namespace thalweg {

// The column that a route's key names; nullopt: it names none, the record's own key counts. Errors: config_invalid (no such field, or
// one that is no text and no whole number).
[[nodiscard]] Result<std::optional<std::size_t>> key_column(const Route& route,
                                                            const Schema& available);

// Keeps its scratch memory. One thread.
class RowSplit {
 public:
  // Appends each row to the list of its variant; `to` has one list for each variant. Both ascending. `buckets` is what decided, by row
  // of the batch; of rows that were not asked about it says nothing. Errors: those of key_column.
  [[nodiscard]] Status split(const Route& route, const Schema& available, const Batch& batch,
                             std::span<const std::uint32_t> rows,
                             std::span<std::vector<std::uint32_t>* const> to,
                             std::vector<std::uint32_t>& buckets);

 private:
  [[nodiscard]] std::uint32_t bucket_of_value(const Column& column, std::uint32_t row);

  Bucketer bucketer_;
};

}  // namespace thalweg
