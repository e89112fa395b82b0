// What `thalweg model DIR` prints.
#include "model/describe.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "config/pipeline.h"
#include "model/calls.h"
#include "model/native.h"
#include "model/scratch_dir.h"

namespace thalweg {
namespace {

TEST(Describe, A_half_copied_version_is_shown_with_its_fault) {
  const ScratchDir dir;
  dir.copy(golden::folder("embedding") + "/1", "3");
  std::filesystem::remove_all(dir / "3/variables");
  auto model = describe_model(dir.path(), calls::registry());
  ASSERT_TRUE(model.ok()) << model.error().message();
  EXPECT_NE(to_text(*model).find("version 3"), std::string::npos);
  EXPECT_NE(to_text(*model).find("half copied"), std::string::npos) << to_text(*model);
  EXPECT_FALSE(starter_pipeline(*model).ok());
}

TEST(DescribeNative, Versions_signatures_and_a_pipeline_to_start_from) {
  THALWEG_NEEDS_TENSORFLOW;
  auto model = describe_model(golden::folder("two_versions"), calls::registry());
  ASSERT_TRUE(model.ok()) << model.error().message();
  ASSERT_EQ(model->versions.size(), 2U);
  EXPECT_NE(to_text(*model).find("input  'x' (float32 [?,4])"), std::string::npos)
      << to_text(*model);
  EXPECT_NE(to_json(*model).find(R"("name":"score","dtype":"float32","shape":[-1,1])"),
            std::string::npos)
      << to_json(*model);
  auto yaml = starter_pipeline(*model);
  ASSERT_TRUE(yaml.ok()) << yaml.error().message();
  EXPECT_NE(yaml->find("fields: { x: \"float32[4]\" }"), std::string::npos) << *yaml;
  auto pipeline = read_pipeline_text(*yaml, "starter.yaml");
  EXPECT_TRUE(pipeline.ok()) << pipeline.error().message() << "\n" << *yaml;
}

TEST(DescribeNative, A_signature_that_is_not_the_usual_one_is_named_in_the_pipeline) {
  THALWEG_NEEDS_TENSORFLOW;
  auto model = describe_model(golden::folder("no_serving_default"), calls::registry());
  ASSERT_TRUE(model.ok()) << model.error().message();
  auto yaml = starter_pipeline(*model);
  ASSERT_TRUE(yaml.ok()) << yaml.error().message();
  EXPECT_NE(yaml->find("signature: score"), std::string::npos) << *yaml;
}

}  // namespace
}  // namespace thalweg
