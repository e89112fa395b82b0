// A shadow sees what the champion saw, and the champion never notices: whatever it throws, answers or does not answer.
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>

#include <gmock/gmock.h>

#include "process/infer_fixture.h"

namespace thalweg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Remembers what the shadow said, and lets a test wait for it.
struct ShadowNotes final : ScoreObserver {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t uses = 0, failed = 0;
  std::vector<float> answers;
  std::vector<std::string> keys;
  std::vector<std::pair<float, float>> pairs;

  void scored(const Scored& s) noexcept override {
    const std::lock_guard lock(mutex);
    ++uses;
    failed += s.failed ? 1 : 0;
    EXPECT_EQ(s.role, Role::shadow);
    for (const SourceRecord& record : s.batch.records())
      if (record.key) keys.emplace_back(*record.key);
    if (!s.outputs.empty()) {
      for (const float y : s.outputs[0].values<float>()) answers.push_back(y);
    }
    changed.notify_all();
  }
  void compared(const Compared& c) noexcept override {
    const std::lock_guard lock(mutex);
    const auto ours = c.champion_outputs[0].values<float>();
    const auto theirs = c.challenger_outputs[0].values<float>();
    for (std::size_t i = 0; i < ours.size(); ++i) pairs.emplace_back(ours[i], theirs[i]);
    changed.notify_all();
  }
  void wait_for_uses(std::size_t wanted) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return uses >= wanted; }));
  }
  void wait_for_pairs(std::size_t wanted) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(
        changed.wait_for(lock, std::chrono::seconds(10), [&] { return pairs.size() >= wanted; }));
  }
};

struct WorkerNotes final : ScoreObserver {
  ShadowNotes shadow;
  std::array<std::size_t, 3> lost{};
  std::vector<std::string> disabled;
  bool behind = false;
  void scored(const Scored&) noexcept override {}
  void shadow_lost(const ModelVersion&, std::size_t rows, ShadowLoss why) noexcept override {
    lost[static_cast<std::size_t>(why)] += rows;
  }
  void shadow_disabled(const ModelVersion&, const Error& why) noexcept override {
    disabled.push_back(why.message());
  }
  [[nodiscard]] bool lagging() const noexcept override { return behind; }
  [[nodiscard]] ScoreObserver* on_shadow() noexcept override { return &shadow; }
};

class InferShadow : public InferTest {
 protected:
  // The champion doubles; `challenger` is its shadow.
  void with_shadow(support::Script challenger, bool answers_later = false) {
    models_.add("m", one_to_one(), doubled);
    auto route = std::make_shared<Route>();
    route->shadow_cpu_share = 1;
    route->variants.push_back({"", bucket_count, models_.handle("m").now});
    models_.add("m", one_to_one(), std::move(challenger)).answer_in_thread = answers_later;
    route->shadow = models_.handle("m").now;
    models_.handle("m").fixed = route;
    observer_ = &notes_;
  }
  static support::Script times(float factor) {
    return [factor](const InferenceRequest& request) -> InferenceResult {
      const auto in = support::numbers<float>(request.inputs[0]);
      std::vector<float> out;
      for (const float x : in) out.push_back(factor * x);
      return std::vector<Tensor>{support::make_tensor<float>({std::ssize(in), 1}, std::move(out))};
    };
  }
  WorkerNotes notes_;
};

TEST_F(InferShadow, It_sees_the_same_rows_and_both_answers_are_compared) {
  for (const bool later : {false, true}) {
    with_shadow(times(3), later);
    auto infer = make("m");
    Batch batch;
    fill_numbers(batch, {1, 2, 3});
    ASSERT_TRUE(run(*infer, batch).ok());
    EXPECT_THAT(column(batch, 2), ElementsAre(2, 4, 6));
    batch.reset();  // nothing of the job may belong to the batch
    notes_.shadow.wait_for_pairs(3);
    EXPECT_THAT(notes_.shadow.answers, ElementsAre(3, 6, 9));
    EXPECT_EQ(notes_.shadow.pairs[2], std::make_pair(6.0F, 9.0F));
    notes_.shadow.answers.clear();
    notes_.shadow.pairs.clear();
  }
}

