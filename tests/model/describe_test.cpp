// What `thalweg model DIR` prints.
#include "model/describe.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/pipeline.h"
#include "model/calls.h"
#include "model/native.h"
#include "model/scratch_dir.h"
#include "model/starter.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

// A runtime that recognises what TensorFlow does, and is not installed.
class NotHere final : public ModelRuntime {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "tensorflow"; }
  [[nodiscard]] bool recognises(const std::string& path) const override {
    return std::filesystem::exists(path + "/saved_model.pb");
  }
  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> load(const ModelSpec&) override {
    return Error(Code::runtime_missing, "expected the TensorFlow library; got none");
  }
};

const Registry& without_runtimes() {
  static const Registry registry = [] {
    Registry r;
    r.add(RuntimeKind{
        .name = "tensorflow", .doc = "", .make = [] { return std::make_shared<NotHere>(); }});
    return r;
  }();
  return registry;
}

TEST(Describe, A_half_copied_version_is_shown_with_its_fault) {
  const ScratchDir dir;
  dir.copy(golden::folder("embedding") + "/1", "3");
  std::filesystem::remove_all(dir / "3/variables");
  auto model = describe_model(dir.path(), calls::registry());
  ASSERT_TRUE(model.ok()) << model.error().message();
  EXPECT_NE(to_text(*model).find("version 3"), std::string::npos);
  EXPECT_NE(to_text(*model).find("half copied"), std::string::npos) << to_text(*model);
  auto starter = starter_pipeline(*model, model->path);
  ASSERT_FALSE(starter.ok());
  EXPECT_NE(starter.error().message().find("half copied"), std::string::npos)
      << starter.error().message();
}

// Described without its runtime, as on a machine that has none.
ModelDescription from_file(const std::string& name) {
  auto model = describe_model(golden::folder(name), without_runtimes());
  EXPECT_TRUE(model.ok()) << model.error().message();
  return model.ok() ? *model : ModelDescription{};
}

std::string starter_of(const std::string& name) {
  auto yaml = starter_pipeline(from_file(name), "the/model");
  if (!yaml.ok()) return "error: " + yaml.error().message();
  auto pipeline = read_pipeline_text(*yaml, "starter.yaml");
  EXPECT_TRUE(pipeline.ok()) << pipeline.error().message() << "\n" << *yaml;
  return *yaml;
}

TEST(Describe, A_SavedModel_shows_its_signatures_without_its_runtime) {
  const ModelDescription model = from_file("two_versions");
  ASSERT_EQ(model.versions.size(), 2U);
  EXPECT_TRUE(model.versions[0].untried);
  EXPECT_THAT(to_text(model), HasSubstr("input  'x' (float32 [?,4])"));
  EXPECT_THAT(to_text(model), HasSubstr("not tried, since its runtime is not here"));
  EXPECT_THAT(to_json(model), HasSubstr(R"("name":"score","dtype":"float32","shape":[-1,1])"));
}

TEST(Starter, Fields_are_rows_of_the_inputs) {
  EXPECT_THAT(starter_of("two_versions"), HasSubstr("fields: { x: \"float32[4]\" }"));
  EXPECT_THAT(starter_of("two_versions"), HasSubstr("path: \"the/model\""));
  EXPECT_THAT(starter_of("masked_mean"), HasSubstr("mask: \"bool[?]\", values: \"float32[?]\""));
}

TEST(Starter, A_model_without_batch_dimension_keeps_all_its_dimensions) {
  EXPECT_THAT(starter_of("no_batch"), HasSubstr("factor: \"float32\", vector: \"float32[3]\""));
}

TEST(Starter, An_output_that_is_one_for_all_rows_is_left_out) {
  EXPECT_THAT(starter_of("scalar_output"),
              HasSubstr("error: expected outputs with a result per row"));
  const std::string both = starter_of("rows_and_mean");
  EXPECT_THAT(both, HasSubstr("outputs: { per_row: per_row }"));
  EXPECT_THAT(both, HasSubstr("# Left out: the output 'mean' (float32 [])"));
}

TEST(Starter, A_shape_that_is_open_is_left_to_the_user_with_a_note) {
  EXPECT_THAT(starter_of("unknown_rank"), HasSubstr("y: { as: y, type: \"float32\" }"));
  EXPECT_THAT(starter_of("unknown_rank"),
              HasSubstr("# The model leaves the shape of its output 'y'"));
  EXPECT_THAT(starter_of("open_image"), HasSubstr("image: \"uint8[?,10,3]\""));
}

TEST(Starter, A_graph_that_parses_bytes_is_fed_bytes) {
  EXPECT_THAT(starter_of("decode_image"), HasSubstr("format: bytes"));
  EXPECT_THAT(starter_of("parse_example"), HasSubstr("format: bytes"));
  EXPECT_THAT(starter_of("string_to_length"), HasSubstr("format: json"));
}

TEST(Starter, Names_that_no_field_can_have_are_connected_by_features) {
  const std::string yaml = starter_of("odd_names");
  EXPECT_THAT(yaml, HasSubstr("features: { input: my_input, y: y }"));
  EXPECT_THAT(yaml, HasSubstr("outputs: { input: out_input, \"null\": out_null }"));
}

TEST(Starter, A_signature_that_is_not_the_usual_one_is_named) {
  EXPECT_THAT(starter_of("no_serving_default"), HasSubstr("signature: score"));
}

}  // namespace
}  // namespace thalweg
