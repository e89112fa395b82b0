// stack: several columns side by side in one row of one tensor.
#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{.name = "stack",
                      .doc = "Several columns side by side; vectors and matrices lie flat.",
                      .settings = {{.name = "dtype",
                                    .fallback = "float32",
                                    .choices = {"float32", "float64", "int32", "int64", "uint8"},
                                    .doc = "The dtype of the result; the inputs are cast to it."}}};

// Copies one input into its place in every row.
template <class Out>
void place(const Column& in, std::size_t rows, Out* to, std::size_t row_width) {
  const std::size_t width = in.type().width();
  with_number(in.type().dtype, [&]<class In>(In) {
    const In* from = in.values<In>().data();
    for (std::size_t row = 0; row < rows; ++row, to += row_width) {
      for (std::size_t i = 0; i < width; ++i) to[i] = static_cast<Out>(*from++);
    }
  });
}

StepResult make(const Values& settings, const FeatureContext& context) {
  const DType dtype = *dtype_from(settings.string("dtype"));
  if (context.inputs.empty()) return bad_settings("expected a list of expressions; got none");
  std::size_t width = 0;
  for (const ColumnType& in : context.inputs) {
    if (in.dtype == DType::string)
      return bad_input("numbers", in, "try vocabulary, one_hot or hash_buckets for words");
    if (in.ragged())
      return bad_input("rows of one length", in, "try pad with a length, multi_hot or count");
    if (is_float(in.dtype) && is_whole(dtype))
      return bad_input("whole numbers", in, "try cast, which looks whether they fit");
    if (is_whole(dtype) && size_of(in.dtype) > size_of(dtype))
      return bad_input(fmt::format("numbers that fit {}", to_string(dtype)), in,
                       "try cast, which looks whether they fit");
    width += in.width();
  }
  const ColumnType type{dtype, {{static_cast<std::int64_t>(width)}}};
  return with_number(dtype, [&]<class Out>(Out) -> StepResult {
    return make_feature_step(
        type, [width](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
          Out* to = out.append_rows<Out>(rows);
          if (rows == 0) return;  // there may be no memory, and behind none is nowhere
          for (const Column* in : inputs) {
            place(*in, rows, to, width);
            to += in->type().width();
          }
        });
  });
}

}  // namespace

FeatureStepKind stack() {
  return {.name = "stack",
          .doc =
              "Several columns side by side in one tensor. Equals numpy.concatenate(axis=1), and "
              "keras.layers.Concatenate.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
