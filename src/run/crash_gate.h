// Who is inside of a step now, in the whole process: what dies is the process, so a record is alone only if nobody else is inside.
//
// Any number may be inside together, or one alone. Who wants to be alone keeps newcomers out until he has been. Any thread; nobody waits here:
// who may not enter comes back a little later.
#pragma once

#include <atomic>
#include <cstdint>

namespace thalweg {

class CrashGate {
 public:
  // The process's.
  [[nodiscard]] static CrashGate& get() noexcept {
    static CrashGate gate;
    return gate;
  }
  // `who` is any address of the caller's own, the same in all calls.
  [[nodiscard]] bool enter(const void* who) noexcept {
    inside_.fetch_add(1);
    const void* alone = alone_.load();
    if (alone == nullptr || alone == who) return true;
    inside_.fetch_sub(1);
    return false;
  }
  [[nodiscard]] bool enter_alone(const void* who) noexcept {
    const void* nobody = nullptr;
    if (!alone_.compare_exchange_strong(nobody, who) && nobody != who) return false;
    std::uint32_t empty = 0;
    return inside_.compare_exchange_strong(empty, 1);
  }
  void leave() noexcept { inside_.fetch_sub(1); }
  // Does not want to be alone any more.
  void let_in(const void* who) noexcept { (void)alone_.compare_exchange_strong(who, nullptr); }

 private:
  std::atomic<std::uint32_t> inside_{0};
  std::atomic<const void*> alone_{nullptr};
};

}  // namespace thalweg
