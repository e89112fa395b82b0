// Which model calls are running now, and since when: what a watchdog asks.
//
// A call cannot be cancelled: all one can do about a call that hangs is to notice it. Every thread that calls an embedded
// model has a slot; entering and leaving costs two clock reads and an uncontended lock.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace thalweg {

struct RunningCallInfo {
  std::string model;
  std::string path;  // of the version's files; empty: it has none
  std::chrono::steady_clock::time_point since;
  long thread = 0;  // the system's thread number, as in `top -H`
};

// Who is called.
struct RunningModel {
  std::string name, path;
};

// Put on the stack around a call. `model` must stay alive meanwhile.
class RunningCall {
 public:
  explicit RunningCall(const RunningModel& model);
  ~RunningCall();
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

 private:
  const RunningModel* outer_model_;  // a call inside a call (a model that asks another one)
  std::chrono::steady_clock::time_point outer_since_;
};

// The calls of all threads of the process, longest first. Any thread.
[[nodiscard]] std::vector<RunningCallInfo> running_calls();

}  // namespace thalweg
