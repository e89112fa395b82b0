// A look at what passes a step while the pipeline runs: a few rows of the next batches, for whoever asks over HTTP.
//
// Nobody asks mostly: then it costs the worker one relaxed load a step. While somebody asks, rows are copied as JSON, evenly spread over
// a batch and bounded in number and size. Values are shown as they are, but for the fields that `control.peek_mask` names.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/settings.h"

namespace thalweg {

class Peek {
 public:
  explicit Peek(std::vector<std::string> masked = {}) : masked_(std::move(masked)) {}

  // The places one can look at: "decode", then the steps by name, or by kind and number. Set before the workers run.
  void set_places(std::vector<std::string> places) { places_ = std::move(places); }

  // Of all rows of one look, as text; what goes beyond it is cut, and "cut" says so.
  static constexpr std::size_t bytes_max = std::size_t{1} << 20;

  // Waits until so many rows have passed the place (empty: the last one), the time is over, or it is told to stop. One at a time.
  // Errors: config_invalid (no such place; somebody else is looking).
  [[nodiscard]] Result<Node> look(const std::string& place, std::size_t rows,
                                  std::chrono::milliseconds at_most,
                                  const std::stop_token& stop = {});

  // Worker's thread. Is what has left this place looked at now?
  [[nodiscard]] bool wanted(std::size_t place) const noexcept {
    return place_.load(std::memory_order_relaxed) == static_cast<std::ptrdiff_t>(place);
  }
  void show(std::size_t place, const Batch& batch, const Schema& schema);

 private:
  [[nodiscard]] Node row(const Batch& batch, const Schema& schema, std::size_t row);

  const std::vector<std::string> masked_;
  std::vector<std::string> places_;
  std::atomic<std::ptrdiff_t> place_{-1};  // -1: nobody looks
  std::mutex looking_;                     // held by whoever looks
  std::mutex mutex_;
  std::condition_variable_any enough_;
  std::size_t wanted_rows_ = 0;  // mutex_
  std::size_t bytes_left_ = 0;   // mutex_; 0: no more is shown
  std::vector<Node> rows_;       // mutex_
};

}  // namespace thalweg
