// one_hot, multi_hot, count: categories as rows of zeros and ones (or numbers).
#include <algorithm>

#include "feature/categories/index_lookup.h"
#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const std::vector<Setting> settings_shared = {
    {.name = "depth",
     .type = SettingType::integer,
     .min = 1,
     .max = 1e8,
     .example = "10",
     .doc = "How many categories there are, for input that is ids from 0; ids outside leave only "
            "zeros."},
    {.name = "vocabulary",
     .type = SettingType::path,
     .example = "mcc.txt",
     .doc = "The categories, for input that is words: .txt with one a line, or .json."},
    {.name = "words",
     .type = SettingType::strings,
     .example = "[red, green]",
     .doc = "The categories, in place of a file."},
    {.name = "num_oov_indices",
     .type = SettingType::integer,
     .fallback = "1",
     .min = 0,
     .max = 1e6,
     .doc = "With words: places for unknown ones, in front of all others (Keras)."},
    {.name = "unknown",
     .choices = {"zeros", "error"},
     .example = "zeros",
     .doc = "With words: no place for unknown ones; such a word leaves only zeros (scikit-learn's "
            "handle_unknown='ignore'), or refuses the row."},
    {.name = "oov_token",
     .fallback = "[UNK]",
     .doc = "How a saved vocabulary writes the unknown word at its beginning."}};

const Section one_hot_section{.name = "one_hot",
                              .doc = "A 1 at the place of the category.",
                              .settings = settings_shared,
                              .shorthand = "depth"};
const Section multi_hot_section{.name = "multi_hot",
                                .doc = "A 1 at the place of each category that the row has.",
                                .settings = settings_shared,
                                .shorthand = "depth"};
const Section count_section{.name = "count",
                            .doc = "How often the row has each category.",
                            .settings = settings_shared,
                            .shorthand = "depth"};

// What turns an element of the input into a place in the row.
struct Places {
  std::int64_t depth = 0;
  std::shared_ptr<const IndexLookup> lookup;  // null: the input is ids
  bool refuse_unknown = false;
};

Result<Places> places_of(const Values& settings, const FeatureContext& context) {
  const ColumnType& in = context.inputs[0];
  if (is_float(in.dtype))
    return bad_input("text or whole numbers", in, "try cast: int64 before it");
  const bool words = settings.given("vocabulary") || settings.given("words");
  if (settings.given("depth") == words) {
    return bad_settings(
        fmt::format("expected `depth` (input is ids) or a vocabulary (input is words); got {}",
                    words ? "both" : "none of them"));
  }
  if (!words && in.dtype == DType::string)
    return bad_input("whole numbers", in, "try `vocabulary` in place of `depth`");
  if (!words && (settings.given("unknown") || settings.given("num_oov_indices"))) {
    return bad_settings(
        "`unknown` and `num_oov_indices` go with a vocabulary; ids outside of `depth` leave only "
        "zeros");
  }
  if (!words) return Places{.depth = settings.integer("depth"), .lookup = nullptr};
  auto vocabulary = vocabulary_of(settings, "vocabulary", context);
  if (!vocabulary) return std::move(vocabulary).error();
  if (settings.given("unknown") && settings.given("num_oov_indices"))
    return bad_settings("expected `unknown` or `num_oov_indices`; got both");
  LookupOptions options;
  options.oov_indices = settings.given("unknown") ? 0 : settings.integer("num_oov_indices");
  options.oov_token = settings.string("oov_token");
  auto lookup = IndexLookup::make(*std::move(vocabulary), options, in.dtype);
  if (!lookup) return std::move(lookup).error();
  Places places{.depth = lookup->size(),
                .lookup = std::make_shared<const IndexLookup>(*std::move(lookup))};
  places.refuse_unknown = !settings.given("unknown") || settings.string("unknown") == "error";
  if (places.depth == 0)
    return bad_settings("expected at least one category; got an empty vocabulary");
  return places;
}

// Calls f(element, place) for every element of the row that has a place.
template <class F>
void each_place(const Places& places, const Column& in, std::size_t row, FeatureScratch& scratch,
                F f) {
  // No structured binding: clang 14 cannot capture those.
  const std::size_t begin = in.extent(row).first;
  const std::size_t end = in.extent(row).second;
  const auto visit = [&](std::size_t i, std::optional<std::int64_t> place) {
    if (place && *place >= 0 && *place < places.depth) f(i, static_cast<std::size_t>(*place));
    if (!place && places.refuse_unknown)
      refuse(scratch, row, "expected a word of the vocabulary; got another");
  };
  if (in.type().dtype == DType::string) {
    const auto strings = in.strings();
    for (std::size_t i = begin; i < end; ++i) visit(i, places.lookup->of(strings[i]));
    return;
  }
  with_number(in.type().dtype, [&]<class In>(In) {
    const auto values = in.values<In>();
    for (std::size_t i = begin; i < end; ++i) {
      const auto id = static_cast<std::int64_t>(values[i]);
      visit(i, places.lookup ? places.lookup->of(id) : id);
    }
  });
}

