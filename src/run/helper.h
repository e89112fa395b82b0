// Where a worker's blocking calls go: one at a time, beside its loop.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace thalweg {

class Helper {
 public:
  virtual ~Helper() = default;
  // REQUIRES that the last job has ended. The job says itself that it has (and wakes its worker).
  virtual void run(std::function<void()> job) = 0;
  // Waits until the last job has ended.
  virtual void join() = 0;
};

// A thread, started with the first job.
class HelperThread final : public Helper {
 public:
  ~HelperThread() override;
  void run(std::function<void()> job) override;
  void join() override;

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;
  bool busy_ = false;
  bool ending_ = false;
  std::thread thread_;
};

// In the call: for tests that turn a worker by hand.
class HelperInline final : public Helper {
 public:
  void run(std::function<void()> job) override { job(); }
  void join() override {}
};

}  // namespace thalweg
