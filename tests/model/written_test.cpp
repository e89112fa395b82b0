// TensorFlow on models the tests write: rare types, signatures it cannot feed, and memory that is handed through.
#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/native.h"
#include "model/numbers.h"
#include "model/scratch_dir.h"
#include "model/written_model.h"

namespace thalweg {
namespace {

// A loaded version of a written model.
struct Written {
  ScratchDir dir;
  Result<std::shared_ptr<ModelHandle>> handle;

  explicit Written(const WrittenModel& model,
                   std::vector<std::pair<std::string, std::string>> more = {})
      : handle(Error(Code::internal, "not loaded")) {
    dir.write("1/saved_model.pb", write_saved_model(model));
    more.insert(more.end(), {{"path", dir.path()}, {"runtime", "tensorflow"}});
    handle = calls::open(calls::entry(std::move(more)));
  }
  [[nodiscard]] std::string message() const { return calls::message(handle); }
};

TEST(WrittenNative, The_reader_reads_what_was_written) {
  auto graphs = read_saved_model(write_saved_model({}));
  ASSERT_TRUE(graphs.ok()) << graphs.error().message();
  const TfTensorInfo& input = graphs->front().signatures.front().inputs.front();
  EXPECT_EQ(input.tensor, "x:0");
  EXPECT_EQ(input.shape, (Shape{{-1}}));
  EXPECT_FALSE(graphs->front().has_saver);
}

class ConvertedNative : public testing::TestWithParam<std::pair<TfType, DType>> {};

TEST_P(ConvertedNative, A_type_without_a_column_is_fed_and_read_as_the_next_wider_one) {
  THALWEG_NEEDS_TENSORFLOW;
  const auto [type, shown] = GetParam();
  const Written written({.type = type});
  ASSERT_TRUE(written.handle.ok()) << written.message();
  const auto version = (*written.handle)->current();
  EXPECT_EQ(version->signature.inputs.front().dtype, shown);
  EXPECT_EQ(version->signature.outputs.front().dtype, shown);

  const std::vector<double> numbers{0, 1, 2, 100};
  AlignedBuffer buffer;
  buffer.resize(numbers.size() * size_of(shown));
  for (std::size_t i = 0; i < numbers.size(); ++i) set_number(shown, buffer.data(), i, numbers[i]);
  const std::vector<std::int64_t> dims{4};
  auto result = calls::call(*version, InferenceRequest{{{shown, dims, buffer.data(), {}}}, {0}});
  ASSERT_TRUE(result.ok()) << result.error().message();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(number_at(shown, result->front().data, i), numbers[i]);
}

INSTANTIATE_TEST_SUITE_P(Types, ConvertedNative,
                         testing::Values(std::pair(TfType::half, DType::float32),
                                         std::pair(TfType::bfloat16, DType::float32),
                                         std::pair(TfType::int8, DType::int32),
                                         std::pair(TfType::int16, DType::int32),
                                         std::pair(TfType::uint16, DType::int32),
                                         std::pair(TfType::uint32, DType::int64)),
                         [](const auto& info) { return tf_type_name(info.param.first); });

TEST(WrittenNative, An_input_of_float16_is_told_since_it_is_shown_as_float32) {
  THALWEG_NEEDS_TENSORFLOW;
  for (const TfType type : {TfType::half, TfType::float32, TfType::bfloat16}) {
    const Written written({.type = type});
    ASSERT_TRUE(written.handle.ok()) << written.message();
    std::string all;
    for (const std::string& warning : (*written.handle)->current()->warnings) all += warning;
    EXPECT_EQ(all.find("takes 'x' as float16") != std::string::npos, type == TfType::half) << all;
  }
}

TEST(WrittenNative, A_number_too_large_for_a_narrow_input_is_the_rows_fault) {
  THALWEG_NEEDS_TENSORFLOW;
  const Written written({.type = TfType::int8});
  ASSERT_TRUE(written.handle.ok()) << written.message();
  const std::vector<std::int64_t> dims{1};
  const std::int32_t number = 300;
  auto result = calls::call(*(*written.handle)->current(),
                            InferenceRequest{{{DType::int32, dims, &number, {}}}, {0}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::invalid_model_input);
}

TEST(WrittenNative, An_output_that_is_the_input_itself_outlives_it) {
  THALWEG_NEEDS_TENSORFLOW;
  const Written written({});
  ASSERT_TRUE(written.handle.ok()) << written.message();
  const std::vector<std::int64_t> dims{16};
  AlignedBuffer buffer;
  buffer.resize(64);
  auto* numbers = reinterpret_cast<float*>(buffer.data());
  std::fill_n(numbers, 16, 1.5F);
  auto result = calls::call(*(*written.handle)->current(),
                            InferenceRequest{{{DType::float32, dims, numbers, {}}}, {0}});
  ASSERT_TRUE(result.ok()) << result.error().message();
  std::fill_n(numbers, 16, -1.0F);  // the batch goes on to other rows
  EXPECT_EQ(calls::floats(result->front()), std::vector<float>(16, 1.5F));
}

TEST(WrittenNative, Strings_handed_through_outlive_the_input) {
  THALWEG_NEEDS_TENSORFLOW;
  const Written written({.type = TfType::string});
  ASSERT_TRUE(written.handle.ok()) << written.message();
  const std::vector<std::int64_t> dims{3};
  const std::vector<std::string_view> strings{
      "short", "", std::string_view("with\0a zero, and longer than inline", 35)};
  auto result = calls::call(*(*written.handle)->current(),
                            InferenceRequest{{{DType::string, dims, nullptr, strings}}, {0}});
  ASSERT_TRUE(result.ok()) << result.error().message();
  const std::vector<std::string_view> others{"other", "texts",
                                             "that are put where the first ones were before"};
  ASSERT_TRUE(calls::call(*(*written.handle)->current(),
                          InferenceRequest{{{DType::string, dims, nullptr, others}}, {0}})
                  .ok());
  EXPECT_EQ(result->front().strings, strings);
}

TEST(WrittenNative, No_rows_are_no_fault) {
  THALWEG_NEEDS_TENSORFLOW;
  const Written written({});
  ASSERT_TRUE(written.handle.ok()) << written.message();
  auto result = calls::call(*(*written.handle)->current(), {0}, {});
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->front().shape.dims, std::vector<std::int64_t>{0});
}

TEST(WrittenNative, What_cannot_be_fed_is_refused_by_name) {
  THALWEG_NEEDS_TENSORFLOW;
  const Written complex({.type = TfType::complex64});
  EXPECT_EQ(complex.handle.error().code(), Code::signature_mismatch);
  EXPECT_NE(complex.message().find("input 'x': expected numbers or strings; got complex64"),
            std::string::npos)
      << complex.message();
  const Written resource({.type = TfType::resource});
  EXPECT_NE(resource.message().find("got resource"), std::string::npos) << resource.message();
  const Written sparse({.sparse_input = true});
  EXPECT_NE(sparse.message().find("sparse"), std::string::npos) << sparse.message();
  const Written nowhere({.input_tensor = "nowhere:0"});
  EXPECT_NE(nowhere.message().find("'nowhere:0'"), std::string::npos) << nowhere.message();
  const Written index({.input_tensor = "x:7"});
  EXPECT_NE(index.message().find("'x:7'"), std::string::npos) << index.message();
  const Written tag({.tag = "train"});
  EXPECT_NE(tag.message().find("serv"), std::string::npos) << tag.message();
}

}  // namespace
}  // namespace thalweg
