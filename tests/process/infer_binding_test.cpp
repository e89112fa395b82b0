// What an infer step refuses before the first record, and how it says so.
#include <gmock/gmock.h>

#include "model/manifest.h"
#include "process/infer/version_bindings.h"
#include "process/infer_fixture.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Signature tweets() {
  return {"serving_default",
          {{"embedding_2_input", DType::float32, {{-1, 121}}}},
          {{"dense_5", DType::float32, {{-1, 1}}}}};
}

TEST_F(InferTest, A_misspelt_input_names_both_sides) {
  models_.add("disaster", tweets(), doubled);
  EXPECT_EQ(error_of("{model: disaster, features: {embeding: x}}"),
            "test.yaml:1: step infer: model 'disaster' has no input 'embeding'; it has "
            "'embedding_2_input' (float32 [?,121]). Did you mean that?");
}

// The version's manifest says which features it was made for.
std::function<void(ModelVersion&)> made_for(const std::string& sha256) {
  return [sha256](ModelVersion& version) {
    auto manifest = std::make_shared<Manifest>();
    manifest->features_sha256 = sha256;
    version.manifest = manifest;
  };
}

TEST_F(InferTest, A_version_made_for_other_features_than_the_steps_is_refused_with_both_hashes) {
  models_.add("m", one_to_one(), doubled);
  const auto infer = make("{model: m, features: {x: {clip: x, low: 0, high: 1}}}");
  const std::string hash = dynamic_cast<Infer&>(*infer).features_sha256("m");
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(dynamic_cast<Infer&>(*infer).features_sha256("other"), "");

  models_.add("m", one_to_one(), doubled, made_for(hash));
  EXPECT_EQ(error_of("{model: m, features: {x: {clip: x, high: 1, low: 0}}}"), "no error");
  const std::string other = error_of("{model: m, features: {x: {clip: x, low: 0, high: 2}}}");
  EXPECT_THAT(other, StartsWith("test.yaml:1: step infer: model 'm' version 2: expected features "
                                "whose hash is " +
                                hash +
                                ", as its manifest.json says; those of the pipeline file "
                                "hash to "));
  EXPECT_THAT(error_of("m"), HasSubstr("the step has none, and the version brings none"));
}

// Asked before it is loaded, of what its files tell.
TEST_F(InferTest, A_version_that_is_not_loaded_is_judged_by_its_signature_and_its_features) {
  InferSettings settings;
  settings.model = "m";
  settings.who = "step infer";
  VersionBindings bindings(settings, kNumbers, registry_);
  ModelVersion version;
  version.model = "m";
  version.version = 3;
  version.signature = one_to_one();
  EXPECT_TRUE(bindings.fits(version).ok());
  version.signature.inputs.front().name = "z";
  EXPECT_THAT(bindings.fits(version).error().message(), HasSubstr("nothing feeds its input 'z'"));
  version.signature = {};
  EXPECT_TRUE(bindings.fits(version).ok()) << "nothing tells";
  auto features = std::make_shared<FeatureFile>();
  features->inputs = Schema{{{"amount", {DType::float32, {}}}}};
  features->features = support::node("{x: amount}");
  version.feature_file = features;
  EXPECT_THAT(bindings.fits(version).error().message(), HasSubstr("read a field 'amount'"));
}

TEST_F(InferTest, A_version_that_is_not_loaded_must_make_the_columns_of_the_one_that_serves) {
  models_.add("m", one_to_one(), doubled);
  InferSettings settings;
  settings.model = "m";
  settings.who = "step infer";
  VersionBindings bindings(settings, kNumbers, registry_);
  ASSERT_TRUE(bindings.of(models_.handle("m").now).ok());
  ModelVersion version;
  version.model = "m";
  version.signature = one_to_one();
  EXPECT_TRUE(bindings.fits(version).ok());
  version.signature.outputs.front().dtype = DType::float64;
  EXPECT_THAT(bindings.fits(version).error().message(),
              HasSubstr("the same outputs as before were expected"));
}

