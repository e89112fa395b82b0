// The reference preprocessing of the tweets model, line by line: what features.yaml makes is what the model was trained with.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "feature/support/bench.h"

namespace thalweg::feature_test {
namespace {

constexpr std::string_view features = R"(
clean: &clean
  chain: [value, remove_emoji, {remove: 'https?://t.co/[A-Za-z0-9]+'}, {replace_non_word: ' '}, remove_digits, lower_case]
lemmas: &lemmas
  chain: [*clean, split, {lemmatise: {part_of_speech: verb}}, {remove_words: {file: stopwords_english.txt}}, {min_length: 4}, {join: ' '}]
ids: &ids
  chain: [*lemmas, {keras_tokens: {vocabulary: vocab.json}}]
embedding_2_input:
  chain: [*ids, {pad: {length: 121, side: post, truncate: pre, value: 0}}, {cast: float32}]
)";

class Tweets : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("THALWEG_TEST_DATA");
    if (data == nullptr) GTEST_SKIP() << "THALWEG_TEST_DATA is not set";
    folder_ = std::string(data) + "/tweets";
    if (!std::filesystem::exists("/usr/share/wordnet/index.verb"))
      GTEST_SKIP() << "no WordNet: apt-get install wordnet-base";
  }
  std::string folder_;
};

TEST_F(Tweets, Clean_text_lemmas_and_ids_equal_the_reference_on_every_line) {
  Bench bench("{value: string}", yaml(features), registry(), folder_);
  ASSERT_TRUE(bench.bound()) << bench.error();
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.load_many(folder_ + "/preprocess_gold.jsonl");
  int rows = 0, different = 0;
  for (const simdjson::dom::element line : lines) {
    ++rows;
    bench.clear();
    append_row(bench.column(), line["text"].value());
    const auto out = bench.run();
    EXPECT_EQ(bench.failures(), "");
    std::string padded = simdjson::minify(line["ids"].value());
    const std::size_t count = line["ids"].get_array().size();
    const bool fine = out[0]->strings()[0] == line["clean"].get_string().value() &&
                      out[1]->strings()[0] == line["lemmas"].get_string().value() &&
                      row_json(*out[2], 0) == padded;
    // Behind the ids the padding, and never more than 121.
    padded.pop_back();
    for (std::size_t i = count; i < 121; ++i) padded += i == 0 ? "0" : ",0";
    const bool tensor = count > 121 || row_json(*out[3], 0) == padded + "]";
    if (fine && tensor) continue;
    if (++different <= 5)
      ADD_FAILURE() << line << "\n clean: " << out[0]->strings()[0]
                    << "\n lemmas: " << out[1]->strings()[0] << "\n ids: " << row_json(*out[2], 0);
  }
  EXPECT_EQ(rows, 3807);
  EXPECT_EQ(different, 0);
}

// Where only the model's input is asked for, steps are put together and words are remembered.
TEST_F(Tweets, The_models_input_alone_equals_the_reference_on_every_line) {
  constexpr std::string_view input =
      R"({x: {chain: [value, remove_emoji, {remove: 'https?://t.co/[A-Za-z0-9]+'}, {replace_non_word: ' '},
    remove_digits, lower_case, split, {lemmatise: {part_of_speech: verb}}, {remove_words: {file: stopwords_english.txt}}, {min_length: 4},
    {join: ' '}, {keras_tokens: {vocabulary: vocab.json}}]}})";
  Bench bench("{value: string}", yaml(input), registry(), folder_);
  ASSERT_TRUE(bench.bound()) << bench.error();
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.load_many(folder_ + "/preprocess_gold.jsonl");
  std::vector<std::string> expected;
  for (const simdjson::dom::element line : lines) {
    append_row(bench.column(), line["text"].value());
    expected.push_back(simdjson::minify(line["ids"].value()));
  }
  ASSERT_EQ(expected.size(), 3807U);
  for (int round = 0; round < 2; ++round) {
    const auto out = bench.run();
    EXPECT_EQ(bench.failures(), "");
    for (std::size_t row = 0; row < expected.size(); ++row)
      ASSERT_EQ(row_json(*out[0], row), expected[row]) << "row " << row << ", round " << round;
  }
}

TEST_F(Tweets, All_at_once_equals_one_by_one) {
  Bench together("{value: string}", yaml(features), registry(), folder_);
  Bench alone("{value: string}", yaml(features), registry(), folder_);
  ASSERT_TRUE(together.bound()) << together.error();
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.load_many(folder_ + "/preprocess_gold.jsonl");
  for (const simdjson::dom::element line : lines)
    append_row(together.column(), line["text"].value());
  const auto all = together.run();
  for (std::size_t row = 0; row < all[3]->rows(); ++row) {
    alone.clear();
    alone.column().append_from(together.column(), row);
    const auto one = alone.run();
    for (std::size_t i = 0; i < one.size(); ++i)
      ASSERT_EQ(row_json(*one[i], 0), row_json(*all[i], row)) << "row " << row;
  }
}

}  // namespace
}  // namespace thalweg::feature_test
