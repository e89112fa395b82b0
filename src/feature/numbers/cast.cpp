// cast: another dtype. Numbers to numbers, text to numbers, whole numbers to text.
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "cast",
    .doc = "Changes the dtype.",
    .settings = {{.name = "to",
                  .choices = {"float32", "float64", "int32", "int64", "uint8", "bool", "string"},
                  .example = "float32",
                  .required = true,
                  .doc = "The dtype of the result."}},
    .shorthand = "to"};

// Does the value, cut towards zero, fit the whole-number type? NaN does not.
template <class Out, class In>
bool fits(In value) {
  if constexpr (std::is_floating_point_v<Out>) {
    return true;
  } else if constexpr (std::is_floating_point_v<In>) {
    const double cut = std::trunc(static_cast<double>(value));
    return cut >= static_cast<double>(std::numeric_limits<Out>::min()) &&
           cut < std::ldexp(1.0, std::numeric_limits<Out>::digits);
  } else {
    return std::in_range<Out>(value);
  }
}

template <class In, class Out>
void cast_numbers(const Column& in, std::size_t rows, Column& out, FeatureScratch& scratch) {
  Out* to = shaped_like<Out>(in, rows, out);
  const std::span<const In> values = in.values<In>();
  if constexpr (std::is_floating_point_v<Out>) {
    for (std::size_t i = 0; i < values.size(); ++i) to[i] = static_cast<Out>(values[i]);
    return;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const auto [begin, end] = in.extent(row);
    for (std::size_t i = begin; i < end; ++i) {
      const bool fine = fits<Out>(values[i]);
      to[i] = fine ? static_cast<Out>(values[i]) : Out{};
      if (!fine) {
        refuse(scratch, row,
               fmt::format("expected a number that fits {}; got {}", to_string(out.type().dtype),
                           values[i]));
      }
    }
  }
}

void to_bool(const Column& in, std::size_t rows, Column& out) {
  std::uint8_t* to = shaped_like<std::uint8_t>(in, rows, out);
  with_number(in.type().dtype, [&]<class In>(In) {
    for (const In value : in.values<In>()) *to++ = value != In{} ? 1 : 0;
  });
}

template <class Out>
bool parse(std::string_view text, Out& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

template <class Out>
void parse_strings(const Column& in, std::size_t rows, Column& out, FeatureScratch& scratch) {
  Out* to = shaped_like<Out>(in, rows, out);
  for (std::size_t row = 0; row < rows; ++row) {
    for (const std::string_view text : in.string_row(row)) {
      Out value{};
      if (!parse(text, value)) {
        value = Out{};
        refuse(scratch, row,
               fmt::format("expected text that is a {}; got '{}'", to_string(out.type().dtype),
                           text.substr(0, 40)));
      }
      *to++ = value;
    }
  }
}

template <class In>
void write_strings(const Column& in, std::size_t rows, Column& out, FeatureScratch& scratch) {
  constexpr std::size_t digits_max = 20;  // of an int64, its sign included
  const std::span<const In> values = in.values<In>();
  for (std::size_t row = 0; row < rows; ++row) {
    const auto [begin, end] = in.extent(row);
    for (std::size_t i = begin; i < end; ++i) {
      char* p = scratch.arena->allocate(digits_max);
      const char* last = std::to_chars(p, p + digits_max, static_cast<std::int64_t>(values[i])).ptr;
      const auto size = static_cast<std::size_t>(last - p);
      scratch.arena->shrink(p, size);
      out.push_string({p, size});
    }
    out.end_row();
  }
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  const DType to = dtype_from(settings.string("to")).value_or(DType::float32);
  const ColumnType type = with_dtype(in, to);
  const bool from_text = in.dtype == DType::string;
  if (to == DType::string && from_text) {
    return make_feature_step(
        type, [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
          map_strings(*inputs[0], rows, out, scratch,
                      [](std::string_view s, Arena&) { return std::optional(s); });
        });
  }
  if (to == DType::string && !is_whole(in.dtype)) {
    return bad_input("whole numbers", in, "other numbers have no one way to be written");
  }
  if (to == DType::boolean && from_text) return bad_input("numbers", in);
  if (to == DType::string) {
    return with_number(in.dtype, [&]<class In>(In) -> StepResult {
      return make_feature_step(
          type, [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
            write_strings<In>(*inputs[0], rows, out, scratch);
          });
    });
  }
  if (to == DType::boolean) {
    return make_feature_step(type, [](Inputs inputs, std::size_t rows, Column& out,
                                      FeatureScratch&) { to_bool(*inputs[0], rows, out); });
  }
  return with_number(to, [&]<class Out>(Out) -> StepResult {
    if (from_text) {
      return make_feature_step(
          type, [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
            parse_strings<Out>(*inputs[0], rows, out, scratch);
          });
    }
    return with_number(in.dtype, [&]<class In>(In) -> StepResult {
      return make_feature_step(
          type, [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
            cast_numbers<In, Out>(*inputs[0], rows, out, scratch);
          });
    });
  });
}

}  // namespace

FeatureStepKind cast() {
  return {.name = "cast",
          .doc =
              "Changes the dtype, cutting towards zero; a number that does not fit refuses the "
              "row. Equals tf.cast, "
              "tf.strings.to_number and (whole numbers) tf.strings.as_string.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
