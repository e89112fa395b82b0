// One batch on its way through an infer step. Private to the files of Infer.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "process/infer/infer.h"

namespace thalweg {

// One variant's rows.
struct Infer::Part {
  const Variant* variant = nullptr;
  ModelUse use;
  BoundVersion bound;                   // until `use` has it
  std::vector<std::uint32_t> own_rows;  // with several variants
  std::span<const std::uint32_t> rows;
};

struct Infer::Call {
  Batch* batch = nullptr;  // null: free
  Resume resume;
  Status early;  // why it did not even begin
  std::shared_ptr<const Route> route;
  std::shared_ptr<const Route> fallback_route;
  BoundVersion fallback_version;
  // By the variant's place in the route, so that each keeps its scratch from batch to batch; and those that have rows now.
  std::vector<std::unique_ptr<Part>> parts;
  std::vector<Part*> asked;
  std::atomic<std::size_t> unanswered{0};  // parts, and one while they are being asked
  ModelUse fallback;
  std::vector<std::uint32_t> rows;           // live rows when it began
  std::vector<std::uint32_t> buckets;        // by row of the batch; empty with one variant
  std::vector<std::uint32_t> fallback_rows;  // those the other model was asked for, ascending
  std::vector<RowOrigin> origins;

  void begin() {
    early = {};
    rows.clear();
    fallback_rows.clear();
    asked.clear();
    for (std::size_t i = 0; i < batch->rows().live_count(); ++i)
      rows.push_back(batch->rows().live(i));
  }
  // One more is done. True: it was the last one, and who asks goes on; otherwise the call is somebody else's from now on.
  [[nodiscard]] bool answered() noexcept {
    return unanswered.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  // The last thing the answering thread does with this call: the worker may reuse it at once.
  void tell() {
    const Resume told = std::move(resume);
    told();
  }
  void end() noexcept {
    for (Part* part : asked) {
      part->use.clear();
      part->bound.version.reset();
      part->variant = nullptr;
    }
    asked.clear();
    fallback.clear();
    fallback_version = {};
    route.reset();
    fallback_route.reset();
    resume = nullptr;
    batch = nullptr;
  }
  [[nodiscard]] std::uint32_t record_of(std::uint32_t row) const {
    return batch->rows().record_of[row];
  }
  [[nodiscard]] bool by_fallback(std::uint32_t row) const {
    return std::binary_search(fallback_rows.begin(), fallback_rows.end(), row);
  }
};

}  // namespace thalweg
