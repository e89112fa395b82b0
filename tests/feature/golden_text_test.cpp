// Text steps against Python, NLTK and Keras.
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "feature/support/golden.h"
#include "feature/text/utf8.h"

namespace thalweg::feature_test {
namespace {

namespace dom = simdjson::dom;
using simdjson::dom::object;

TEST(GoldenText, Lower_case_equals_Pythons) {
  EXPECT_GT(check_golden({.file = "lower_case", .step = "lower_case", .one_row = true}), 40);
}

TEST(GoldenText, Remove_emoji_equals_Pythons_re_sub) {
  EXPECT_GT(check_golden({.file = "remove_emoji", .step = "remove_emoji", .one_row = true}), 40);
}

TEST(GoldenText, Remove_equals_Pythons_re_sub) {
  EXPECT_GT(check_golden({.file = "remove", .step = "remove", .one_row = true}), 39);
}

TEST(GoldenText, Replace_non_word_equals_Pythons_re_sub) {
  EXPECT_GT(check_golden({.file = "replace_non_word", .step = "replace_non_word", .one_row = true}),
            39);
}

TEST(GoldenText, Remove_digits_equals_Pythons_re_sub) {
  EXPECT_GT(check_golden({.file = "remove_digits", .step = "remove_digits", .one_row = true}), 39);
}

TEST(GoldenText, Split_and_join_equal_Pythons) {
  EXPECT_GT(check_golden({.file = "split", .step = "split", .one_row = true}), 39);
  EXPECT_GT(check_golden({.file = "join", .step = "join", .one_row = true, .type = "string[]"}),
            79);
}

TEST(GoldenText, Remove_words_and_min_length_equal_Pythons) {
  EXPECT_EQ(
      check_golden(
          {.file = "remove_words", .step = "remove_words", .one_row = true, .type = "string[]"}),
      3);
  EXPECT_EQ(check_golden(
                {.file = "min_length", .step = "min_length", .one_row = true, .type = "string[]"}),
            8);
}

TEST(GoldenText, Lemmatise_equals_NLTKs_WordNetLemmatizer) {
  if (!std::filesystem::exists("/usr/share/wordnet/index.verb"))
    GTEST_SKIP() << "no WordNet: apt-get install wordnet-base";
  EXPECT_EQ(check_golden({.file = "lemmatise", .step = "lemmatise"}), 4);
}

TEST(GoldenText, Keras_tokens_equal_the_Tokenizer_of_Keras_2) {
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("thalweg-tokens-{}", getpid());
  std::filesystem::create_directory(folder);
  int files = 0;
  EXPECT_EQ(check_golden({.file = "keras_tokens",
                          .step = "keras_tokens",
                          .adjust =
                              [&](object params, Node& settings) {
                                const auto path = folder / fmt::format("vocab{}.json", ++files);
                                std::ofstream(path)
                                    << simdjson::minify(params["vocabulary"].value());
                                settings.set("vocabulary", Node::scalar(path.string()));
                                return true;
                              }}),
            8);
  std::filesystem::remove_all(folder);
}

TEST(GoldenText, Text_vectorization_equals_Keras_without_ngrams) {
  const auto supported = [](object params, Node& settings) {
    if (params["ngrams"].error() == simdjson::SUCCESS ||
        params["output_mode"].error() == simdjson::SUCCESS)
      return false;
    for (const char* name : {"standardize", "split"}) {
      if (params[name].value().is_null()) settings.set(name, Node::scalar("none"));
    }
    return true;
  };
  EXPECT_EQ(check_golden({.file = "text_vectorization",
                          .step = "text_vectorization",
                          .names = {{"vocabulary", "words"}},
                          .adjust = supported,
                          .padded = true}),
            20);
}

TEST(GoldenText, Pad_equals_Keras_pad_sequences) {
  for (const char* dtype : {"int32", "int64", "float32"}) {
    const auto fixed = [&](object params, Node&) {
      return !params["length"].value().is_null() &&
             params["output_dtype"].get_string().value() == dtype;
    };
    EXPECT_EQ(
        check_golden(
            {.file = "pad", .step = "pad", .type = std::string(dtype) + "[]", .adjust = fixed}),
        12);
  }
}

TEST(GoldenText, Pad_without_a_length_leaves_the_rows_to_be_padded_behind_with_zeros) {
  const auto open = [](object params, Node& settings) {
    return params["length"].value().is_null() && params["side"].get_string().value() == "post" &&
           settings.find("value")->text() == "0";
  };
  EXPECT_EQ(check_golden(
                {.file = "pad", .step = "pad", .type = "int32[]", .adjust = open, .padded = true}),
            2);
}

// Every code point, but those that one of the two Unicode versions does not know.
TEST(GoldenText, Character_classes_equal_Pythons_for_every_code_point) {
  dom::parser parser;
  std::vector<char> unassigned(0x110000), expected(0x110000);
  const auto mark = [](dom::element ranges, std::vector<char>& marks) {
    std::fill(marks.begin(), marks.end(), 0);
    for (const dom::element range : ranges.get_array()) {
      for (std::int64_t c = range.at(0).get_int64().value(); c <= range.at(1).get_int64().value();
           ++c)
        marks[static_cast<std::size_t>(c)] = 1;
    }
  };
  const dom::element golden = load_golden(parser, "character_classes");
  for (const dom::element one : golden["cases"].get_array()) {
    if (one["params"]["class"].get_string().value() == "unassigned")
      mark(one["output"], unassigned);
  }
  for (const dom::element one : golden["cases"].get_array()) {
    const std::string_view name = one["params"]["class"].get_string().value();
    if (name == "unassigned") continue;
    mark(one["output"], expected);
    int wrong = 0;
    for (std::int32_t c = 0; c < 0x110000; ++c) {
      if (unassigned[static_cast<std::size_t>(c)] != 0 || (c >= 0xD800 && c < 0xE000)) continue;
      const bool got = name == "word"    ? feature::is_word(c)
                       : name == "digit" ? feature::is_digit(c)
                                         : feature::is_space(c);
      if (got != (expected[static_cast<std::size_t>(c)] != 0)) {
        ++wrong;
        ADD_FAILURE() << name << fmt::format(" U+{:04X}", c);
      }
      if (wrong > 10) break;
    }
  }
}

}  // namespace
}  // namespace thalweg::feature_test