TEST_F(InferTest, A_misspelt_output_names_both_sides) {
  models_.add("disaster", one_to_one(), doubled);
  EXPECT_EQ(
      error_of("{model: disaster, outputs: {z: score}}"),
      "test.yaml:1: step infer: model 'disaster' has no output 'z'; it has 'y' (float32 [?,1]). "
      "Did you mean that?");
}

TEST_F(InferTest, An_input_that_nothing_feeds_is_named_with_the_fields_there_are) {
  models_.add("disaster", tweets(), doubled);
  EXPECT_THAT(error_of("disaster"),
              HasSubstr("nothing feeds its input 'embedding_2_input' (float32 "
                        "[?,121])"));
  EXPECT_THAT(error_of("disaster"), HasSubstr("the fields are 'x' and 'text'"));
}

TEST_F(InferTest, An_input_missing_among_the_features_is_named) {
  Signature two = one_to_one();
  two.inputs.push_back({"z", DType::float32, {{-1}}});
  models_.add("m", two, doubled);
  EXPECT_THAT(
      error_of("{model: m, features: {x: x}}"),
      HasSubstr("its input 'z' (float32 [?]) was expected among the features; they make 'x'"));
}

TEST_F(InferTest, The_only_field_feeds_the_only_input) {
  models_.add("m", one_to_one(), doubled);
  EXPECT_NE(make("m", Schema{{{"amount", {DType::float32, {}}}}}), nullptr);
  EXPECT_THAT(error_of("m", Schema{{{"a", {DType::float32, {}}}, {"b", {DType::float32, {}}}}}),
              HasSubstr("nothing feeds its input 'x'"));
}

TEST_F(InferTest, Another_dtype_or_shape_is_an_error_with_its_cure) {
  models_.add("m", one_to_one(), doubled);
  EXPECT_THAT(
      error_of("m", Schema{{{"x", {DType::string, {}}}}}),
      HasSubstr("its input 'x' (float32 [?,1]) cannot be fed by the field 'x' (string): another "
                "dtype; declare it as float32"));
  EXPECT_THAT(error_of("m", Schema{{{"x", {DType::float64, {}}}}}), HasSubstr("another dtype"));
  EXPECT_THAT(error_of("m", Schema{{{"x", {DType::int64, {}}}}}), HasSubstr("another dtype"));
  EXPECT_THAT(error_of("m", Schema{{{"x", {DType::float32, {{2}}}}}}),
              HasSubstr("another shape; declare it as float32 [1]"));
  EXPECT_THAT(error_of("m", Schema{{{"x", {DType::float32, {{-1}}}}}}), HasSubstr("fixed length"));
}

TEST_F(InferTest, Dimensions_of_one_do_not_matter) {
  models_.add("m",
              {"s", {{"x", DType::float32, {{-1, 28, 28, 1}}}}, {{"y", DType::float32, {{-1}}}}},
              doubled);
  EXPECT_NE(make("m", Schema{{{"x", {DType::float32, {{28, 28}}}}}}), nullptr);
  EXPECT_THAT(error_of("m", Schema{{{"x", {DType::float32, {{784}}}}}}),
              HasSubstr("another shape"));
}

TEST_F(InferTest, A_field_the_versions_features_read_must_be_there_with_its_type) {
  auto features = std::make_shared<FeatureFile>();
  features->inputs = Schema{{{"amount", {DType::float32, {}}}}};
  features->features = support::node("{x: amount}");
  models_.add("m", one_to_one(), doubled,
              [&](ModelVersion& version) { version.feature_file = features; });
  EXPECT_THAT(
      error_of("m", Schema{{{"amout", {DType::float32, {}}}}}),
      HasSubstr("its features read a field 'amount' (float32); there is 'amout'. Did you mean "
                "'amout'?"));
  EXPECT_THAT(error_of("m", Schema{{{"amount", {DType::int32, {}}}}}),
              HasSubstr("expect 'amount' as float32; it is int32 here"));
  EXPECT_NE(make("m", Schema{{{"amount", {DType::float32, {}}}}}), nullptr);
}