StepResult make_one_hot(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return std::move(status).error();
  auto places = places_of(settings, context);
  if (!places) return std::move(places).error();
  ColumnType type = with_dtype(context.inputs[0], DType::float32);
  type.shape.dims.push_back(places->depth);
  const auto depth = static_cast<std::size_t>(places->depth);
  return make_feature_step(type, [places = *places, depth](Inputs inputs, std::size_t rows,
                                                           Column& out, FeatureScratch& scratch) {
    const Column& in = *inputs[0];
    for (std::size_t row = 0; row < rows; ++row) {
      const auto [begin, end] = in.extent(row);
      const std::size_t count = (end - begin) * depth;
      float* to = out.type().ragged() ? out.extend<float>(count) : out.append<float>();
      if (count > 0) std::fill_n(to, count, 0.0F);
      each_place(places, in, row, scratch, [&, begin = begin](std::size_t i, std::size_t place) {
        to[(i - begin) * depth + place] = 1;
      });
      if (out.type().ragged()) out.end_row();
    }
  });
}

template <bool counting>
StepResult make_bag(const Values& settings, const FeatureContext& context) {
  if (context.inputs.empty() || context.inputs.size() > (counting ? 2 : 1)) {
    return bad_settings(fmt::format("expected {}; got {} inputs",
                                    counting ? "ids, or ids and weights" : "1 input",
                                    context.inputs.size()));
  }
  auto places = places_of(settings, context);
  if (!places) return std::move(places).error();
  const bool weighted = context.inputs.size() == 2;
  if (weighted && (context.inputs[1].dtype != DType::float32 ||
                   context.inputs[1].shape != context.inputs[0].shape)) {
    return bad_input("weights as float32, shaped as the ids", context.inputs[1],
                     "try cast: float32");
  }
  const auto depth = static_cast<std::size_t>(places->depth);
  const ColumnType type{DType::float32, {{places->depth}}};
  return make_feature_step(
      type, [places = *places, depth, weighted](Inputs inputs, std::size_t rows, Column& out,
                                                FeatureScratch& scratch) {
        const Column& in = *inputs[0];
        for (std::size_t row = 0; row < rows; ++row) {
          float* to = out.append<float>();
          std::fill_n(to, depth, 0.0F);
          const std::size_t begin = in.extent(row).first;
          const std::size_t end = in.extent(row).second;
          const auto weights = weighted ? inputs[1]->row<float>(row) : std::span<const float>();
          if (weighted && weights.size() != end - begin) {
            refuse(scratch, row,
                   fmt::format("expected as many weights as ids, {}; got {}", end - begin,
                               weights.size()));
            continue;
          }
          each_place(places, in, row, scratch, [&](std::size_t i, std::size_t place) {
            if constexpr (counting) {
              to[place] += weighted ? weights[i - begin] : 1.0F;
            } else {
              to[place] = 1.0F;
            }
          });
        }
      });
}

}  // namespace

FeatureStepKind one_hot() {
  return {.name = "one_hot",
          .doc =
              "A 1 at the place of the category. Equals keras.layers.CategoryEncoding and "
              "keras.layers.StringLookup with "
              "output_mode='one_hot', and sklearn.preprocessing.OneHotEncoder with `unknown`.",
          .section = &one_hot_section,
          .make = make_one_hot};
}

FeatureStepKind multi_hot() {
  return {.name = "multi_hot",
          .doc =
              "A 1 at the place of each category that the row has. Equals "
              "keras.layers.CategoryEncoding and "
              "keras.layers.StringLookup with output_mode='multi_hot'.",
          .section = &multi_hot_section,
          .make = make_bag<false>};
}

FeatureStepKind count() {
  return {
      .name = "count",
      .doc =
          "How often the row has each category, or the sum of its weights (a second input). Equals "
          "keras.layers.CategoryEncoding and keras.layers.StringLookup with output_mode='count'.",
      .section = &count_section,
      .make = make_bag<true>};
}

}  // namespace thalweg::feature::steps
