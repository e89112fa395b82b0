// Lanes and the watchdog's view of running calls.
#include "model/lane.h"

#include <future>
#include <semaphore>
#include <thread>

#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/running.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

// Answers when the test lets it.
class Gate final : public LoadedModel {
 public:
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return {&signature, 1};
  }
  void submit(const Signature& /*signature*/, const InferenceRequest& /*request*/,
              InferenceDone done) override {
    entered.release();
    let_go.acquire();
    thread = std::this_thread::get_id();
    done(std::vector<Tensor>{});
  }
  Signature signature;
  std::counting_semaphore<> entered{0};
  std::counting_semaphore<> let_go{0};
  std::atomic<std::thread::id> thread;  // two calls may run at once
};

TEST(Lane, A_call_runs_beside_the_caller_and_is_answered_there) {
  auto gate = std::make_shared<Gate>();
  LaneModel lane(gate);
  std::promise<std::thread::id> answered;
  lane.submit(gate->signature, {},
              [&](InferenceResult) { answered.set_value(std::this_thread::get_id()); });
  gate->entered.acquire();  // it runs, and submit has returned
  gate->let_go.release();
  EXPECT_NE(answered.get_future().get(), std::this_thread::get_id());
}

TEST(Lane, Calls_of_one_thread_are_answered_in_order) {
  auto gate = std::make_shared<Gate>();
  gate->let_go.release(10);
  std::vector<int> order;
  {
    LaneModel lane(gate);
    for (int i = 0; i < 10; ++i)
      lane.submit(gate->signature, {}, [&order, i](InferenceResult) { order.push_back(i); });
  }  // waits for them
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Lane, Two_workers_do_not_wait_for_each_other) {
  auto gate = std::make_shared<Gate>();
  LaneModel lane(gate);
  std::thread first([&] { lane.submit(gate->signature, {}, [](InferenceResult) {}); });
  std::thread second([&] { lane.submit(gate->signature, {}, [](InferenceResult) {}); });
  first.join();
  second.join();
  gate->entered.acquire();
  gate->entered.acquire();  // both are inside at once
  gate->let_go.release(2);
}

TEST(Lane, A_full_queue_refuses_instead_of_blocking) {
  auto gate = std::make_shared<Gate>();
  LaneModel lane(gate, 2);
  lane.submit(gate->signature, {}, [](InferenceResult) {});
  gate->entered.acquire();  // running, no longer queued
  std::vector<Code> refused;
  for (int i = 0; i < 3; ++i) {
    lane.submit(gate->signature, {}, [&](InferenceResult r) {
      if (!r.ok()) refused.push_back(r.error().code());
    });
  }
  EXPECT_EQ(refused, std::vector<Code>{Code::model_unavailable});
  gate->let_go.release(3);
}

TEST(Lane, The_last_answer_may_destroy_the_lane) {
  auto gate = std::make_shared<Gate>();
  auto lane = std::make_shared<LaneModel>(gate);
  std::promise<void> done;
  auto* raw = lane.get();
  raw->submit(gate->signature, {}, [held = std::move(lane), &done](InferenceResult) mutable {
    held = nullptr;
    done.set_value();
  });
  gate->let_go.release();
  done.get_future().wait();
}

TEST(Lane, A_model_that_needs_milliseconds_gets_one_by_itself) {
  auto handle = calls::open(calls::entry({{"runtime", "fake"}, {"slow", "8ms"}, {"warm_up", "1"}}));
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  const auto version = (*handle)->current();
  std::promise<std::thread::id> where;
  AlignedBuffer buffer;
  buffer.resize(4);
  const std::vector<std::int64_t> dims{1};
  version->loaded->submit(version->signature, {{{DType::float32, dims, buffer.data(), {}}}, {0}},
                          [&](InferenceResult) { where.set_value(std::this_thread::get_id()); });
  EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
}

TEST(Running, A_call_that_does_not_return_is_seen_with_its_model_and_its_age) {
  auto handle = calls::open(
      calls::entry({{"runtime", "fake"}, {"hang_when", "negative"}, {"hang_for", "300ms"}}));
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  const auto version = (*handle)->current();
  EXPECT_TRUE(running_calls().empty());
  std::thread caller([&] { (void)calls::call(*version, {1}, {-1}); });
  std::vector<RunningCallInfo> seen;
  while (seen.empty()) seen = running_calls();
  EXPECT_EQ(seen.front().model, "m");
  EXPECT_LE(seen.front().since, std::chrono::steady_clock::now());
  caller.join();
  EXPECT_TRUE(running_calls().empty());
}

TEST(Running, A_call_inside_a_call_gives_back_the_outer_one) {
  const RunningModel outer{"outer", ""};
  const RunningModel inner{"inner", ""};
  const RunningCall a(outer);
  {
    const RunningCall b(inner);
    EXPECT_EQ(running_calls().front().model, "inner");
  }
  EXPECT_EQ(running_calls().front().model, "outer");
}

}  // namespace
}  // namespace thalweg
