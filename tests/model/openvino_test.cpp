// OpenVINO, judged by the goldens of TensorFlow and of ONNX's own evaluator. tests/models/README.md says what it cannot.
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/native.h"
#include "model/runtime/openvino/row_steps.h"
#include "model/scratch_dir.h"
#include "model/written_model.h"

namespace thalweg {
namespace {

Result<std::shared_ptr<ModelHandle>> open(
    const std::string& name, std::vector<std::pair<std::string, std::string>> more = {}) {
  std::vector<std::pair<std::string, std::string>> settings{{"path", golden::folder(name)},
                                                            {"runtime", "openvino"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return calls::open(calls::entry(std::move(settings)));
}

class GoldenOpenvinoNative : public testing::TestWithParam<const char*> {};

TEST_P(GoldenOpenvinoNative, Every_case_gives_what_the_reference_gave) {
  THALWEG_NEEDS_OPENVINO;
  const auto golden = golden::read(golden::folder(GetParam()) + "/golden.json");
  auto handle = open(GetParam(), {{"version", "1"}, {"warm_up", "off"}});
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto version = (*handle)->current();
  int compared = 0;
  for (const golden::Case& expected : golden.cases) {
    if (expected.error != 0 || expected.signature != version->signature.name) continue;
    auto result = calls::call(*version, expected.inputs);
    ASSERT_TRUE(result.ok()) << result.error().message();
    for (std::size_t i = 0; i < version->signature.outputs.size(); ++i) {
      const std::string& name = version->signature.outputs[i].name;
      EXPECT_EQ(golden::difference((*result)[i], expected.outputs.at(name), 1e-5), "") << name;
    }
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenOpenvinoNative,
                         testing::Values("dense_784_10", "keras_export", "masked_mean",
                                         "fixed_batch_1", "fixed_batch_4", "no_batch",
                                         "scalar_output", "batch_dependent", "embedding",
                                         "several_signatures", "no_serving_default", "not_finite",
                                         "two_versions", "tf1_builder", "onnx_mlp", "onnx_multi_io",
                                         "onnx_dynamic_length", "onnx_recent_opset", "onnx_double",
                                         "onnx_dtypes", "onnx_int64", "onnx_fixed_batch_1",
                                         "onnx_two_versions"),
                         [](const auto& info) { return std::string(info.param); });

TEST(OpenvinoNative, An_ONNX_file_needs_no_runtime_to_be_named) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = calls::open(calls::text(golden::folder("onnx_mlp")));
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  EXPECT_EQ((*handle)->current()->runtime, "openvino");
}

TEST(OpenvinoNative, A_signature_it_does_not_read_is_refused_with_the_cure) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = open("several_signatures", {{"signature", "classify"}});
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::signature_mismatch);
  EXPECT_NE(handle.error().message().find("runtime: tensorflow"), std::string::npos)
      << handle.error().message();
}

TEST(OpenvinoNative, An_operation_it_does_not_know_is_refused_with_the_cure) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = open("string_to_string");
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::model_invalid);
  EXPECT_NE(handle.error().message().find("StringUpper"), std::string::npos)
      << handle.error().message();
  EXPECT_NE(handle.error().message().find("runtime: tensorflow"), std::string::npos)
      << handle.error().message();
}

TEST(OpenvinoNative, Strings_are_refused_since_they_corrupt_memory_there) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = open("multi_io");
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::signature_mismatch);
  EXPECT_NE(handle.error().message().find("'label'"), std::string::npos)
      << handle.error().message();
}

InferenceResult call_int64(const ModelVersion& version, std::int64_t number) {
  const std::vector<std::int64_t> dims{1};
  alignas(64) const std::int64_t numbers[1] = {number};
  return calls::call(version, InferenceRequest{{{DType::int64, dims, numbers, {}}}, {0}});
}

TEST(OpenvinoNative, A_whole_number_it_would_cut_to_32_bits_is_refused) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = open("onnx_int64");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto version = (*handle)->current();
  auto result = call_int64(*version, 2147483647);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(*static_cast<const std::int64_t*>(result->front().data), 2147483647);
  // Left to OpenVINO, this is 7.
  auto cut = call_int64(*version, 4294967303);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code(), Code::invalid_model_input);
  EXPECT_NE(cut.error().message().find("4294967303"), std::string::npos) << cut.error().message();
}

