// Who is to blame when a model fails, and what becomes of the others.
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "thalweg/feature.h"

#include "process/infer_fixture.h"

namespace thalweg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<float> counting(int count) {
  std::vector<float> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(static_cast<float>(i));
  return numbers;
}

std::vector<std::size_t> dead(const Batch& batch) {
  std::vector<std::size_t> all;
  for (std::size_t r = 0; r < batch.size(); ++r) {
    if (batch.disposition(r) == Disposition::dead) all.push_back(r);
  }
  return all;
}

class InferFailures : public InferTest, public testing::WithParamInterface<bool> {
 protected:
  // In the call, or later from another thread: the outcome must be the same.
  support::ScriptedModel& add(const std::string& name, support::Script script) {
    auto& model = models_.add(name, one_to_one(), std::move(script));
    model.answer_in_thread = GetParam();
    return model;
  }
};
INSTANTIATE_TEST_SUITE_P(InCall, InferFailures, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(InThread, InferFailures, testing::Values(true));

TEST_P(InferFailures, Rows_the_model_refuses_alone_are_dead_and_all_others_answered) {
  auto& model = add("m", doubled);
  auto infer = make("m");
  Batch batch;
  auto numbers = counting(64);
  numbers[5] = numbers[40] = -1;
  fill_numbers(batch, numbers);
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(dead(batch), ElementsAre(5, 40));
  EXPECT_EQ(batch.error_of(5)->code(), Code::invalid_model_input);
  EXPECT_EQ(batch.error_of(5)->stage(), "infer");
  EXPECT_THAT(batch.error_of(5)->message(),
              HasSubstr("model 'm' version 1 refuses this row: negative"));
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(column(batch, 2)[i], numbers[i] < 0 ? 0 : 2 * numbers[i]);
  }
  EXPECT_LE(model.calls, 2 * 2 * 6 + 1) << "k log n";
  EXPECT_TRUE(support::accounted(batch));
}

TEST_P(InferFailures, A_row_that_breaks_the_model_is_dead_if_the_model_lives_on) {
  auto& model = add("m", doubled);
  auto infer = make("m");
  Batch batch;
  auto numbers = counting(32);
  numbers[31] = 2000;
  fill_numbers(batch, numbers);
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(dead(batch), ElementsAre(31));
  EXPECT_EQ(batch.error_of(31)->code(), Code::invalid_model_input);
  EXPECT_LE(model.calls, 2 * 5 + 1 + 2);
}

TEST_P(InferFailures, A_single_row_that_breaks_the_model_is_judged_by_a_row_of_zeros) {
  add("m", doubled);
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {2000});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(dead(batch), ElementsAre(0));
}

TEST_P(InferFailures, A_broken_model_never_makes_dead_letters) {
  auto& model = add("m", [](const InferenceRequest&) -> InferenceResult {
    return Error(Code::model_failed, "out of memory");
  });
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, counting(100));
  for (int attempt = 0; attempt < 3; ++attempt) {  // the worker tries again with the same batch
    const Status status = run(*infer, batch);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), Code::model_failed);
    EXPECT_THAT(status.error().message(), HasSubstr("out of memory"));
    EXPECT_EQ(batch.rows().columns.size(), 2u) << "as if nothing had been tried";
  }
  EXPECT_THAT(dead(batch), IsEmpty());
  EXPECT_EQ(model.calls, 3 * 2) << "one call, one probe";
}

TEST_P(InferFailures, A_model_that_breaks_in_the_middle_blames_nobody) {
  std::atomic<int> calls{0};
  add("m", [&](const InferenceRequest& request) -> InferenceResult {
    if (++calls > 4) return Error(Code::model_failed, "gone");
    return doubled(request);
  });
  auto infer = make("m");
  Batch batch;
  auto numbers = counting(16);
  numbers[15] = 2000;
  fill_numbers(batch, numbers);
  EXPECT_EQ(run(*infer, batch).error().code(), Code::model_failed);
  EXPECT_THAT(dead(batch), IsEmpty());
}

TEST_P(InferFailures, A_batch_that_failed_goes_through_once_the_model_is_back) {
  std::atomic<bool> broken{true};
  add("m", [&](const InferenceRequest& request) -> InferenceResult {
    if (broken) return Error(Code::model_unavailable, "restarting");
    return doubled(request);
  });
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, 2});
  EXPECT_EQ(run(*infer, batch).error().code(), Code::model_unavailable);
  broken = false;
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 4));
  EXPECT_EQ(batch.stamps().size(), 1u);
}

TEST_P(InferFailures, On_error_stop_ends_the_pipeline_at_the_first_refused_row) {
  add("m", doubled);
  auto infer = make("{model: m, on_error: stop}");
  Batch batch;
  fill_numbers(batch, {1, -1});
  const Status status = run(*infer, batch);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().retry(), Retry::backoff);
  EXPECT_THAT(dead(batch), IsEmpty());
}

TEST_P(InferFailures, On_error_default_answers_for_refused_rows_and_says_so) {
  add("m", doubled);
  auto infer = make("{model: m, on_error: {default: {y: 0.5}}}");
  Batch batch;
  fill_numbers(batch, {1, -1, 3});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 0.5, 6));
  EXPECT_TRUE(batch.is_fallback(1));
  EXPECT_FALSE(batch.is_fallback(0));
  EXPECT_THAT(dead(batch), IsEmpty());
}

