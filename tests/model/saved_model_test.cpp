// Reading saved_model.pb without TensorFlow: right for ours, harmless for anything.
#include "model/saved_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/golden.h"
#include "model/scratch_dir.h"

namespace thalweg {
namespace {

TEST(SavedModel, Names_types_and_shapes_are_those_of_the_file) {
  auto graph = read_serving_graph(golden::folder("multi_io") + "/1");
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  ASSERT_EQ(graph->signatures.size(), 1U);
  const TfSignature& signature = graph->signatures.front();
  EXPECT_EQ(signature.name, "serving_default");
  ASSERT_EQ(signature.inputs.size(), 2U);
  EXPECT_EQ(signature.inputs[0].key, "amounts");
  EXPECT_EQ(signature.inputs[0].type, TfType::float32);
  EXPECT_EQ(signature.inputs[0].shape, (Shape{{-1, 3}}));
  EXPECT_EQ(signature.inputs[1].type, TfType::int64);
  ASSERT_EQ(signature.outputs.size(), 3U);
  EXPECT_EQ(signature.outputs[0].type, TfType::string);
  EXPECT_TRUE(graph->has_saver);
}

TEST(SavedModel, An_unknown_rank_is_not_a_scalar) {
  auto graph = read_serving_graph(golden::folder("unknown_rank") + "/1");
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_TRUE(graph->signatures.front().inputs.front().unknown_rank);
}

TEST(SavedModel, TensorFlows_own_signatures_are_not_shown) {
  auto graph = read_serving_graph(golden::folder("several_signatures") + "/1");
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  std::vector<std::string> names;
  for (const TfSignature& s : graph->signatures) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"classify", "embed", "serving_default"}));
}

TEST(SavedModel, A_folder_in_place_of_the_file_is_an_error) {
  EXPECT_FALSE(read_whole_file(golden::folder("embedding")).ok());
}

TEST(SavedModel, Every_cut_is_an_error_or_a_model_and_never_a_crash) {
  auto bytes = read_whole_file(golden::folder("embedding") + "/1/saved_model.pb");
  ASSERT_TRUE(bytes.ok());
  std::size_t whole = 0;
  for (std::size_t size = 0; size <= bytes->size(); ++size) {
    if (read_saved_model(std::string_view(*bytes).substr(0, size)).ok()) ++whole;
  }
  EXPECT_EQ(whole, 1U) << "only the whole file is a model";
}

RC_GTEST_PROP(SavedModel, Changed_bytes_never_crash_the_reader, ()) {
  static const std::string original =
      *read_whole_file(golden::folder("multi_io") + "/1/saved_model.pb");
  std::string bytes = original;
  const auto changes = *rc::gen::container<std::vector<std::pair<std::uint32_t, char>>>(
      rc::gen::pair(rc::gen::arbitrary<std::uint32_t>(), rc::gen::arbitrary<char>()));
  for (const auto& [place, value] : changes) bytes[place % bytes.size()] = value;
  (void)read_saved_model(bytes);
  (void)is_whole_protobuf(bytes);
}

RC_GTEST_PROP(SavedModel, Random_bytes_never_crash_the_reader, (const std::string& bytes)) {
  (void)read_saved_model(bytes);
  (void)read_meta_graph(bytes);
}

}  // namespace
}  // namespace thalweg
