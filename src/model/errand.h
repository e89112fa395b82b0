// Work that may take long, or for ever, on a thread of its own: who sends it looks later whether it has ended.
//
//   made ──▶ under way ──▶ ended: take() has what came of it
//                 └──▶ its owner goes: the thread is left behind, and what comes of it is dropped
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "thalweg/error.h"

#include "model/left_behind.h"

namespace thalweg {

// One thread at a time, but for the work itself.
template <class T>
class Errand {
 public:
  // `work` owns all it uses: it may be left behind. `ended`: told on the errand's thread, when ended() is true.
  Errand(std::function<Result<T>()> work, std::function<void()> ended)
      : state_(std::make_shared<State>()) {
    thread_ = std::thread([state = state_, work = std::move(work), ended = std::move(ended)] {
      auto result = work();
      {
        const std::lock_guard lock(state->mutex);
        state->result.emplace(std::move(result));
        state->changed.notify_all();
      }
      ended();
    });
  }
  // Waits for nothing but the end of `ended`.
  ~Errand() {
    const bool own = thread_.get_id() == std::this_thread::get_id();
    if (own || !ended()) {
      leave_behind(thread_);
    } else {
      thread_.join();
    }
  }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  [[nodiscard]] bool ended() const {
    const std::lock_guard lock(state_->mutex);
    return state_->result.has_value();
  }
  [[nodiscard]] bool ended_within(std::chrono::milliseconds time) const {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, time, [this] { return state_->result.has_value(); });
  }
  // Once. REQUIRES ended().
  [[nodiscard]] Result<T> take() {
    const std::lock_guard lock(state_->mutex);
    return std::move(*state_->result);
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<T>> result;  // guarded by mutex
  };
  std::shared_ptr<State> state_;  // the thread's too
  std::thread thread_;
};

}  // namespace thalweg
