// A model without a library: deterministic, and able to be slow, to fail, to hang and to crash when asked.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/model.h"

namespace thalweg::fake {

// When something is to happen: looked up in the numbers of the call.
enum class When : std::uint8_t { never, negative, nan, always };

enum class Function : std::uint8_t {
  sum,  // every element of an output row is the sum of the input row's numbers (and of its strings' lengths)
  echo,      // output i is input i
  constant,  // `value` everywhere
  mean,  // sum over ALL rows of the call, divided by rows: a row's answer depends on its neighbours
};

struct Options {
  Signature signature;
  Function function = Function::sum;
  double value = 0;
  When fail_when = When::never;
  Code fail_code = Code::invalid_model_input;
  std::int64_t fail_times = 0;  // then it recovers; 0: never
  When hang_when = When::never;
  std::chrono::milliseconds hang_for{};
  When crash_when = When::never;
  std::chrono::milliseconds slow{};
  bool async = false;
};

class FakeModel final : public LoadedModel {
 public:
  explicit FakeModel(Options options);
  ~FakeModel() override;  // waits for calls under way

  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return {&options_.signature, 1};
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override;

 private:
  [[nodiscard]] InferenceResult run(const InferenceRequest& request);
  [[nodiscard]] bool fails(const InferenceRequest& request);
  void serve();

  const Options options_;
  std::atomic<std::int64_t> failures_{0};

  // async only: calls are answered by this thread, in order
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::thread thread_;
};

}  // namespace thalweg::fake
