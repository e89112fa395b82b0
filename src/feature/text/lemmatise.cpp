// lemmatise: words become their lemmas.
#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/text/morphy.h"

namespace thalweg::feature::steps {
namespace {

const Section section{.name = "lemmatise",
                      .doc =
                          "Words become their lemmas; a word that WordNet does not know stays. The "
                          "words must be in lower case.",
                      .settings = {{.name = "part_of_speech",
                                    .fallback = "noun",
                                    .choices = {"noun", "verb", "adjective", "adverb"},
                                    .example = "verb",
                                    .doc = "What all words are taken for."},
                                   {.name = "wordnet",
                                    .type = SettingType::path,
                                    .fallback = "/usr/share/wordnet",
                                    .doc = "The folder of WordNet 3.0's dictionary; Debian's "
                                           "package wordnet-base puts it there."}},
                      .shorthand = "part_of_speech"};

PartOfSpeech part_from(const std::string& name) {
  if (name == "verb") return PartOfSpeech::verb;
  if (name == "adjective") return PartOfSpeech::adjective;
  return name == "adverb" ? PartOfSpeech::adverb : PartOfSpeech::noun;
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_strings(context); !status) return std::move(status).error();
  auto loaded = Morphy::load(part_from(settings.string("part_of_speech")),
                             settings.string("wordnet"), context);
  if (!loaded) return std::move(loaded).error();
  auto morphy = std::make_shared<const Morphy>(*std::move(loaded));
  return make_word_step(context.inputs[0], true, [morphy](std::string_view word) {
    return std::optional(morphy->lemma(word));
  });
}

}  // namespace

FeatureStepKind lemmatise() {
  return {.name = "lemmatise",
          .doc =
              "Words become their lemmas. Equals nltk.stem.WordNetLemmatizer().lemmatize(word, "
              "pos) of NLTK 3.7 on WordNet 3.0.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