TEST_F(InferTest, A_column_name_that_is_taken_is_an_error) {
  Signature same = one_to_one();
  same.outputs[0].name = "x";
  models_.add("m", same, doubled);
  EXPECT_THAT(error_of("m"), HasSubstr("there is a field 'x' already"));
  EXPECT_NE(make("{model: m, outputs: {x: score}}"), nullptr);
}

TEST_F(InferTest, One_result_for_all_rows_is_refused) {
  Signature scalar = one_to_one();
  scalar.outputs[0].shape = {};
  models_.add("m", scalar, doubled);
  EXPECT_THAT(error_of("m"), HasSubstr("is one for all rows of a call"));
}

TEST_F(InferTest, An_output_of_open_shape_is_told_in_the_settings) {
  Signature open = one_to_one();
  open.outputs[0].unknown_rank = true;
  open.outputs[0].shape = {};
  models_.add("m", open, doubled);
  EXPECT_THAT(error_of("m"), HasSubstr("y: {as: y, type: float32[10]}"));
  auto infer = make("{model: m, outputs: {y: {as: score, type: float32}}}");
  Batch batch;
  fill_numbers(batch, {4});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_EQ(column(batch, 2)[0], 8.0F);
}

TEST_F(InferTest, A_misspelt_model_or_setting_is_an_error_with_a_suggestion) {
  models_.add("disaster", one_to_one(), doubled);
  EXPECT_THAT(error_of("desaster"), HasSubstr("Did you mean 'disaster'?"));
  EXPECT_THAT(error_of("{model: disaster, output: {y: a}}"), HasSubstr("Did you mean 'outputs'?"));
  EXPECT_THAT(error_of("{model: disaster, on_error: dead}"),
              HasSubstr("expected dead_letter, stop"));
  EXPECT_THAT(error_of("{model: disaster, outputs: {y: [1]}}"),
              HasSubstr("a column's name was expected"));
  EXPECT_THAT(error_of("{model: disaster, outputs: {y: a, }, on_error: {model: none}}"),
              HasSubstr("there is no model 'none'"));
}

TEST_F(InferTest, Defaults_must_fit_the_columns_they_stand_for) {
  Signature signature = one_to_one();
  signature.outputs.push_back({"v", DType::int32, {{-1, 2}}});
  models_.add("m", signature, doubled);
  const auto with = [&](const std::string& defaults) {
    return error_of("{model: m, on_error: {default: {" + defaults + "}}}");
  };
  EXPECT_EQ(with("y: 0.5, v: 0"), "no error");
  EXPECT_EQ(with("y: 0.5, v: [1, 2]"), "no error");
  EXPECT_THAT(with("y: 0.5"), HasSubstr("a value for 'v' (int32 [2]) was expected"));
  EXPECT_THAT(with("y: no, v: 0"), HasSubstr("a value of type float32 was expected"));
  EXPECT_THAT(with("y: 0.5, v: [1, 2, 3]"), HasSubstr("int32 [2]"));
  EXPECT_THAT(with("y: 0.5, v: 3000000000"), HasSubstr("int32 [2]"));
  EXPECT_THAT(with("y: 0.5, v: 0, vv: 1"), HasSubstr("Did you mean 'v'?"));
}

TEST_F(InferTest, The_other_model_must_give_the_same_columns) {
  models_.add("m", one_to_one(), doubled);
  Signature wide = one_to_one();
  wide.outputs[0].shape.dims = {-1, 3};
  models_.add("wide", wide, doubled);
  Signature renamed = one_to_one();
  renamed.outputs[0].name = "other";
  models_.add("renamed", renamed, doubled);
  EXPECT_THAT(
      error_of("{model: m, on_error: {model: wide}}"),
      HasSubstr("was expected to give 'y' as float32, like model 'm'; it gives float32 [3]"));
  EXPECT_EQ(error_of("{model: m, on_error: {model: renamed}}"), "no error");
}

}  // namespace
}  // namespace thalweg
