// What the goldens do not show: shapes, refused rows, and the steps that have no library to equal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/support/bench.h"
#include "feature/text/python_pattern.h"

namespace thalweg::feature_test {
namespace {

using ::testing::HasSubstr;

TEST(FeatureSteps, Cast_cuts_towards_zero_and_refuses_what_does_not_fit) {
  Bench bench("{x: float32}", "{y: {cast: x, to: int32}}");
  EXPECT_EQ(bench(R"([1.9, -1.9, "NaN", 3e9, 2147483520, "-Infinity"])"),
            "[1,-1,0,0,2147483520,0]");
  EXPECT_EQ(bench.failures(), "2:feature_failed 3:feature_failed 5:feature_failed");
}

TEST(FeatureSteps, Cast_reads_and_writes_text) {
  EXPECT_EQ(Bench("{x: string}", "{y: {cast: x, to: float32}}")(R"(["1.5", "+2", "1e3"])"),
            "[1.5,2,1000]");
  Bench bad("{x: string}", "{y: {cast: x, to: int64}}");
  EXPECT_EQ(bad(R"(["12", "12a", ""])"), "[12,0,0]");
  EXPECT_EQ(bad.failures(), "1:feature_failed 2:feature_failed");
  EXPECT_EQ(Bench("{x: int64}", "{y: {cast: x, to: string}}")("[-9223372036854775808, 7]"),
            R"(["-9223372036854775808","7"])");
  EXPECT_EQ(Bench("{x: 'float32[2]'}", "{y: {cast: x, to: bool}}")("[[0, 0.5]]"), "[[false,true]]");
}

TEST(FeatureSteps, Whole_numbers_are_scaled_in_float64_and_end_as_float32) {
  Bench bench("{x: int64}", "{y: {standardise: x, mean: 9007199254740990, scale: 1}}");
  EXPECT_EQ(bench("[9007199254740993]"),
            "[2]");  // one float64 step below the true 3, where float32 would say 0
}

TEST(FeatureSteps, Settings_may_differ_by_place_in_a_vector) {
  Bench bench("{x: 'float32[2]'}", "{y: {min_max: x, min: [0, 10], max: [10, 20]}}");
  EXPECT_EQ(bench("[[5, 10], [10, 15]]"), "[[0.5,0],[1,0.5]]");
  EXPECT_THAT(Bench("{x: 'float32[2]'}", "{y: {min_max: x, min: [0, 1, 2], max: 4}}").error(),
              HasSubstr("or 2 as the input has"));
}

TEST(FeatureSteps, Rescale_and_fill_nan) {
  EXPECT_EQ(Bench("{x: uint8}", "{y: {rescale: x, scale: 0.5, offset: -1}}")("[0, 255]"),
            "[-1,126.5]");
  EXPECT_EQ(Bench("{x: float32}", "{y: {fill_nan: x, value: -1}}")(R"(["NaN", 2])"), "[-1,2]");
}

TEST(FeatureSteps, Numeric_steps_keep_the_lengths_of_ragged_rows) {
  Bench bench("{x: 'int32[]'}", "{y: {chain: [x, {clip: {low: 0}}, {cast: float32}]}}");
  EXPECT_EQ(bench("[[-1, 2], [], [3]]"), "[[0,2],[],[3]]");
}

TEST(FeatureSteps, An_unknown_word_refuses_its_row_only) {
  Bench bench("{x: string}", "{y: {vocabulary: x, words: [a, b], num_oov_indices: 0}}");
  EXPECT_EQ(bench(R"(["b", "z", "a"])"), "[1,0,0]");
  EXPECT_EQ(bench.failures(), "1:feature_failed");
  EXPECT_THAT(
      bench.frame().scratch.failures[0].error.message(),
      HasSubstr("feature 'y': step 'vocabulary': expected a word of the vocabulary; got 'z'"));
}

TEST(FeatureSteps, A_saved_vocabulary_may_begin_with_the_layers_own_tokens) {
  EXPECT_EQ(
      Bench("{x: string}", "{y: {vocabulary: x, words: ['', '[UNK]', a, b], mask_token: ''}}")(
          R"(["b", "z", ""])"),
      "[3,1,0]");
  EXPECT_THAT(Bench("{x: string}", "{y: {vocabulary: x, words: [a, '[UNK]']}}").error(),
              HasSubstr("without '[UNK]'"));
}

TEST(FeatureSteps, One_hot_of_a_list_gives_a_matrix) {
  Bench bench("{x: 'int64[2]'}", "{y: {one_hot: x, depth: 3}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  EXPECT_EQ(bench.program().outputs().fields[0].type, type("float32[2,3]"));
  EXPECT_EQ(bench("[[0, 2]]"), "[[1,0,0,0,0,1]]");
  Bench ragged("{x: 'int64[]'}", "{y: {one_hot: x, depth: 2}}");
  EXPECT_EQ(ragged.program().outputs().fields[0].type, type("float32[?,2]"));
  EXPECT_EQ(ragged("[[], [1, 0]]"), "[[],[0,1,1,0]]");
}

TEST(FeatureSteps, Count_refuses_a_row_whose_weights_are_too_few) {
  Bench bench("{ids: 'int64[]', weights: 'float32[]'}", "{y: {count: [ids, weights], depth: 2}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, "[[0, 1], [0, 1], [1]]").feed(1, "[[2, 3], [4], [5]]");
  const Column& out = *bench.run()[0];
  EXPECT_EQ(row_json(out, 0), "[2,3]");
  EXPECT_EQ(row_json(out, 2), "[0,5]");
  EXPECT_EQ(bench.failures(), "1:feature_failed");
}

TEST(FeatureSteps, Mask_before_pad_tells_elements_from_padding) {
  Bench bench("{x: 'int32[]'}", "{y: {chain: [x, mask, {pad: {length: 3, side: post}}]}}");
  EXPECT_EQ(bench("[[7, 8], [], [1, 2, 3, 4]]"), "[[1,1,0],[0,0,0],[1,1,1]]");
  EXPECT_EQ(Bench("{x: 'int32[]'}", "{y: {mask: x, dtype: bool}}")("[[7, 8], []]"),
            "[[true,true],[]]");
}

TEST(FeatureSteps, Pad_works_on_words_and_on_vectors) {
  EXPECT_EQ(Bench("{x: 'string[]'}", "{y: {pad: x, length: 2, side: post, value: '-'}}")(
                R"([["a"], ["b", "c", "d"]])"),
            R"([["a","-"],["c","d"]])");
  Bench vectors("{x: 'float32[?,2]'}", "{y: {pad: x, length: 2}}");
  EXPECT_EQ(vectors.program().outputs().fields[0].type, type("float32[2,2]"));
  EXPECT_EQ(vectors("[[[1, 2]], [[3, 4], [5, 6], [7, 8]]]"), "[[0,0,1,2],[5,6,7,8]]");
}

TEST(FeatureSteps, Stack_refuses_to_lose_digits_silently) {
  EXPECT_THAT(Bench("{x: float32}", "{y: {stack: [x], dtype: int32}}").error(), HasSubstr("cast"));
  EXPECT_EQ(Bench("{x: int32}", "{y: {stack: [x, x], dtype: int64}}")("[3]"), "[[3,3]]");
}

TEST(FeatureSteps, Split_on_a_text_keeps_empty_words) {
  EXPECT_EQ(Bench("{x: string}", "{y: {split: x, on: '; '}}")(R"(["a; b; ", "", "; "])"),
            R"([["a","b",""],[""],["",""]])");
}

TEST(FeatureSteps, Remove_punctuation_is_ASCIIs_or_all_of_Unicodes) {
  EXPECT_EQ(Bench("{x: string}", "{y: {remove_punctuation: x}}")(R"(["a.b!c-«d»$"])"),
            R"(["abc«d»"])");
  EXPECT_EQ(
      Bench("{x: string}", "{y: {remove_punctuation: x, kind: unicode}}")(R"(["a.b!c-«d»$"])"),
      R"(["abcd$"])");
}

TEST(FeatureSteps, Replace_knows_groups_and_grows) {
  EXPECT_EQ(
      Bench("{x: string}", R"({y: {replace: x, pattern: '(\w+)@(\w+)', with: '<\2 at \1>'}})")(
          R"(["a@b c@d", "é@ü", "none"])"),
      R"(["<b at a> <d at c>","<ü at é>","none"])");
  EXPECT_EQ(
      Bench("{x: string}", "{y: {replace: x, pattern: 'a', with: 'twelve bytes'}}")(R"(["aaa"])"),
      R"(["twelve bytestwelve bytestwelve bytes"])");
  EXPECT_THAT(Bench("{x: string}", R"({y: {replace: x, pattern: 'a', with: '\1'}})").error(),
              HasSubstr("group"));
}

TEST(FeatureSteps, Empty_matches_are_replaced_as_Python_does) {
  EXPECT_EQ(
      Bench("{x: string}", "{y: {replace: x, pattern: 'x*', with: '-'}}")(R"(["abxd", "", "é"])"),
      R"(["-a-b--d-","-","-é-"])");
}

TEST(FeatureSteps, Patterns_match_leftmost_first_as_Python_does) {
  EXPECT_EQ(Bench("{x: string}", "{y: {remove: x, pattern: 'a|ab'}}")(R"(["abab"])"), R"(["bb"])");
}

TEST(PythonPatterns, Classes_are_Unicodes) {
  EXPECT_EQ(Bench("{x: string}", R"({y: {remove: x, pattern: '[\d\s]+'}})")("[\"a١ 2\u00a0b\"]"),
            R"(["ab"])");
  EXPECT_EQ(Bench("{x: string}", R"({y: {remove: x, pattern: '\W'}})")(R"(["né, 日本!"])"),
            R"(["né日本"])");
  EXPECT_EQ(Bench("{x: string}", R"({y: {remove: x, pattern: '[^\w]'}})")(R"(["né, 日本!"])"),
            R"(["né日本"])");
  EXPECT_EQ(Bench("{x: string}", R"({y: {remove: x, pattern: '[]x]'}})")(R"(["a]xb"])"),
            R"(["ab"])");
  EXPECT_FALSE(feature::unicode_classes(R"([a\W])").ok());
  EXPECT_EQ(*feature::unicode_classes(R"(\\d\.)"), R"(\\d\.)");
}

// Bytes that are no UTF-8 come with `format: bytes`; each step that looks at characters refuses the row, no step crashes.
TEST(FeatureSteps, Text_that_is_not_UTF_8_is_a_refused_row) {
  for (const char* step : {"lower_case", "remove_emoji", "remove_digits", "remove_punctuation",
                           "replace_non_word", "split", "{keras_tokens: {words: [a]}}",
                           "{text_vectorization: {words: [a], split: character}}"}) {
    Bench bench("{x: string}", std::string("{y: {chain: [x, ") + step + "]}}");
    ASSERT_TRUE(bench.bound()) << bench.error();
    for (const char* text : {"fine", "cut \xE2\x82", "\xFF", "A\xC0\x80", "\xED\xA0\x80", "fine"}) {
      bench.column().push_string(text);
      bench.column().end_row();
    }
    EXPECT_EQ(bench.run()[0]->rows(), 6U) << step;
    EXPECT_EQ(bench.failures(), "1:not_utf8 2:not_utf8 3:not_utf8 4:not_utf8") << step;
  }
  for (const char* step :
       {"{remove: '.'}", "{min_length: 2}", "{remove_words: {words: [a]}}", "{lemmatise: verb}"}) {
    Bench bench(std::string_view(step).starts_with("{remove: ") ? "{x: string}" : "{x: 'string[]'}",
                std::string("{y: {chain: [x, ") + step + "]}}");
    if (!bench.bound() && bench.error().find("wordnet-base") != std::string::npos) continue;
    ASSERT_TRUE(bench.bound()) << bench.error();
    bench.column().push_string("\xFF\xE2\x82");
    bench.column().end_row();
    EXPECT_EQ(bench.run()[0]->rows(), 1U) << step;
  }
}

}  // namespace
}  // namespace thalweg::feature_test
