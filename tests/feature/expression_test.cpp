// The grammar of expressions: what can be written, and what an error says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml_reader.h"
#include "feature/support/bench.h"

namespace thalweg::feature_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(FeatureExpressions, A_bare_word_is_the_field_itself_without_a_copy) {
  Bench bench("{amount: float32}", "{x: amount}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, "[1.5, 2]");
  EXPECT_EQ(bench.run()[0], &bench.column());
  EXPECT_EQ(bench.program().outputs(), (Schema{{{"x", type("float32")}}}));
}

TEST(FeatureExpressions, Quoted_words_and_const_are_constants) {
  Bench bench("{a: float32}",
              "{s: 'a', n: {const: 3}, f: {const: 2.5, dtype: float64}, v: {const: [1, 2.5]}, b: "
              "{const: true}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, "[1, 2]");
  const auto out = bench.run();
  const Schema expected{{{"s", type("string")},
                         {"n", type("int64")},
                         {"f", type("float64")},
                         {"v", type("float32[2]")},
                         {"b", type("bool")}}};
  EXPECT_EQ(bench.program().outputs(), expected);
  EXPECT_EQ(row_json(*out[0], 1), "\"a\"");
  EXPECT_EQ(row_json(*out[1], 1), "3");
  EXPECT_EQ(row_json(*out[2], 1), "2.5");
  EXPECT_EQ(row_json(*out[3], 1), "[1,2.5]");
  EXPECT_EQ(row_json(*out[4], 1), "true");
}

TEST(FeatureExpressions, Steps_nest_and_stack_puts_columns_side_by_side) {
  Bench bench(
      "{hour: int32, v: 'float64[2]'}",
      "{x: {stack: [{one_hot: {bucketize: hour, edges: [6, 12, 18]}, depth: 4}, v, {const: 7}]}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, "[0, 12, 23]").feed(1, "[[1, 2], [3, 4], [5, 6]]");
  const Column& x = *bench.run()[0];
  EXPECT_EQ(x.type(), type("float32[7]"));
  EXPECT_EQ(row_json(x, 0), "[1,0,0,0,1,2,7]");
  EXPECT_EQ(row_json(x, 1), "[0,0,1,0,3,4,7]");
  EXPECT_EQ(row_json(x, 2), "[0,0,0,1,5,6,7]");
}

TEST(FeatureExpressions, A_chain_gives_each_step_the_one_before) {
  Bench bench(
      "{t: string}",
      R"({x: {chain: [t, lower_case, {split: ','}, {min_length: 2}, {join: {with: '-'}}]}})");
  EXPECT_EQ(bench(R"(["AB,c,DE", ""])"), R"(["ab-de",""])");
}

TEST(FeatureExpressions, Short_and_long_forms_are_the_same_step) {
  Bench bench(
      "{t: string}",
      R"({a: {chain: [t, {split: ','}]}, b: {split: t, on: ','}, c: {chain: [t, {split: {on: ','}}]}})");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, R"(["a,b"])");
  const auto out = bench.run();
  EXPECT_EQ(bench.frame().slots.size(), 1U);
  EXPECT_EQ(out[0], out[1]);
  EXPECT_EQ(out[0], out[2]);
}

TEST(FeatureExpressions, Equal_expressions_are_computed_once_whatever_the_order_of_their_settings) {
  Bench bench("{x: float32}",
              "{a: {stack: [{clip: {log1p: x}, low: 0, high: 1}]}, b: {stack: [{clip: {log1p: x}, "
              "high: 1, low: 0}, x]}, c: {clip: x, low: 0, high: 1}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, "[1]");
  (void)bench.run();
  EXPECT_EQ(bench.frame().slots.size(), 5U);  // log1p, clip, stack; stack; clip of x
}

TEST(FeatureExpressions, Reads_names_the_fields_that_are_used) {
  Bench bench("{a: float32, b: float32, c: string}", "{x: {log1p: b}, y: c}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  EXPECT_THAT(bench.program().reads(), ::testing::ElementsAre(1, 2));
}

TEST(FeatureExpressions, No_rows_are_no_trouble) {
  Bench bench("{t: string, n: float32}",
              "{x: {chain: [t, lower_case, split, join]}, y: {stack: [n, {log1p: n}]}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  EXPECT_EQ(bench.run()[0]->rows(), 0U);
  EXPECT_EQ(bench.run()[1]->rows(), 0U);
}

struct Mistake {
  const char* name;
  const char* features;
  std::vector<const char*> says;
};

class FeatureMistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(FeatureMistakes, Is_refused_with_its_line_and_a_cure) {
  auto node =
      read_yaml(std::string("features:\n  ") + GetParam().features, {.name = "features.yaml"});
  ASSERT_TRUE(node.ok()) << node.error().message();
  Bench bench("{amount: float32, mcc: string, words: 'string[]'}", *node->find("features"));
  ASSERT_FALSE(bench.bound());
  EXPECT_THAT(bench.error(), HasSubstr("features.yaml:2"));
  for (const char* part : GetParam().says) EXPECT_THAT(bench.error(), HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    All, FeatureMistakes,
    ::testing::Values(
        Mistake{"unknown_field", "x: amout", {"feature 'x'", "'amout'", "Did you mean 'amount'?"}},
        Mistake{"unknown_step", "x: {log1: amount}", {"'log1'", "Did you mean 'log1p'?"}},
        Mistake{"step_as_field", "x: lower_case", {"That is a step", "{lower_case: a_field}"}},
        Mistake{"number_as_field", "x: {stack: [amount, 1.5]}", {"{const: 1.5}"}},
        Mistake{"wrong_dtype",
                "x: {log1p: mcc}",
                {"step 'log1p'", "expected numbers", "got string", "vocabulary"}},
        Mistake{"text_wanted", "x: {lower_case: amount}", {"expected text", "got float32"}},
        Mistake{"words_wanted",
                "x: {min_length: mcc, length: 2}",
                {"expected a list of words", "try split"}},
        Mistake{"unknown_setting", "x: {clip: amount, lo: 1}", {"'lo'", "Did you mean 'low'?"}},
        Mistake{"settings_where_none_are", "x: {log1p: amount, base: 2}", {"'base'"}},
        Mistake{"setting_first",
                "x: {edges: [1], bucketize: amount}",
                {"the first key names the step"}},
        Mistake{"bare_list", "x: [amount]", {"got a list", "stack"}},
        Mistake{"empty_chain", "x: {chain: []}", {"chain: expected a list"}},
        Mistake{"beside_chain", "x: {chain: [amount], dtype: float32}", {"nothing beside `chain`"}},
        Mistake{"settings_beside_a_step_in_a_chain",
                "x: {chain: [mcc, {split: , on: ','}]}",
                {"stand in braces"}},
        Mistake{"main_setting_where_none_is",
                "x: {chain: [mcc, {lower_case: 3}]}",
                {"expected no settings"}},
        Mistake{"ragged_in_stack",
                "x: {stack: [{chain: [words, {vocabulary: {words: [a]}}]}]}",
                {"rows of one length", "pad"}},
        Mistake{
            "bad_pattern", "x: {remove: mcc, pattern: '('}", {"regular expression", "missing )"}},
        Mistake{"look_ahead", "x: {remove: mcc, pattern: '(?=a)'}", {"look-around"}},
        Mistake{"unsorted_edges", "x: {bucketize: amount, edges: [2, 1]}", {"ascending"}},
        Mistake{
            "two_inputs_where_one", "x: {log1p: [amount, amount]}", {"expected 1 input; got 2"}},
        Mistake{"missing_file",
                "x: {one_hot: mcc, vocabulary: no_such_file.txt}",
                {"readable file", "no_such_file.txt"}},
        Mistake{"both_ways_to_spread",
                "x: {standardise: amount, mean: 1, scale: 1, variance: 1}",
                {"either `scale`"}},
        Mistake{"word_twice", "x: {vocabulary: mcc, words: [a, b, a]}", {"'a' twice"}},
        Mistake{"no_wordnet",
                "x: {lemmatise: words, wordnet: no_such_folder}",
                {"WordNet", "apt-get install wordnet-base", "wordnet:"}}),
    [](const auto& info) { return info.param.name; });

TEST(FeatureExpressions, Features_must_be_a_map_that_is_not_empty) {
  for (const char* text : {"[a]", "a", "{}"}) {
    Bench bench("{a: float32}", text);
    EXPECT_FALSE(bench.bound()) << text;
    EXPECT_THAT(bench.error(), HasSubstr("expected a map from names to expressions"));
  }
}

}  // namespace
}  // namespace thalweg::feature_test