TEST_F(InferShadow, Rows_that_the_champion_refused_are_not_compared) {
  with_shadow(times(3));
  auto infer = make("{model: m, on_error: {default: {y: 0}}}");
  Batch batch;
  fill_numbers(batch, {1, -2, 3});
  ASSERT_TRUE(run(*infer, batch).ok());
  notes_.shadow.wait_for_pairs(2);
  EXPECT_THAT(notes_.shadow.answers, ElementsAre(3, -6, 9));
  EXPECT_EQ(notes_.shadow.pairs[1], std::make_pair(6.0F, 9.0F));
}

TEST_F(InferShadow, A_challenger_that_throws_fails_or_says_nan_changes_no_answer_of_the_champion) {
  const std::vector<support::Script> broken = {
      [](const InferenceRequest&) -> InferenceResult { throw std::runtime_error("thrown"); },
      [](const InferenceRequest&) -> InferenceResult { return Error(Code::model_failed, "no"); },
      [](const InferenceRequest& request) -> InferenceResult {
        std::vector<float> out(support::numbers<float>(request.inputs[0]).size(),
                               std::numeric_limits<float>::quiet_NaN());
        const std::int64_t rows = std::ssize(out);
        return std::vector<Tensor>{support::make_tensor<float>({rows, 1}, std::move(out))};
      }};
  std::size_t uses = 0;
  for (const support::Script& script : broken) {
    with_shadow(script);
    auto infer = make("m");
    for (int round = 0; round < 3; ++round) {
      Batch batch;
      fill_numbers(batch, {1, 2});
      ASSERT_TRUE(run(*infer, batch).ok());
      EXPECT_THAT(column(batch, 2), ElementsAre(2, 4));
      EXPECT_EQ(batch.stamps().size(), 1U) << "the shadow is not in the header";
      notes_.shadow.wait_for_uses(++uses);
    }
  }
  EXPECT_EQ(notes_.shadow.failed, 6U);
}

TEST_F(InferShadow, It_gets_nothing_while_the_pipeline_lags_and_nothing_more_than_its_queue_holds) {
  std::mutex gate;
  std::unique_lock closed(gate);
  with_shadow([&](const InferenceRequest& request) {
    const std::lock_guard wait(gate);
    return doubled(request);
  });
  auto infer = make("m");
  Batch batch;
  for (int round = 0; round < 10; ++round) {
    batch.reset();
    fill_numbers(batch, {1, 2});
    ASSERT_TRUE(run(*infer, batch).ok());
    EXPECT_THAT(column(batch, 2), ElementsAre(2, 4));
  }
  EXPECT_EQ(notes_.lost[static_cast<std::size_t>(ShadowLoss::busy)], 12U) << "four jobs wait";
  closed.unlock();
  notes_.shadow.wait_for_uses(4);
  notes_.behind = true;
  batch.reset();
  fill_numbers(batch, {1, 2});
  ASSERT_TRUE(run(*infer, batch).ok());
  EXPECT_EQ(notes_.lost[static_cast<std::size_t>(ShadowLoss::lagging)], 2U);
}

// A version that asks another one.
class Borrowed final : public LoadedModel {
 public:
  explicit Borrowed(std::shared_ptr<const ModelVersion> from) : from_(std::move(from)) {}
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return from_->loaded->signatures();
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override {
    from_->loaded->submit(signature, request, std::move(done));
  }

 private:
  const std::shared_ptr<const ModelVersion> from_;
};

// A lane of its own for `challenger`, and one job of three rows in it.
struct LaneOfOne {
  LaneOfOne(std::shared_ptr<const ModelVersion> challenger, ScoreObserver& notes,
            std::chrono::milliseconds hang_after)
      : version(std::move(challenger)),
        lane(kNumbers, Schema{{{"y", {DType::float32, {}}}}}, plans, notes, this,
             {.jobs_max = 2, .hang_after = hang_after}) {}
  void submit() {
    auto binding = std::make_shared<ModelBinding>();
    binding->reads = {0};
    binding->inputs = {{0, {DType::float32, {}}, DType::float32, {1}, false, false}};
    binding->outputs = plans;
    ShadowLoss why{};
    ShadowJob* job = lane.begin(version, why);
    ASSERT_NE(job, nullptr);
    fill_numbers(job->batch, {1, 2, 3});
    job->route = std::make_shared<Route>();
    job->bound = {version, binding};
    lane.submit(*job);
  }
  const std::vector<OutputPlan> plans = {{0, "y", "y", {DType::float32, {}}}};
  const std::shared_ptr<const ModelVersion> version;
  ShadowLane lane;
};

