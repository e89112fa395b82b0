// keras_tokens: a text becomes the ids of its words, as the Tokenizer of Keras 2 makes them.
#include <array>
#include <limits>

#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/support/vocabulary_file.h"
#include "feature/text/lower.h"
#include "feature/text/utf8.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "keras_tokens",
    .doc =
        "A text becomes the ids of its words; words that are not in the vocabulary are left out, "
        "unless there is an `oov_token`.",
    .settings = {{.name = "vocabulary",
                  .type = SettingType::path,
                  .example = "vocab.json",
                  .doc =
                      "The tokenizer's word_index as .json (a map, {word_index: …}, or what "
                      "to_json() wrote), or .txt with one word a line, the first having the id 1."},
                 {.name = "words",
                  .type = SettingType::strings,
                  .example = "[fire, flood]",
                  .doc = "The words in place of a file, the first having the id 1."},
                 {.name = "lower",
                  .type = SettingType::boolean,
                  .fallback = "true",
                  .doc = "Lower-cases the text first."},
                 {.name = "filters",
                  .fallback = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n",
                  .doc = "ASCII characters that separate words, as `split` does."},
                 {.name = "split", .fallback = " ", .doc = "The ASCII character between words."},
                 {.name = "num_words",
                  .type = SettingType::integer,
                  .min = 1,
                  .doc = "Ids from this on count as unknown words."},
                 {.name = "oov_token",
                  .example = "<OOV>",
                  .doc = "The word of the vocabulary whose id unknown words get."},
                 {.name = "dtype",
                  .fallback = "int32",
                  .choices = {"int32", "int64"},
                  .doc = "The dtype of the ids."}},
    .shorthand = "vocabulary"};

struct Tokenizer {
  WordTable words;
  std::array<bool, 128> separates{};
  bool lower = true;
  std::int64_t num_words = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> oov;

  [[nodiscard]] std::optional<std::int64_t> id(std::string_view word) const noexcept {
    const WordTable::Entry* entry = words.find(word);
    return entry != nullptr && entry->value < num_words ? entry->value : oov;
  }

  // Calls f(id) for every word that has one.
  template <class F>
  void each_id(std::string_view text, F f) const {
    const auto separator = [&](char c) {
      return static_cast<unsigned char>(c) < 128 && separates[static_cast<unsigned char>(c)];
    };
    for (std::size_t at = 0; at < text.size();) {
      while (at < text.size() && separator(text[at])) ++at;
      const std::size_t begin = at;
      while (at < text.size() && !separator(text[at])) ++at;
      if (at == begin) continue;
      if (const auto found = id(text.substr(begin, at - begin))) f(*found);
    }
  }
};

Status take_separators(const Values& settings, Tokenizer& tokenizer) {
  const std::string& split = settings.string("split");
  if (split.size() != 1 || !is_ascii(split))
    return bad_settings(fmt::format("split: expected one ASCII character; got '{}'", split));
  if (!is_ascii(settings.string("filters")))
    return bad_settings("filters: expected ASCII characters; got others; try replace before it");
  for (const char c : settings.string("filters") + split)
    tokenizer.separates[static_cast<unsigned char>(c)] = true;
  return {};
}

Result<std::shared_ptr<const Tokenizer>> tokenizer_from(const Values& settings,
                                                        const FeatureContext& context) {
  auto tokenizer = std::make_shared<Tokenizer>();
  auto vocabulary = vocabulary_of(settings, "vocabulary", context);
  if (!vocabulary) return std::move(vocabulary).error();
  for (const auto& [word, id] : vocabulary->words) {
    if (!std::in_range<std::int32_t>(id))
      return bad_settings(fmt::format("expected ids that fit int32; got {} for '{}'", id, word));
  }
  tokenizer->words = vocabulary->table(vocabulary->numbered ? 0 : 1);
  tokenizer->lower = settings.boolean("lower");
  if (settings.given("num_words")) tokenizer->num_words = settings.integer("num_words");
  if (auto status = take_separators(settings, *tokenizer); !status)
    return std::move(status).error();
  if (settings.given("oov_token")) {
    const WordTable::Entry* entry = tokenizer->words.find(settings.string("oov_token"));
    if (entry == nullptr)
      return bad_settings(fmt::format("oov_token: expected a word of the vocabulary; got '{}'",
                                      settings.string("oov_token")));
    tokenizer->oov = entry->value;
  }
  return std::shared_ptr<const Tokenizer>(std::move(tokenizer));
}

template <class Id>
class Tokens final : public TokenStep {
 public:
  Tokens(DType dtype, std::shared_ptr<const Tokenizer> tokenizer)
      : type_{dtype, {{Shape::unknown}}}, tokenizer_(std::move(tokenizer)) {}
  [[nodiscard]] const ColumnType& type() const noexcept override { return type_; }

  void apply(Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) const override {
    for (std::size_t row = 0; row < rows; ++row) {
      if (!each_id(inputs[0]->string_row(row)[0], *scratch.arena,
                   [&](std::int64_t id) { *out.extend<Id>(1) = static_cast<Id>(id); }))
        refuse_not_utf8(scratch, row);
      out.end_row();
    }
  }

  // White space alone, since how a letter is lower-cased may depend on other characters beside it.
  [[nodiscard]] bool separates(char c) const noexcept override {
    return static_cast<unsigned char>(c) < 128 && is_space(c) &&
           tokenizer_->separates[static_cast<unsigned char>(c)];
  }

  [[nodiscard]] bool append_ids(std::string_view text, Arena& arena,
                                std::vector<std::int32_t>& ids) const override {
    return each_id(text, arena,
                   [&](std::int64_t id) { ids.push_back(static_cast<std::int32_t>(id)); });
  }

 private:
  template <class F>
  bool each_id(std::string_view written, Arena& arena, F f) const {
    const auto text = tokenizer_->lower ? lowered(written, arena) : std::optional(written);
    if (text) tokenizer_->each_id(*text, f);
    return text.has_value();
  }

  ColumnType type_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_text(context); !status) return std::move(status).error();
  auto tokenizer = tokenizer_from(settings, context);
  if (!tokenizer) return std::move(tokenizer).error();
  const DType dtype = *dtype_from(settings.string("dtype"));
  return with_number(dtype, [&]<class Id>(Id) -> StepResult {
    return std::unique_ptr<FeatureStep>(std::make_unique<Tokens<Id>>(dtype, *tokenizer));
  });
}

}  // namespace

FeatureStepKind keras_tokens() {
  return {.name = "keras_tokens",
          .doc =
              "A text becomes the ids of its words. Equals Tokenizer.texts_to_sequences of "
              "keras.preprocessing.text (Keras 2).",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
