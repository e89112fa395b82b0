// Steps that are put together compute, refuse and say what they do one by one.
#include <filesystem>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "feature/support/bench.h"
#include "feature/support/word_memory.h"
#include "feature/text/python_pattern.h"

namespace thalweg::feature_test {
namespace {

// Texts and words that meet the rules: endings, stop words, separators inside a word, letters whose lower case depends on their
// neighbours, characters of one to four bytes, and bytes that are no UTF-8.
std::string any_of_these(const std::vector<std::string>& parts, int longest) {
  std::string text;
  for (int i = *rc::gen::inRange(0, longest); i > 0; --i)
    text += parts[*rc::gen::inRange<std::size_t>(0, parts.size())];
  return text;
}

std::string any_text() {
  static const std::vector<std::string> parts = {
      "burning ", "the ", "The ",     "fires", " ran", "a",   "B", "É",      "é",   "Σ", " ",
      "\t",       "7",    "٣",        "😀",     "漢",   "!",   "-", "\xFF",   "_",   "'", "\u00a0",
      "http",     "s://", "://t.co/", "aB9",   " ",    "ing", "İ", "\u2028", "\x1c"};
  return any_of_these(parts, 16);
}

// The chain as the feature `x`. With `apart`, what is between the steps is an output too, so nothing can be put together.
std::unique_ptr<Bench> bench_of(std::string_view type, const std::vector<std::string>& steps,
                                bool apart) {
  std::string features;
  std::string chain = "t";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    chain += ", " + steps[i];
    const bool last = i + 1 == steps.size();
    if (last || apart)
      features += (last ? "x" : "p" + std::to_string(i)) + ": {chain: [" + chain + "]}\n";
  }
  auto bench = std::make_unique<Bench>("{t: '" + std::string(type) + "'}", features);
  EXPECT_TRUE(bench->bound()) << bench->error();
  return bench;
}

using Rows = std::vector<std::vector<std::string>>;

// Rows and refusals of `x`, one string a row.
std::vector<std::string> seen(Bench& bench, const Rows& rows) {
  bench.clear();
  for (const auto& row : rows) {
    for (const std::string& s : row) bench.column().push_string(s);
    bench.column().end_row();
  }
  const Column& out = *bench.run().back();
  std::vector<std::string> all;
  for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(row_json(out, i) + "|");
  for (const RowFailure& failure : bench.frame().scratch.failures) {
    const std::string& message = failure.error.message();
    all[failure.row] += message.substr(message.find("step")) + "|";
  }
  return all;
}

TEST(FusedText, Cleaning_and_splitting_at_once_equals_step_by_step) {
  const std::vector<std::vector<std::string>> chains = {
      {"remove_emoji", "{remove: 'https?://t.co/[A-Za-z0-9]+'}", "replace_non_word",
       "remove_digits", "lower_case", "split"},
      {"lower_case", "{replace_non_word: _}", "remove_punctuation"},
      {"{replace_non_word: '<>'}", "{remove_punctuation: unicode}", "split"},
      {"lower_case", "split"},
      {"{replace: {pattern: '(.)i', with: '\\1 '}}", "remove_digits", "{replace_non_word: ''}"},
  };
  for (const auto& chain : chains) {
    const auto together = bench_of("string", chain, false), apart = bench_of("string", chain, true);
    EXPECT_TRUE(rc::check([&] {
      Rows rows;
      for (int i = *rc::gen::inRange(1, 5); i > 0; --i) rows.push_back({any_text()});
      RC_ASSERT(seen(*together, rows) == seen(*apart, rows));
    }));
  }
}

TEST(FusedWords, Words_that_are_remembered_equal_words_that_are_asked) {
  if (!std::filesystem::exists("/usr/share/wordnet/index.verb"))
    GTEST_SKIP() << "no WordNet: apt-get install wordnet-base";
  static const std::vector<std::string> parts = {"burn", "ing", "ed", "s", "fire", "ran",
                                                 "the",  "É",   "Σ",  "-", "\xFF", "es",
                                                 "run",  "ies", "fl", "a"};
  const std::string tokens =
      "{keras_tokens: {words: [burn, fire, run, é, σ, 'ς', fl, a, the, s, es], oov_token: the}}";
  const std::vector<std::vector<std::string>> chains = {
      {"{lemmatise: verb}"},
      {"{lemmatise: verb}", "{remove_words: {words: [the, run]}}", "{min_length: 2}"},
      {"{lemmatise: noun}", "{min_length: 3}", "join", tokens},
      {"{remove_words: {words: [the]}}", "{join: \"\\t \"}", tokens},
      {"{min_length: 1}", "{join: '-'}", tokens},  // could be in a word: stays apart
      {"{min_length: 1}", "{join: ''}", tokens},
  };
  for (const auto& chain : chains) {
    const auto together = bench_of("string[]", chain, false),
               apart = bench_of("string[]", chain, true);
    EXPECT_TRUE(rc::check([&] {
      Rows rows(*rc::gen::inRange<std::size_t>(1, 5));
      for (auto& row : rows) {
        for (int i = *rc::gen::inRange(0, 6); i > 0; --i) row.push_back(any_of_these(parts, 6));
      }
      // Some words are new, most known by now.
      RC_ASSERT(seen(*together, rows) == seen(*apart, rows));
    }));
  }
}

TEST(WordMemory, More_words_than_it_has_places_for_never_give_the_answer_of_another) {
  feature::WordMemory<std::uint64_t> memory;
  std::size_t found = 0;
  const auto word_of = [](std::uint64_t i) {  // 1 to 40 bytes; many differ in one place only
    std::string word(1 + i % 40, i % 3 == 0 ? 'a' : '\0');
    for (std::size_t at = i % 7 % word.size(), left = i; left > 0; left /= 199)
      word[at++ % word.size()] = static_cast<char>(left % 199);
    return word;
  };
  for (std::uint64_t round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < 50'000; ++i) {
      const std::string word = word_of(i);
      // Behind the word stands something else each time: it must not be looked at.
      const std::string there = word + (i % 2 == 0 ? "xxxxxxxx" : "yyyyyyyy");
      const auto key =
          feature::WordMemory<std::uint64_t>::key(std::string_view(there).substr(0, word.size()));
      const std::uint64_t answer = std::hash<std::string>{}(word);
      for (int twice = 0; twice < 2; ++twice) {
        if (const std::uint64_t* known = memory.find(key)) {
          ASSERT_EQ(*known, answer) << i;
          ++found;
        } else {
          memory.keep(key, answer);
        }
      }
    }
  }
  EXPECT_GE(found, 100'000U);  // at least what was kept a moment before
}

TEST(WordMemory, A_word_is_not_taken_for_a_longer_one_that_begins_with_it) {
  using Memory = feature::WordMemory<int>;
  const std::string word = "abcdefgh";
  const auto key = Memory::key(word);
  for (int i = 10'000'000; i < 99'999'999; ++i) {
    const std::string longer = word + std::to_string(i);
    const auto other = Memory::key(longer);
    if (other.set != key.set) continue;
    Memory memory;
    memory.keep(other, 1);
    EXPECT_EQ(memory.find(key), nullptr);
    memory.keep(key, 2);
    EXPECT_EQ(*memory.find(other), 1);
    EXPECT_EQ(*memory.find(key), 2);
    return;
  }
  FAIL() << "expected two words of one set";
}

TEST(LiteralBeginning, Is_what_every_match_begins_with_and_nothing_where_that_is_not_plain) {
  const auto begin = [](std::string_view pattern) { return feature::literal_beginning(pattern); };
  EXPECT_EQ(begin("https?://t.co/[A-Za-z0-9]+"), "http");
  EXPECT_EQ(begin("#\\w+"), "#");
  EXPECT_EQ(begin("ab+c"), "ab");
  EXPECT_EQ(begin("ab*c"), "a");
  EXPECT_EQ(begin("ab{0}c"), "a");
  EXPECT_EQ(begin("a?"), "");
  EXPECT_EQ(begin("abc"), "abc");
  EXPECT_EQ(begin("abc|d"), "");
  EXPECT_EQ(begin("(?i)abc"), "");
  EXPECT_EQ(begin("^abc"), "");
  EXPECT_EQ(begin("\\babc"), "");
  EXPECT_EQ(begin("é?a"), "");
  EXPECT_EQ(begin(""), "");
}

TEST(LiteralBeginning, A_match_behind_a_beginning_that_is_none_is_found) {
  EXPECT_EQ(Bench("{x: string}", "{y: {remove: x, pattern: 'http://a+'}}")(
                R"(["http://http://aab http:/ http://a", "http", ""])"),
            R"(["http://b http:/ ","http",""])");
  EXPECT_EQ(
      Bench("{x: string}", "{y: {remove: x, pattern: 'ab', ignore_case: true}}")(R"(["xABaby"])"),
      R"(["xy"])");
}

}  // namespace
}  // namespace thalweg::feature_test
