// remove_words and min_length: some words of a list go.
#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/support/vocabulary_file.h"
#include "feature/text/utf8.h"

namespace thalweg::feature::steps {
namespace {

const Section remove_section{.name = "remove_words",
                             .doc = "Removes the words that stand in a list, such as stop words.",
                             .settings = {{.name = "file",
                                           .type = SettingType::path,
                                           .example = "stopwords.txt",
                                           .doc = "The words: .txt with one a line, or .json."},
                                          {.name = "words",
                                           .type = SettingType::strings,
                                           .example = "[the, a]",
                                           .doc = "The words, in place of a file."}},
                             .shorthand = "file"};

const Section length_section{
    .name = "min_length",
    .doc = "Removes short words.",
    .settings = {{.name = "length",
                  .type = SettingType::integer,
                  .unit = "characters",
                  .min = 0,
                  .max = 1e6,
                  .example = "4",
                  .required = true,
                  .doc = "The least number of characters (code points) of a word that stays."}},
    .shorthand = "length"};

// The words of each row for which `stays` holds; always a list of any length.
template <class Stays>
std::unique_ptr<FeatureStep> keeping(Stays stays) {
  return make_word_step({DType::string, {{Shape::unknown}}}, false, [stays](std::string_view word) {
    return stays(word) ? std::optional(word) : std::nullopt;
  });
}

StepResult make_remove_words(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_words(context); !status) return std::move(status).error();
  auto words = vocabulary_of(settings, "file", context, Repeats::allowed);
  if (!words) return std::move(words).error();
  auto table = std::make_shared<const WordTable>(words->table());
  return keeping([table](std::string_view word) { return !table->contains(word); });
}

StepResult make_min_length(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_words(context); !status) return std::move(status).error();
  const auto length = static_cast<std::size_t>(settings.integer("length"));
  return keeping([length](std::string_view word) {
    return word.size() >= length && count_code_points(word) >= length;
  });
}

}  // namespace

FeatureStepKind remove_words() {
  return {.name = "remove_words",
          .doc =
              "Removes the words that stand in a list, such as stop words. Equals Python's [w for "
              "w in words if w not in removed].",
          .section = &remove_section,
          .make = make_remove_words};
}

FeatureStepKind min_length() {
  return {.name = "min_length",
          .doc = "Removes short words. Equals Python's [w for w in words if len(w) >= length].",
          .section = &length_section,
          .make = make_min_length};
}

}  // namespace thalweg::feature::steps
