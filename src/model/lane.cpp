#include "model/lane.h"

#include <condition_variable>
#include <deque>
#include <utility>

namespace thalweg {

// Held by the lane and by its thread: the last answer may drop the last reference to the model, so that the lane is
// destroyed by its own thread, which then still has to come back from that call.
struct Lane::State {
  const std::size_t queue_max;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> calls;  // guarded by mutex
  bool stopping = false;                    // guarded by mutex

  explicit State(std::size_t max) : queue_max(max) {}

  void serve() {
    for (;;) {
      std::function<void()> call;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return stopping || !calls.empty(); });
        if (calls.empty()) return;
        call = std::move(calls.front());
        calls.pop_front();
      }
      call();
    }
  }
};

Lane::Lane(std::size_t queue_max) : state_(std::make_shared<State>(queue_max)) {
  thread_ = std::thread([state = state_] { state->serve(); });
}

Lane::~Lane() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_one();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

bool Lane::push(std::function<void()> call) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->calls.size() >= state_->queue_max) return false;
    state_->calls.push_back(std::move(call));
  }
  state_->changed.notify_one();
  return true;
}

LaneModel::LaneModel(std::shared_ptr<LoadedModel> inner, std::size_t queue_max)
    : inner_(std::move(inner)), queue_max_(queue_max) {}

LaneModel::~LaneModel() = default;

Lane& LaneModel::lane_of_this_thread() {
  const std::lock_guard lock(mutex_);
  auto& lane = lanes_[std::this_thread::get_id()];
  if (lane == nullptr) lane = std::make_unique<Lane>(queue_max_);
  return *lane;
}

void LaneModel::submit(const Signature& signature, const InferenceRequest& request,
                       InferenceDone done) {
  // Shared, since std::function copies what it holds and `done` is wanted once more if the queue is full.
  const auto shared = std::make_shared<InferenceDone>(std::move(done));
  const bool taken = lane_of_this_thread().push([inner = inner_, &signature, request, shared] {
    inner->submit(signature, request, *shared);
  });
  if (taken) return;
  (*shared)(Error(Code::model_unavailable, "the model's lane already has " +
                                               std::to_string(queue_max_) +
                                               " calls waiting; lower `in_flight`"));
}

}  // namespace thalweg
