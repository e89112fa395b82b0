// Steps of the application's own: registered as the built-in ones are.
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/feature.h"

#include "feature/support/bench.h"

namespace thalweg::feature_test {
namespace {

using ::testing::HasSubstr;

Registry with(FeatureStepKind kind) {
  Registry own;
  register_feature_steps(own);
  own.add(std::move(kind));
  return own;
}

TEST(OwnSteps, A_function_of_a_number_is_a_step) {
  const Registry own = with(
      number_feature("celsius", "Fahrenheit to Celsius.", [](float f) { return (f - 32) / 1.8F; }));
  Bench bench("{x: int32}", yaml("{y: {stack: [{celsius: x}, x]}}"), own);
  EXPECT_EQ(bench("[212, 32]"), "[[100,212],[0,32]]");
}

TEST(OwnSteps, A_function_of_a_text_is_a_step) {
  const Registry own =
      with(text_feature("twice", "The text twice.", [](std::string_view s, Arena& arena) {
        return arena.copy(std::string(s) + std::string(s));
      }));
  EXPECT_EQ(Bench("{x: string}", yaml("{y: {chain: [x, twice, lower_case]}}"), own)(R"(["Ab"])"),
            R"(["abab"])");
}

TEST(OwnSteps, One_that_throws_refuses_its_row_and_no_other) {
  const Registry own = with(number_feature("picky", "", [](float x) {
    return x < 0 ? throw std::runtime_error("expected no negative number") : x;
  }));
  Bench bench("{x: float32}", yaml("{y: {picky: x}}"), own);
  EXPECT_EQ(bench("[1, -1, 2]"), "[1,0,2]");
  EXPECT_EQ(bench.failures(), "1:feature_failed");
  EXPECT_THAT(bench.frame().scratch.failures[0].error.message(),
              HasSubstr("step 'picky': expected no negative number"));
}

const Section pick_section{
    .name = "pick",
    .doc = "",
    .settings = {{.name = "which", .type = SettingType::integer, .required = true}},
    .shorthand = "which"};

Result<std::unique_ptr<FeatureStep>> make_pick(const Values& settings,
                                               const FeatureContext& context) {
  if (context.inputs.empty() || context.inputs[0].dtype != DType::float32)
    return Error(Code::config_invalid, "expected float32");
  const auto which = static_cast<std::size_t>(settings.integer("which"));
  return make_feature_step({DType::float32, {}},
                           [which](std::span<const Column* const> inputs, std::size_t rows,
                                   Column& out, FeatureScratch&) {
                             for (std::size_t row = 0; row < rows; ++row)
                               *out.append<float>() = inputs[0]->row<float>(row)[which];
                           });
}

TEST(OwnSteps, One_with_settings_is_checked_like_the_built_in_ones) {
  const Registry own =
      with({.name = "pick", .doc = "One element.", .section = &pick_section, .make = make_pick});
  EXPECT_EQ(Bench("{x: 'float32[3]'}", yaml("{y: {chain: [x, {pick: 2}]}}"), own)("[[1, 2, 3]]"),
            "[3]");
  EXPECT_THAT(Bench("{x: 'float32[3]'}", yaml("{y: {pick: x, wich: 2}}"), own).error(),
              HasSubstr("Did you mean 'which'?"));
  EXPECT_THAT(Bench("{x: string}", yaml("{y: {pick: x, which: 2}}"), own).error(),
              HasSubstr("feature 'y': step 'pick': expected float32"));
}

TEST(OwnSteps, One_replaces_a_built_in_step_of_its_name) {
  const Registry own = with(number_feature("log1p", "", [](float) { return 42.0F; }));
  EXPECT_EQ(Bench("{x: float32}", yaml("{y: {log1p: x}}"), own)("[1]"), "[42]");
}

TEST(OwnSteps, One_that_breaks_its_promise_refuses_all_rows_and_harms_nobody) {
  const auto broken = [](auto apply) {
    return FeatureStepKind{
        .name = "broken",
        .doc = "",
        .make = [apply](const Values&,
                        const FeatureContext&) -> Result<std::unique_ptr<FeatureStep>> {
          return make_feature_step({DType::float32, {}}, apply);
        }};
  };
  const Registry short_one = with(
      broken([](auto, std::size_t, Column& out, FeatureScratch&) { *out.append<float>() = 1; }));
  Bench bench("{x: float32}", yaml("{y: {stack: [{broken: x}, x]}}"), short_one);
  EXPECT_EQ(bench("[1, 2]"), "[[0,1],[0,2]]");
  EXPECT_EQ(bench.failures(), "0:feature_failed 1:feature_failed");
  const Registry thrower =
      with(broken([](auto, std::size_t, Column&, FeatureScratch&) { throw 3; }));
  Bench thrown("{x: float32}", yaml("{y: {broken: x}}"), thrower);
  EXPECT_EQ(thrown("[1]"), "[0]");
  EXPECT_EQ(thrown.failures(), "0:feature_failed");
}

}  // namespace
}  // namespace thalweg::feature_test