TEST_F(InferShadow, A_call_that_hangs_is_left_behind_and_its_version_disabled) {
  static std::mutex gate;  // lives as long as the thread that is left behind
  std::unique_lock closed(gate);
  models_.add("m", one_to_one(), [](const InferenceRequest& request) {
    const std::lock_guard wait(gate);
    return doubled(request);
  });
  LaneOfOne one(models_.handle("m").now, notes_.shadow, std::chrono::milliseconds(1));
  one.submit();
  std::optional<ShadowLane::Abandoned> hung;
  while (!hung) hung = one.lane.look();
  EXPECT_EQ(hung->rows, 3U);
  EXPECT_THAT(hung->why.message(), HasSubstr("its thread is left behind"));
  ShadowLoss why{};
  EXPECT_EQ(one.lane.begin(one.version, why), nullptr);
  EXPECT_EQ(why, ShadowLoss::disabled);
  closed.unlock();
  EXPECT_EQ(notes_.shadow.uses, 0U) << "nobody is told what comes so late";
}

TEST_F(InferShadow, A_call_that_hangs_keeps_no_champion_in_memory) {
  static std::mutex gate;
  std::unique_lock closed(gate);
  with_shadow([](const InferenceRequest& request) {
    const std::lock_guard wait(gate);
    return doubled(request);
  });
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, 2});
  ASSERT_TRUE(run(*infer, batch).ok());
  batch.reset();
  const std::weak_ptr<const Route> before = models_.handle("m").fixed;
  const std::weak_ptr<const ModelVersion> champion =
      models_.handle("m").fixed->variants.front().version;
  auto next = std::make_shared<Route>();
  models_.add("m", one_to_one(), doubled);
  next->variants.push_back({"", bucket_count, models_.handle("m").now});
  models_.handle("m").fixed = next;
  fill_numbers(batch, {1, 2});
  ASSERT_TRUE(run(*infer, batch).ok());
  EXPECT_TRUE(before.expired());
  EXPECT_TRUE(champion.expired());
  closed.unlock();
}

TEST_F(InferShadow, A_version_that_hung_once_is_asked_by_no_worker_though_it_is_loaded_again) {
  static std::mutex gate;
  std::unique_lock closed(gate);
  models_.add("m", one_to_one(), [](const InferenceRequest& request) {
    const std::lock_guard wait(gate);
    return doubled(request);
  });
  const auto version_at = [&](const std::string& path) {
    const std::shared_ptr<const ModelVersion> loaded = models_.handle("m").now;
    auto version = std::make_shared<ModelVersion>();
    version->model = "m";
    version->path = path;
    version->signature = loaded->signature;
    version->loaded = std::make_unique<Borrowed>(loaded);
    return version;
  };
  const std::string path = "models/hangs";
  LaneOfOne one(version_at(path), notes_.shadow, std::chrono::milliseconds(1));
  LaneOfOne two(version_at(path), notes_.shadow, std::chrono::milliseconds(1));
  ShadowLoss why{};
  ShadowJob* job = two.lane.begin(two.version, why);
  ASSERT_NE(job, nullptr);
  two.lane.give_back(*job);
  one.submit();
  while (!one.lane.look()) {
  }
  EXPECT_EQ(two.lane.begin(two.version, why), nullptr);
  EXPECT_EQ(why, ShadowLoss::disabled);
  EXPECT_EQ(two.lane.begin(version_at(path), why), nullptr) << "loaded again";
  job = two.lane.begin(version_at(path + "_not"), why);
  ASSERT_NE(job, nullptr);
  two.lane.give_back(*job);
  closed.unlock();
}

TEST_F(InferShadow, The_first_call_of_a_lane_is_not_taken_for_one_that_hangs) {
  models_.add("m", one_to_one(), doubled);
  for (std::size_t round = 1; round <= 100; ++round) {
    LaneOfOne one(models_.handle("m").now, notes_.shadow, std::chrono::seconds(10));
    one.submit();
    const auto told = [&] {
      const std::lock_guard lock(notes_.shadow.mutex);
      return notes_.shadow.uses == round;
    };
    while (!told()) ASSERT_FALSE(one.lane.look().has_value()) << round;
  }
}

}  // namespace
}  // namespace thalweg
