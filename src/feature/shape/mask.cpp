// mask: a 1 for every element a row has, so that a model can tell elements from padding.
#include <algorithm>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{.name = "mask",
                      .doc =
                          "A 1 for every element of the row; padded like the row itself, the rest "
                          "are zeros. Goes before `pad`.",
                      .settings = {{.name = "dtype",
                                    .fallback = "float32",
                                    .choices = {"float32", "int32", "int64", "bool"},
                                    .doc = "The dtype of the ones."}},
                      .shorthand = "dtype"};

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  if (!in.ragged())
    return bad_input("lists of different lengths", in,
                     "after `pad` nobody knows what was there: take the mask before it");
  const DType dtype = *dtype_from(settings.string("dtype"));
  return with_number(dtype, [&]<class T>(T) -> StepResult {
    const ColumnType type{dtype, {{Shape::unknown}}};
    return make_feature_step(
        type, [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
          const std::size_t width = std::max<std::size_t>(1, inputs[0]->type().width());
          for (std::size_t row = 0; row < rows; ++row) {
            const auto [begin, end] = inputs[0]->extent(row);
            const std::size_t count =
                (end - begin) / width;  // of lists of vectors: one for each vector
            if (count > 0) std::fill_n(out.extend<T>(count), count, T{1});
            out.end_row();
          }
        });
  });
}

}  // namespace

FeatureStepKind mask() {
  return {.name = "mask",
          .doc = "A 1 for every element of the row. Equals tf.sequence_mask of the rows' lengths.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
