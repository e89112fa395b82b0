// TensorFlow through its C API, judged by what TensorFlow's own session gave for tests/models.
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/native.h"

namespace thalweg {
namespace {

using calls::entry;

Result<std::shared_ptr<ModelHandle>> open(
    const std::string& name, std::vector<std::pair<std::string, std::string>> more = {}) {
  std::vector<std::pair<std::string, std::string>> settings{
      {"path", golden::folder(name)}, {"runtime", "tensorflow"}, {"warm_up", "off"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return calls::open(entry(std::move(settings)));
}

class GoldenNative : public testing::TestWithParam<const char*> {};

void expect_case(const ModelVersion& version, const golden::Case& expected,
                 const std::string& where) {
  auto result = calls::call(version, expected.inputs);
  if (expected.error != 0) {
    ASSERT_FALSE(result.ok()) << where << ": expected error " << expected.error;
    const bool input = expected.error == 3 || expected.error == 11;
    EXPECT_EQ(result.error().code(), input ? Code::invalid_model_input : Code::model_failed)
        << result.error().message();
    return;
  }
  ASSERT_TRUE(result.ok()) << where << ": " << result.error().message();
  for (std::size_t i = 0; i < version.signature.outputs.size(); ++i) {
    const std::string& name = version.signature.outputs[i].name;
    EXPECT_EQ(golden::difference((*result)[i], expected.outputs.at(name), 1e-5), "")
        << where << " output " << name;
  }
}

TEST_P(GoldenNative, Every_case_gives_what_TensorFlow_gave) {
  THALWEG_NEEDS_TENSORFLOW;
  const auto golden = golden::read(golden::folder(GetParam()) + "/golden.json");
  ASSERT_FALSE(golden.cases.empty());
  for (std::size_t i = 0; i < golden.cases.size(); ++i) {
    const golden::Case& expected = golden.cases[i];
    auto handle = open(GetParam(), {{"signature", expected.signature}, {"version", "1"}});
    ASSERT_TRUE(handle.ok()) << handle.error().message();
    const auto version = (*handle)->current();
    for (const Signature& signature : golden.signatures) {
      if (signature.name == expected.signature) {
        EXPECT_EQ(version->signature, signature);
      }
    }
    expect_case(*version, expected, "case " + std::to_string(i));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, GoldenNative,
    testing::Values("dense_784_10", "keras_export", "multi_io", "string_to_string",
                    "string_to_length", "dtypes", "masked_mean", "fixed_batch_1", "fixed_batch_4",
                    "no_batch", "scalar_output", "batch_dependent", "unknown_rank", "embedding",
                    "several_signatures", "no_serving_default", "fails_on_negative", "not_finite",
                    "parse_example", "decode_image", "lookup_asset", "two_versions", "tf1_builder",
                    "odd_names", "rows_and_mean", "open_image"),
    [](const auto& info) { return std::string(info.param); });

TEST(TensorflowNative, The_highest_version_answers_unless_another_is_named) {
  THALWEG_NEEDS_TENSORFLOW;
  const auto golden = golden::read(golden::folder("two_versions") + "/golden_2.json");
  auto handle = open("two_versions");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  EXPECT_EQ((*handle)->current()->version, 2);
  expect_case(*(*handle)->current(), golden.cases.front(), "version 2");
}

TEST(TensorflowNative, A_model_whose_variables_were_not_restored_is_refused_with_the_cure) {
  THALWEG_NEEDS_TENSORFLOW;
  auto handle = open("unrestored_variables");
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::model_invalid);
  EXPECT_NE(handle.error().message().find("model.export("), std::string::npos)
      << handle.error().message();
  EXPECT_NE(handle.error().message().find("model 'm'"), std::string::npos)
      << handle.error().message();
}

TEST(TensorflowNative, The_only_signature_is_taken_whatever_its_name) {
  THALWEG_NEEDS_TENSORFLOW;
  auto handle = open("no_serving_default");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  EXPECT_EQ((*handle)->current()->signature.name, "score");
}

TEST(TensorflowNative, An_unknown_signature_is_refused_with_those_there_are) {
  THALWEG_NEEDS_TENSORFLOW;
  auto handle = open("several_signatures", {{"signature", "clasify"}});
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::signature_mismatch);
  EXPECT_NE(handle.error().message().find("'embed'"), std::string::npos)
      << handle.error().message();
  EXPECT_NE(handle.error().message().find("Did you mean 'classify'?"), std::string::npos)
      << handle.error().message();
}

TEST(TensorflowNative, Only_the_outputs_asked_for_come_in_the_order_asked_for) {
  THALWEG_NEEDS_TENSORFLOW;
  auto handle = open("multi_io");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto golden = golden::read(golden::folder("multi_io") + "/golden.json");
  const auto& inputs = golden.cases.front().inputs;
  InferenceRequest request;
  request.inputs = {inputs.at("amounts").view(), inputs.at("counts").view()};
  request.outputs = {2, 0};  // total, label
  auto result = calls::call(*(*handle)->current(), request);
  ASSERT_TRUE(result.ok()) << result.error().message();
  ASSERT_EQ(result->size(), 2U);
  EXPECT_EQ(golden::difference((*result)[0], golden.cases.front().outputs.at("total"), 1e-5), "");
  EXPECT_EQ(golden::difference((*result)[1], golden.cases.front().outputs.at("label"), 0), "");
}

TEST(TensorflowNative, Outputs_outlive_the_model_and_the_inputs) {
  THALWEG_NEEDS_TENSORFLOW;
  Tensor kept;
  {
    auto handle = open("dense_784_10");
    ASSERT_TRUE(handle.ok()) << handle.error().message();
    auto result = calls::call(*(*handle)->current(), {1, 784}, std::vector<float>(784, 0.5F));
    ASSERT_TRUE(result.ok()) << result.error().message();
    kept = std::move(result->front());
  }
  float sum = 0;
  for (const float probability : calls::floats(kept)) sum += probability;
  EXPECT_NEAR(sum, 1.0F, 1e-4);
}

TEST(TensorflowNative, Several_threads_share_one_session) {
  THALWEG_NEEDS_TENSORFLOW;
  auto handle = open("dense_784_10");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto version = (*handle)->current();
  const auto expected =
      calls::floats(calls::call(*version, {1, 784}, std::vector<float>(784, 0.25F))->front());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        auto result = calls::call(*version, {1, 784}, std::vector<float>(784, 0.25F));
        if (!result.ok() || calls::floats(result->front()) != expected) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(TensorflowNative, A_custom_op_is_missed_with_the_cure_and_found_when_named) {
  THALWEG_NEEDS_TENSORFLOW;
  const std::string library = std::string(THALWEG_BINARY_DIR) + "/custom_ops/libfraction_of_row.so";
  if (!std::filesystem::exists(library) || !std::filesystem::exists(golden::folder("custom_op"))) {
    GTEST_SKIP() << "no library of custom operations in this build";
  }
  auto without = open("custom_op");
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code(), Code::model_invalid);
  EXPECT_NE(without.error().message().find("custom_ops"), std::string::npos)
      << without.error().message();

  auto with = open("custom_op", {{"custom_ops", library}});
  ASSERT_TRUE(with.ok()) << with.error().message();
  const auto golden = golden::read(golden::folder("custom_op") + "/golden.json");
  for (const golden::Case& expected : golden.cases)
    expect_case(*(*with)->current(), expected, "custom op");
}

TEST(TensorflowNative, A_library_of_ops_that_is_not_there_is_named) {
  THALWEG_NEEDS_TENSORFLOW;
  auto handle = open("dense_784_10", {{"custom_ops", "libnowhere.so"}});
  ASSERT_FALSE(handle.ok());
  EXPECT_NE(handle.error().message().find("libnowhere.so"), std::string::npos)
      << handle.error().message();
}

TEST(TensorflowNative, More_threads_give_the_same_answers) {
  THALWEG_NEEDS_TENSORFLOW;
  const auto golden = golden::read(golden::folder("keras_export") + "/golden.json");
  auto handle = open("keras_export", {{"inter_op_threads", "2"}});
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  expect_case(*(*handle)->current(), golden.cases.front(), "two threads");
}

}  // namespace
}  // namespace thalweg
