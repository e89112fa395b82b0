// pad: rows of different lengths get one length.
#include <algorithm>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "pad",
    .doc = "Fills short rows and cuts long ones.",
    .settings = {{.name = "length",
                  .type = SettingType::integer,
                  .unit = "elements",
                  .min = 1,
                  .max = 1e8,
                  .example = "121",
                  .doc = "The length of every row. None: rows keep their lengths, and the model's "
                         "input is padded behind with zeros to the longest of the call."},
                 {.name = "side",
                  .fallback = "pre",
                  .choices = {"pre", "post"},
                  .doc = "Where short rows are filled: before or behind."},
                 {.name = "truncate",
                  .fallback = "pre",
                  .choices = {"pre", "post"},
                  .doc = "Where long rows are cut: their beginning or their end."},
                 {.name = "value", .fallback = "0", .doc = "What they are filled with."}},
    .shorthand = "length"};

struct Padding {
  std::size_t length = 0;  // elements
  bool fill_before = true;
  bool cut_before = true;
};

// Writes one row of exactly `length` elements.
template <class T>
void pad_row(std::span<const T> row, const Padding& padding, T value, T* to) {
  const std::size_t kept = std::min(row.size(), padding.length);
  const auto from = padding.cut_before ? row.last(kept) : row.first(kept);
  if (padding.fill_before) to = std::fill_n(to, padding.length - kept, value);
  to = std::copy(from.begin(), from.end(), to);
  if (!padding.fill_before) std::fill_n(to, padding.length - kept, value);
}

void pad_strings(const Column& in, std::size_t rows, const Padding& padding,
                 const std::string& value, Column& out) {
  for (std::size_t row = 0; row < rows; ++row) {
    const auto strings = in.string_row(row);
    const std::size_t kept = std::min(strings.size(), padding.length);
    const auto fill = [&] {
      for (std::size_t i = kept; i < padding.length; ++i) out.push_string(value);
    };
    if (padding.fill_before) fill();
    for (const std::string_view s : padding.cut_before ? strings.last(kept) : strings.first(kept))
      out.push_string(s);
    if (!padding.fill_before) fill();
    out.end_row();
  }
}

template <class T>
std::optional<T> value_of(const std::string& text) {
  const Node node = Node::scalar(text);
  if constexpr (std::is_floating_point_v<T>) {
    if (const auto number = node.as_number()) return static_cast<T>(*number);
  } else if (const auto whole = node.as_integer(); whole && std::in_range<T>(*whole)) {
    return static_cast<T>(*whole);
  }
  return std::nullopt;
}

// Without a length the rows stay as they are, and the binder notes that they may be padded: who builds the model's input then does so, to
// the longest of its call, behind, with zeros.
StepResult keep_lengths(const Values& settings, const ColumnType& in) {
  if (settings.given("side") && settings.string("side") == "pre") {
    return bad_settings(
        "side: expected `post` or a `length`: without one, rows are filled behind to the longest "
        "of the call");
  }
  if (settings.given("value") && settings.string("value") != "0")
    return bad_settings("value: expected 0 or a `length`: without one, rows are filled with zeros");
  return make_feature_step(in, [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
    for (std::size_t row = 0; row < rows; ++row) out.append_from(*inputs[0], row);
  });
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  if (!in.ragged() && in.shape.rank() != 1)
    return bad_input("lists", in, "only lists have a length to pad");
  if (!settings.given("length")) {
    if (!in.ragged())
      return bad_input("lists of different lengths", in,
                       "these have one length already; `length` gives another");
    return keep_lengths(settings, in);
  }
  ColumnType type = in;
  type.shape.dims[0] = settings.integer("length");
  const std::size_t step =
      in.ragged() ? in.width() : 1;  // elements of one step of the padded dimension
  const Padding padding{static_cast<std::size_t>(settings.integer("length")) * step,
                        settings.string("side") == "pre", settings.string("truncate") == "pre"};
  if (in.dtype == DType::string) {
    return make_feature_step(
        type, [padding, value = settings.given("value") ? settings.string("value") : std::string()](
                  Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
          pad_strings(*inputs[0], rows, padding, value, out);
        });
  }
  return with_number(in.dtype, [&]<class T>(T) -> StepResult {
    const auto value = value_of<T>(settings.string("value"));
    if (!value)
      return bad_settings(fmt::format("value: expected a {}; got '{}'", to_string(in.dtype),
                                      settings.string("value")));
    return make_feature_step(type, [padding, value = *value](Inputs inputs, std::size_t rows,
                                                             Column& out, FeatureScratch&) {
      T* to = out.append_rows<T>(rows);
      for (std::size_t row = 0; row < rows; ++row, to += padding.length)
        pad_row(inputs[0]->row<T>(row), padding, value, to);
    });
  });
}

}  // namespace

FeatureStepKind pad() {
  return {.name = "pad",
          .doc = "Rows of different lengths get one length. Equals keras.utils.pad_sequences.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
