// What can be known of a version before it is loaded, and without its runtime.
#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/manifest.h"
#include "model/scratch_dir.h"
#include "model/written_model.h"

namespace thalweg {
namespace {

class CheckFiles : public testing::Test {
 protected:
  Result<std::shared_ptr<const ModelVersion>> check(
      std::vector<std::pair<std::string, std::string>> settings) {
    settings.emplace_back("path", dir_.path());
    auto entry = read_entry("m", calls::entry(std::move(settings)), calls::registry());
    if (!entry) return std::move(entry).error();
    return check_files(*entry, calls::registry(), {3, dir_ / "3"});
  }
  void seal(const std::string& runtime, const Signature& signature) const {
    Manifest manifest;
    manifest.version = 3;
    manifest.runtime = runtime;
    manifest.signature = signature;
    manifest.files = *list_files(dir_ / "3");
    dir_.write("3/manifest.json", to_json(manifest));
  }
  ScratchDir dir_;
};

TEST_F(CheckFiles, A_SavedModel_tells_its_signature_and_how_it_is_called) {
  WrittenModel model;
  model.signature = "classify";
  dir_.write("3/saved_model.pb", write_saved_model(model));
  const auto facts = check({{"runtime", "tensorflow"}});
  ASSERT_TRUE(facts.ok()) << facts.error().message();
  EXPECT_EQ((*facts)->signature.name, "classify");
  ASSERT_EQ((*facts)->signature.inputs.size(), 1U);
  EXPECT_EQ((*facts)->signature.inputs.front().dtype, DType::float32);
  EXPECT_EQ((*facts)->version, 3);
  EXPECT_EQ((*facts)->loaded, nullptr);
  const auto other = check({{"runtime", "tensorflow"}, {"signature", "regress"}});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), Code::signature_mismatch);
}

TEST_F(CheckFiles, A_SavedModel_that_is_another_than_its_manifest_says_is_found_out) {
  dir_.write("3/saved_model.pb", write_saved_model({}));
  seal("tensorflow", {"serving_default", {{"z", DType::int64, {{3}}}}, {{"y", DType::int64, {}}}});
  const auto facts = check({{"runtime", "tensorflow"}});
  ASSERT_FALSE(facts.ok());
  EXPECT_EQ(facts.error().code(), Code::signature_mismatch);
}

TEST_F(CheckFiles, Else_the_manifest_may_tell_it_for_the_runtime_it_was_tried_with) {
  dir_.write("3/fake.yaml", "function: sum\n");
  EXPECT_TRUE((*check({{"runtime", "fake"}}))->signature.inputs.empty()) << "nothing tells";
  const Signature said{
      "serving_default", {{"z", DType::int64, {{3}}}}, {{"y", DType::float32, {{-1}}}}};
  seal("fake", said);
  EXPECT_EQ((*check({{"runtime", "fake"}}))->signature, said);
  EXPECT_TRUE((*check({{"runtime", "fake"}, {"signature", "other"}}))->signature.inputs.empty())
      << "it is one of those that the model may have";
  seal("openvino", said);
  EXPECT_TRUE((*check({{"runtime", "fake"}}))->signature.inputs.empty());
}

TEST_F(CheckFiles, Features_that_cannot_be_read_are_an_error) {
  dir_.write("3/fake.yaml", "function: sum\n");
  dir_.write("3/assets.extra/features.yaml", "features: [");
  EXPECT_FALSE(check({{"runtime", "fake"}}).ok());
}

}  // namespace
}  // namespace thalweg