TEST(OpenvinoNative, Types_it_computes_narrower_are_told) {
  THALWEG_NEEDS_OPENVINO;
  const auto warning = [](const std::string& name) -> std::string {
    auto handle = open(name);
    if (!handle.ok()) return handle.error().message();
    const auto& all = (*handle)->current()->warnings;
    return all.empty() ? "" : all.front();
  };
  EXPECT_NE(warning("onnx_int64").find("'x' and 'y' (int64) as int32"), std::string::npos);
  EXPECT_NE(warning("onnx_double").find("(float64) as float32"), std::string::npos);
  EXPECT_EQ(warning("onnx_mlp"), "");
}

TEST(OpenvinoNative, Strings_of_an_ONNX_file_are_not_sent_to_a_runtime_that_does_not_read_it) {
  THALWEG_NEEDS_OPENVINO;
  const ScratchDir dir;
  dir.write("1/model.onnx", write_onnx(8));
  auto handle = calls::open(calls::entry({{"path", dir.path()}, {"runtime", "openvino"}}));
  ASSERT_FALSE(handle.ok());
  EXPECT_NE(calls::message(handle).find("'x': expected numbers; got strings"), std::string::npos)
      << calls::message(handle);
  EXPECT_EQ(calls::message(handle).find("runtime: tensorflow"), std::string::npos)
      << calls::message(handle);
}

TEST(OpenvinoNative, An_input_of_float16_is_told_since_it_is_shown_as_float32) {
  THALWEG_NEEDS_OPENVINO;
  const ScratchDir dir;
  dir.write("1/model.onnx", write_onnx(10));
  auto handle = calls::open(calls::entry({{"path", dir.path()}, {"runtime", "openvino"}}));
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  const auto version = (*handle)->current();
  EXPECT_EQ(version->signature.inputs.front().dtype, DType::float32);
  ASSERT_EQ(version->warnings.size(), 1U);
  EXPECT_NE(version->warnings.front().find("takes 'x' as float16"), std::string::npos)
      << version->warnings.front();
}

TEST(OpenvinoNative, Any_number_of_rows_is_answered_row_for_row_though_the_model_sees_few_sizes) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = open("dense_784_10");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto version = (*handle)->current();
  std::vector<float> input(70 * 784);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 97) / 97.0F;
  const auto all = calls::floats(calls::call(*version, {70, 784}, input)->front());
  for (const std::int64_t rows : {1, 8, 9, 11, 33, 70}) {
    const auto size = static_cast<std::size_t>(rows);
    const std::vector<float> part(input.begin(), input.begin() + rows * 784);
    auto result = calls::call(*version, {rows, 784}, part);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(result->front().shape.dims, (std::vector<std::int64_t>{rows, 10}));
    const auto scores = calls::floats(result->front());
    ASSERT_EQ(scores.size(), size * 10);
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], all[i], 1e-5) << i;
  }
}

TEST(Openvino, Rows_are_rounded_up_to_four_sizes_an_octave) {
  std::set<std::int64_t> sizes;
  for (std::int64_t rows = 0; rows <= 8192; ++rows) {
    const std::int64_t padded = openvino::padded_rows(rows);
    ASSERT_GE(padded, rows);
    ASSERT_LE(padded, rows + rows / 4) << rows;
    ASSERT_EQ(openvino::padded_rows(padded), padded);
    if (rows > 0) sizes.insert(padded);
  }
  EXPECT_EQ(sizes.size(), 48U);
}

TEST(OpenvinoNative, Threads_that_call_at_once_get_their_own_answers) {
  THALWEG_NEEDS_OPENVINO;
  auto handle = open("dense_784_10");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto version = (*handle)->current();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::vector<float> input(784, 0.1F * static_cast<float>(t));
      const auto expected = calls::floats(calls::call(*version, {1, 784}, input)->front());
      for (int i = 0; i < 50; ++i) {
        auto result = calls::call(*version, {1, 784}, input);
        if (!result.ok() || calls::floats(result->front()) != expected) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(OpenvinoNative, Runs_beside_TensorFlow_in_one_process) {
  THALWEG_NEEDS_OPENVINO;
  THALWEG_NEEDS_TENSORFLOW;
  const std::vector<float> input(784, 0.3F);
  auto one = open("dense_784_10");
  ASSERT_TRUE(one.ok()) << one.error().message();
  auto entry = calls::entry({{"path", golden::folder("dense_784_10")}, {"runtime", "tensorflow"}});
  auto second = calls::open(entry);
  ASSERT_TRUE(second.ok()) << second.error().message();
  const auto a = calls::floats(calls::call(*(*one)->current(), {1, 784}, input)->front());
  const auto b = calls::floats(calls::call(*(*second)->current(), {1, 784}, input)->front());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

}  // namespace
}  // namespace thalweg
