// vocabulary: words, or whole numbers that stand for categories, become ids.
#include "feature/categories/index_lookup.h"
#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "vocabulary",
    .doc =
        "The id of a word or number. Order of the ids: mask token, out-of-vocabulary ids, words.",
    .settings = {{.name = "file",
                  .type = SettingType::path,
                  .example = "words.txt",
                  .doc = "The words: .txt with one a line, or .json with a list, or with a map "
                         "from word to id (which is then taken as it is)."},
                 {.name = "words",
                  .type = SettingType::strings,
                  .example = "[red, green]",
                  .doc = "The words, in place of a file."},
                 {.name = "num_oov_indices",
                  .type = SettingType::integer,
                  .fallback = "1",
                  .min = 0,
                  .max = 1e6,
                  .doc = "Ids for words that are not in the vocabulary; with several, a hash "
                         "chooses. 0: such a word refuses the row."},
                 {.name = "mask_token",
                  .example = "\"\"",
                  .doc = "A word that stands for nothing: it gets the id 0, before all others."},
                 {.name = "oov_token",
                  .fallback = "[UNK]",
                  .doc = "How a saved vocabulary writes the unknown word at its beginning."},
                 {.name = "oov_index",
                  .type = SettingType::integer,
                  .min = 0,
                  .doc = "With a map from word to id: the id of unknown words. None: such a word "
                         "refuses the row."}},
    .shorthand = "file"};

template <class Read>
void look_up(const IndexLookup& lookup, const Column& in, std::size_t rows, Column& out,
             FeatureScratch& scratch, Read read) {
  std::int64_t* to = shaped_like<std::int64_t>(in, rows, out);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto [begin, end] = in.extent(row);
    for (std::size_t i = begin; i < end; ++i) {
      const auto index = lookup.of(read(i));
      to[i] = index.value_or(0);
      if (!index)
        refuse(scratch, row, fmt::format("expected a word of the vocabulary; got '{}'", read(i)));
    }
  }
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  if (is_float(in.dtype))
    return bad_input("text or whole numbers", in, "try cast: int64 before it");
  auto vocabulary = vocabulary_of(settings, "file", context);
  if (!vocabulary) return std::move(vocabulary).error();
  LookupOptions options;
  options.oov_indices = settings.integer("num_oov_indices");
  options.oov_token = settings.string("oov_token");
  if (settings.given("mask_token")) options.mask_token = settings.string("mask_token");
  if (settings.given("oov_index")) options.oov_index = settings.integer("oov_index");
  if (vocabulary->numbered && (settings.given("num_oov_indices") || options.mask_token)) {
    return bad_settings(
        "expected `oov_index` for unknown words, since the file brings its own ids; got "
        "`num_oov_indices` or `mask_token`");
  }
  if (!vocabulary->numbered && options.oov_index) {
    return bad_settings(
        "oov_index: expected a file that maps words to ids; got a list of words; try "
        "`num_oov_indices`");
  }
  auto lookup = IndexLookup::make(*std::move(vocabulary), options, in.dtype);
  if (!lookup) return std::move(lookup).error();
  // Shared, since a table of words can be moved but not copied into two functions.
  auto shared = std::make_shared<const IndexLookup>(*std::move(lookup));
  if (in.dtype == DType::string) {
    return make_feature_step(with_dtype(in, DType::int64), [shared](Inputs inputs, std::size_t rows,
                                                                    Column& out,
                                                                    FeatureScratch& scratch) {
      const auto strings = inputs[0]->strings();
      look_up(*shared, *inputs[0], rows, out, scratch, [&](std::size_t i) { return strings[i]; });
    });
  }
  return with_number(in.dtype, [&]<class In>(In) -> StepResult {
    return make_feature_step(
        with_dtype(in, DType::int64),
        [shared](Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
          const auto values = inputs[0]->values<In>();
          look_up(*shared, *inputs[0], rows, out, scratch,
                  [&](std::size_t i) { return static_cast<std::int64_t>(values[i]); });
        });
  });
}

}  // namespace

FeatureStepKind vocabulary() {
  return {.name = "vocabulary",
          .doc =
              "Words, or whole numbers that stand for categories, become ids. Equals "
              "keras.layers.StringLookup and "
              "keras.layers.IntegerLookup.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
