// The tweets model on its own ids: the scores must be those TensorFlow gave in Python. Prints what a row costs.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "model/calls.h"
#include "model/native.h"
#include "model/warm_up.h"

namespace thalweg {
namespace {

constexpr std::size_t width = 121;

// The ids of each line, padded behind with 0; a longer one loses its beginning.
std::vector<float> read_inputs(const std::string& file) {
  std::vector<float> inputs;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.load_many(file);
  for (const auto line : lines) {
    std::vector<float> ids;
    for (const auto id : line["ids"].get_array())
      ids.push_back(static_cast<float>(std::int64_t(id)));
    if (ids.size() > width) ids.erase(ids.begin(), ids.end() - width);
    ids.resize(width, 0.0F);
    inputs.insert(inputs.end(), ids.begin(), ids.end());
  }
  return inputs;
}

std::vector<double> read_scores(const std::string& file) {
  std::vector<double> scores;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.load_many(file);
  for (const auto line : lines) scores.push_back(line["score"].get_double());
  return scores;
}

class TweetsNative : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* data = std::getenv("THALWEG_TEST_DATA");
    if (data == nullptr) GTEST_SKIP() << "THALWEG_TEST_DATA is not set";
    folder_ = std::string(data) + "/tweets/";
    auto handle = calls::open(calls::entry({{"path", folder_ + "model"}, {"runtime", GetParam()}}));
    if (!handle.ok() && handle.error().code() == Code::runtime_missing)
      GTEST_SKIP() << handle.error().message();
#ifdef THALWEG_SANITIZED
    GTEST_SKIP() << "native runtimes are left out of sanitized builds";
#endif
    ASSERT_TRUE(handle.ok()) << handle.error().message();
    version_ = (*handle)->current();
  }
  std::string folder_;
  std::shared_ptr<const ModelVersion> version_;
};

TEST_P(TweetsNative, Scores_equal_those_of_Python_to_the_fifth_digit_however_they_are_cut) {
  const std::vector<float> inputs = read_inputs(folder_ + "preprocess_gold.jsonl");
  const std::vector<double> scores = read_scores(folder_ + "scores_gold.jsonl");
  ASSERT_GT(scores.size(), 3000U);
  ASSERT_EQ(inputs.size(), scores.size() * width);
  for (const std::size_t size : {std::size_t{1}, std::size_t{32}, std::size_t{700}}) {
    double worst = 0;
    const std::size_t until = size == 1 ? 300 : scores.size();  // one by one: enough of them
    for (std::size_t begin = 0; begin < until; begin += size) {
      const std::size_t rows = std::min(size, until - begin);
      const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(begin * width);
      auto result = calls::call(*version_, {static_cast<std::int64_t>(rows), width},
                                {first, first + static_cast<std::ptrdiff_t>(rows * width)});
      ASSERT_TRUE(result.ok()) << result.error().message();
      const auto got = calls::floats(result->front());
      ASSERT_EQ(got.size(), rows);
      for (std::size_t i = 0; i < rows; ++i)
        worst = std::max(worst, std::abs(got[i] - scores[begin + i]));
    }
    EXPECT_LE(worst, 1e-5) << "in calls of " << size;
  }
}

TEST_P(TweetsNative, The_warm_up_finds_no_fault_and_tells_the_cost) {
  for (const std::string& warning : version_->warnings) ADD_FAILURE() << warning;
  WarmUpPlan plan;
  plan.sizes = {1, 8, 32, 128, 256, 1024};
  plan.time = std::chrono::seconds(2);
  auto report = warm_up(*version_->loaded, version_->signature, {version_->batch_dim, 0}, plan);
  ASSERT_TRUE(report.ok()) << report.error().message();
  fmt::print("{}: CPU per row: {}\n", GetParam(), to_string(report->costs));
  EXPECT_EQ(report->costs.size(), plan.sizes.size());
}

INSTANTIATE_TEST_SUITE_P(Runtimes, TweetsNative, testing::Values("tensorflow", "openvino"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace thalweg
