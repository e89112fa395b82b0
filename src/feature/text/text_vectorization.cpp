// text_vectorization: a text becomes the ids of its words, as Keras' layer of that name makes them.
#include <algorithm>

#include "feature/categories/index_lookup.h"
#include "feature/support/step.h"
#include "feature/text/lower.h"
#include "feature/text/utf8.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "text_vectorization",
    .doc =
        "A text becomes the ids of its words: 0 is padding, 1 an unknown word, the vocabulary "
        "begins at 2. Lower case and white space are ASCII's, as in TensorFlow.",
    .settings =
        {{.name = "vocabulary",
          .type = SettingType::path,
          .example = "vocabulary.txt",
          .doc = "The words (get_vocabulary(), with or without its first two): .txt or .json."},
         {.name = "words",
          .type = SettingType::strings,
          .example = "[fire, flood]",
          .doc = "The words, in place of a file."},
         {.name = "standardize",
          .fallback = "lower_and_strip_punctuation",
          .choices = {"lower_and_strip_punctuation", "lower", "strip_punctuation", "none"},
          .doc = "What is done to the text first."},
         {.name = "split",
          .fallback = "whitespace",
          .choices = {"whitespace", "character", "none"},
          .doc = "What the text is split into."},
         {.name = "output_sequence_length",
          .type = SettingType::integer,
          .unit = "words",
          .min = 1,
          .max = 1e6,
          .example = "200",
          .doc = "Every row has so many ids, filled behind with 0 or cut there. None: as many as "
                 "it has words."}},
    .shorthand = "vocabulary"};

bool is_ascii_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Vectorizer {
  explicit Vectorizer(IndexLookup words) : lookup(std::move(words)) {}

  IndexLookup lookup;
  bool lower = false, strip = false;
  enum class Split : std::uint8_t { whitespace, character, none } split = Split::whitespace;

  [[nodiscard]] std::string_view standardized(std::string_view s, Arena& arena) const {
    if (lower) s = lowered_ascii(s, arena);
    if (!strip || std::none_of(s.begin(), s.end(), [](char c) {
          return is_ascii_punctuation(static_cast<unsigned char>(c));
        }))
      return s;
    char* begin = arena.allocate(s.size());
    char* end = std::copy_if(s.begin(), s.end(), begin, [](char c) {
      return !is_ascii_punctuation(static_cast<unsigned char>(c));
    });
    const auto size = static_cast<std::size_t>(end - begin);
    arena.shrink(begin, size);
    return {begin, size};
  }

  // Calls f(word) for each; false if the text is not UTF-8 where that matters.
  template <class F>
  bool each_word(std::string_view s, F f) const {
    switch (split) {
      case Split::none: f(s); return true;
      case Split::whitespace: each_between_spaces(s, f); return true;
      default: return each_character(s, f);
    }
  }

 private:
  template <class F>
  static void each_between_spaces(std::string_view s, F f) {
    for (std::size_t at = 0; at < s.size();) {
      while (at < s.size() && is_ascii_space(s[at])) ++at;
      const std::size_t begin = at;
      while (at < s.size() && !is_ascii_space(s[at])) ++at;
      if (at > begin) f(s.substr(begin, at - begin));
    }
  }

  template <class F>
  static bool each_character(std::string_view s, F f) {
    for (std::size_t at = 0; at < s.size();) {
      const std::size_t begin = at;
      if (next_code_point(s, at) < 0) return false;
      f(s.substr(begin, at - begin));
    }
    return true;
  }
};

void fill_ragged(const Vectorizer& vectorizer, const Column& in, std::size_t rows, Column& out,
                 FeatureScratch& scratch) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string_view text = vectorizer.standardized(in.string_row(row)[0], *scratch.arena);
    const bool valid = vectorizer.each_word(text, [&](std::string_view word) {
      *out.extend<std::int64_t>(1) = *vectorizer.lookup.of(word);
    });
    if (!valid) {
      out.abandon_row();
      refuse_not_utf8(scratch, row);
    }
    out.end_row();
  }
}

void fill_fixed(const Vectorizer& vectorizer, std::size_t length, const Column& in,
                std::size_t rows, Column& out, FeatureScratch& scratch) {
  std::int64_t* to = out.append_rows<std::int64_t>(rows);
  std::fill_n(to, rows * length, 0);
  for (std::size_t row = 0; row < rows; ++row, to += length) {
    const std::string_view text = vectorizer.standardized(in.string_row(row)[0], *scratch.arena);
    std::size_t count = 0;
    const bool valid = vectorizer.each_word(text, [&](std::string_view word) {
      if (count < length) to[count++] = *vectorizer.lookup.of(word);
    });
    if (valid) continue;
    std::fill_n(to, length, 0);
    refuse_not_utf8(scratch, row);
  }
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_text(context); !status) return std::move(status).error();
  auto vocabulary = vocabulary_of(settings, "vocabulary", context);
  if (!vocabulary) return std::move(vocabulary).error();
  if (vocabulary->numbered)
    return bad_settings(
        "vocabulary: expected a list of words; got a map; try keras_tokens for the Tokenizer of "
        "Keras 2");
  LookupOptions options;
  options.mask_token = "";
  auto lookup = IndexLookup::make(*std::move(vocabulary), options, DType::string);
  if (!lookup) return std::move(lookup).error();

  auto vectorizer = std::make_shared<Vectorizer>(*std::move(lookup));
  const std::string& standardize = settings.string("standardize");
  vectorizer->lower = standardize.starts_with("lower");
  vectorizer->strip = standardize.ends_with("strip_punctuation");
  const std::string& split = settings.string("split");
  vectorizer->split = split == "whitespace"  ? Vectorizer::Split::whitespace
                      : split == "character" ? Vectorizer::Split::character
                                             : Vectorizer::Split::none;
  const bool cut = settings.given("output_sequence_length");
  if (cut && split == "none")
    return bad_settings(
        "output_sequence_length: expected a text that is split; `split: none` gives one id");
  const bool fixed = cut || split == "none";
  const std::int64_t length = cut ? settings.integer("output_sequence_length") : 1;
  ColumnType type{DType::int64, {}};
  if (split != "none") type.shape.dims = {cut ? length : Shape::unknown};
  return make_feature_step(
      type, [vectorizer, fixed, length = static_cast<std::size_t>(length)](
                Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
        if (fixed) {
          fill_fixed(*vectorizer, length, *inputs[0], rows, out, scratch);
        } else {
          fill_ragged(*vectorizer, *inputs[0], rows, out, scratch);
        }
      });
}

}  // namespace

FeatureStepKind text_vectorization() {
  return {.name = "text_vectorization",
          .doc =
              "A text becomes the ids of its words. Equals keras.layers.TextVectorization with "
              "output_mode='int' and no ngrams.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
