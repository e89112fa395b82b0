// The model lane: a thread beside the worker that runs slow embedded models.
//
// A call that needs milliseconds would keep the worker from decoding, encoding and committing. LaneModel hands each call to a
// lane and answers from there. Every calling thread gets a lane of its own, so that workers stay independent of each other;
// the calls of one worker are answered in order.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "thalweg/model.h"

namespace thalweg {

// One thread and a bounded queue.
class Lane {
 public:
  explicit Lane(std::size_t queue_max);
  ~Lane();  // finishes what is queued; may run on the lane itself
  // False: the queue is full, the call was not taken. Any thread.
  [[nodiscard]] bool push(std::function<void()> call);

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

class LaneModel final : public LoadedModel {
 public:
  // At most `queue_max` calls wait per lane; one more is answered with model_unavailable.
  explicit LaneModel(std::shared_ptr<LoadedModel> inner, std::size_t queue_max = 16);
  ~LaneModel() override;

  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return inner_->signatures();
  }
  // The request is copied (its views are not); `done` is called on the lane. REQUIRES that `signature` lives until then.
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override;

 private:
  [[nodiscard]] Lane& lane_of_this_thread();

  const std::shared_ptr<LoadedModel> inner_;
  const std::size_t queue_max_;
  std::mutex mutex_;
  std::map<std::thread::id, std::unique_ptr<Lane>> lanes_;  // guarded by mutex_
};

}  // namespace thalweg
