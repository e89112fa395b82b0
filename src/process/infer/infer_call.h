// One batch on its way through an infer step. Private to infer.cpp and infer_make.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "process/infer/infer.h"

namespace thalweg {

struct Infer::Call {
  Batch* batch = nullptr;  // null: free
  Resume resume;
  Status early;  // why it did not even begin
  BoundVersion primary_version;
  BoundVersion fallback_version;
  ModelUse primary;
  ModelUse fallback;
  std::vector<std::uint32_t> rows;           // live rows when it began
  std::vector<std::uint32_t> fallback_rows;  // those the other model was asked for
  std::vector<RowOrigin> origins;

  void begin() {
    early = {};
    rows.clear();
    fallback_rows.clear();
    for (std::size_t i = 0; i < batch->rows().live_count(); ++i)
      rows.push_back(batch->rows().live(i));
  }
  // The last thing the answering thread does with this call: the worker may reuse it at once.
  void tell() {
    const Resume told = std::move(resume);
    told();
  }
  void end() noexcept {
    primary.clear();
    fallback.clear();
    primary_version = {};
    fallback_version = {};
    resume = nullptr;
    batch = nullptr;
  }
  [[nodiscard]] std::uint32_t record_of(std::uint32_t row) const {
    return batch->rows().record_of[row];
  }
};

}  // namespace thalweg