TEST_P(InferFailures, On_error_default_answers_for_a_broken_model) {
  add("m", [](const InferenceRequest&) -> InferenceResult {
    return Error(Code::model_unavailable, "away");
  });
  auto infer = make("{model: m, on_error: {default: {y: 0.5}}}");
  Batch batch;
  fill_numbers(batch, {1, 2, 3});
  batch.select({0, 2});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(0.5, 0, 0.5));
  EXPECT_TRUE(batch.is_fallback(0));
}

TEST_P(InferFailures, On_error_model_asks_the_other_one_for_refused_rows_only) {
  add("m", doubled);
  auto& other = add("other", [](const InferenceRequest& request) -> InferenceResult {
    const auto in = support::numbers<float>(request.inputs[0]);
    std::vector<float> out(in.begin(), in.end());
    for (float& x : out) {
      if (x == -9) return Error(Code::invalid_model_input, "nine");
      x *= 100;
    }
    return std::vector<Tensor>{support::make_tensor<float>({std::ssize(in), 1}, std::move(out))};
  });
  auto infer = make("{model: m, on_error: {model: other}}");
  Batch batch;
  fill_numbers(batch, {1, -1, 3, -9});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, -100, 6, 0));
  EXPECT_THAT(dead(batch), ElementsAre(3));
  EXPECT_TRUE(batch.is_fallback(1));
  ASSERT_EQ(batch.stamps().size(), 2u);
  EXPECT_EQ(batch.stamps()[0].model, "m");
  EXPECT_EQ(batch.stamps()[1].model, "other");
  for (const std::size_t record : {0u, 1u, 2u, 3u}) {
    const bool other_answered = record == 1 || record == 3;
    EXPECT_EQ(batch.saw(record, 0), !other_answered) << record;
    EXPECT_EQ(batch.saw(record, 1), other_answered) << record;
  }
  EXPECT_LE(other.calls, 3);
}

TEST_P(InferFailures, On_error_model_stands_in_for_a_broken_one) {
  add("m", [](const InferenceRequest&) -> InferenceResult {
    return Error(Code::model_unavailable, "away");
  });
  add("other", doubled);
  auto infer = make("{model: m, on_error: {model: other}}");
  Batch batch;
  fill_numbers(batch, {1, 2});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 4));
  ASSERT_EQ(batch.stamps().size(), 1u);
  EXPECT_EQ(batch.stamps()[0].model, "other");
}

TEST_P(InferFailures, Rows_that_a_feature_refuses_are_not_shown_to_the_model) {
  registry_.add(positive_feature());
  std::atomic<int> rows{0};
  add("m", [&](const InferenceRequest& request) {
    rows += static_cast<int>(request.inputs[0].dims[0]);
    return doubled(request);
  });
  auto infer = make("{model: m, features: {x: {positive: x}}}");
  Batch batch;
  fill_numbers(batch, {1, -1, 3});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 0, 6));
  EXPECT_EQ(batch.error_of(1)->code(), Code::feature_failed);
  EXPECT_EQ(rows, 2);
}

// The truth, row by row.
float expected(float x) {
  return x < 0 || x > 1000 ? 0.5F : 2 * x;
}

RC_GTEST_PROP(InferProperty, Any_cut_into_batches_gives_the_same_answers,
              (const std::vector<std::uint8_t>& bytes, bool in_thread)) {
  std::vector<float> numbers;
  for (const std::uint8_t byte : bytes) {  // some are refused, some break the model
    numbers.push_back(byte % 16 == 0 ? -1.0F : byte % 16 == 1 ? 2000.0F : static_cast<float>(byte));
  }
  Registry registry;
  register_infer(registry);
  support::ScriptedModels models;
  const auto rows_max = *rc::gen::inRange<std::size_t>(0, 5);
  auto& model = models.add("m", one_to_one(), doubled,
                           [&](ModelVersion& version) { version.rows_max = rows_max; });
  model.answer_in_thread = in_thread;
  auto infer = support::make_operator(
      registry, "infer", "{model: m, on_error: {default: {y: 0.5}}}", kNumbers, nullptr, &models);
  RC_ASSERT(infer.ok());
  std::vector<float> answers;
  Batch batch;
  for (std::size_t begin = 0; begin < numbers.size();) {
    const auto size = *rc::gen::inRange<std::size_t>(1, numbers.size() - begin + 1);
    batch.reset();
    fill_numbers(batch, {numbers.begin() + static_cast<std::ptrdiff_t>(begin),
                         numbers.begin() + static_cast<std::ptrdiff_t>(begin + size)});
    std::atomic<bool> resumed{false};
    if ((*infer)->process(batch, [&] { resumed = true; }) == Progress::pending) {
      while (!resumed) std::this_thread::yield();
    }
    const Status status = (*infer)->result(batch);
    RC_ASSERT(status.ok());
    const auto scores = batch.rows().columns[2].values<float>();
    answers.insert(answers.end(), scores.begin(), scores.end());
    for (std::size_t r = 0; r < size; ++r) {
      RC_ASSERT(batch.is_fallback(r) == (expected(numbers[begin + r]) == 0.5F));
    }
    begin += size;
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) RC_ASSERT(answers[i] == expected(numbers[i]));
}

}  // namespace
}  // namespace thalweg
