#include "model/running.h"

#include <algorithm>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

namespace thalweg {
namespace {

using Clock = std::chrono::steady_clock;

struct Slot {
  std::mutex mutex;
  const RunningModel* model =
      nullptr;  // null: no call. Guarded by mutex, as is what it points to while it is set.
  Clock::time_point since;
  long thread = 0;
};

// All slots of the process. Never destroyed: threads may end after main has.
struct Slots {
  std::mutex mutex;
  std::vector<std::shared_ptr<Slot>> all;
};
Slots& slots() {
  static auto* const slots = new Slots;
  return *slots;
}

// A thread's slot, registered for as long as the thread lives.
struct Registration {
  std::shared_ptr<Slot> slot = std::make_shared<Slot>();
  Registration() {
    slot->thread = syscall(SYS_gettid);
    const std::lock_guard lock(slots().mutex);
    slots().all.push_back(slot);
  }
  ~Registration() {
    const std::lock_guard lock(slots().mutex);
    std::erase(slots().all, slot);
  }
};
Slot& own_slot() {
  thread_local const Registration registration;
  return *registration.slot;
}

}  // namespace

RunningCall::RunningCall(const RunningModel& model) {
  Slot& slot = own_slot();
  const auto now = Clock::now();
  const std::lock_guard lock(slot.mutex);
  outer_model_ = slot.model;
  outer_since_ = slot.since;
  slot.model = &model;
  slot.since = now;
}

RunningCall::~RunningCall() {
  Slot& slot = own_slot();
  const std::lock_guard lock(slot.mutex);
  slot.model = outer_model_;
  slot.since = outer_since_;
}

std::vector<RunningCallInfo> running_calls() {
  std::vector<RunningCallInfo> calls;
  const std::lock_guard all_lock(slots().mutex);
  for (const auto& slot : slots().all) {
    const std::lock_guard lock(slot->mutex);
    if (slot->model != nullptr)
      calls.push_back({slot->model->name, slot->model->path, slot->since, slot->thread});
  }
  std::sort(calls.begin(), calls.end(),
            [](const auto& a, const auto& b) { return a.since < b.since; });
  return calls;
}

}  // namespace thalweg
