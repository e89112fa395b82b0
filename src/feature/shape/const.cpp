// const: the same value for every row. `{const: 1.5}`, or any quoted text where an expression is expected.
#include <algorithm>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "const",
    .doc = "The same value for every row.",
    .settings = {{.name = "value",
                  .type = SettingType::node,
                  .example = "1.5",
                  .required = true,
                  .doc = "A number, a truth value, a text, or a list of numbers or texts."},
                 {.name = "dtype",
                  .choices = {"float32", "float64", "int32", "int64", "uint8", "bool", "string"},
                  .example = "float32",
                  .doc = "Its dtype. By default int64 for whole numbers, float32 for other "
                         "numbers, bool for true and false, string for texts."}},
    .shorthand = "value"};

DType natural_dtype(const Node& value) {
  if (value.as_integer()) return DType::int64;
  if (value.as_number()) return DType::float32;
  if (value.as_boolean()) return DType::boolean;
  return DType::string;
}

// The widest of the elements' own dtypes: [1, 2.5] is float32.
DType natural_dtype(const std::vector<Node>& items) {
  DType widest = natural_dtype(items.front());
  for (const Node& item : items) {
    const DType own = natural_dtype(item);
    if (own == widest) continue;
    const bool numbers = own != DType::string && widest != DType::string && own != DType::boolean &&
                         widest != DType::boolean;
    widest = numbers ? DType::float32 : DType::string;
  }
  return widest;
}

std::unique_ptr<FeatureStep> texts(const ColumnType& type, const std::vector<Node>& items) {
  std::vector<std::string> values;
  for (const Node& item : items) values.push_back(item.text());
  return make_feature_step(type, [values](Inputs, std::size_t rows, Column& out, FeatureScratch&) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (const std::string& value : values) out.push_string(value);
      out.end_row();
    }
  });
}

template <class T>
std::optional<T> number_from(const Node& item) {
  if (const auto truth = item.as_boolean()) return static_cast<T>(*truth ? 1 : 0);
  if constexpr (std::is_floating_point_v<T>) {
    if (const auto number = item.as_number()) return static_cast<T>(*number);
  } else if (const auto whole = item.as_integer()) {
    if (std::in_range<T>(*whole)) return static_cast<T>(*whole);
  }
  return std::nullopt;
}

template <class T>
StepResult numbers(const ColumnType& type, const std::vector<Node>& items) {
  std::vector<T> values;
  for (const Node& item : items) {
    const auto value = number_from<T>(item);
    if (!value || (type.dtype == DType::boolean && *value > 1)) {
      return bad_settings(
          fmt::format("expected a {}; got {}", to_string(type.dtype), item.shown()));
    }
    values.push_back(*value);
  }
  return make_feature_step(type, [values](Inputs, std::size_t rows, Column& out, FeatureScratch&) {
    T* to = out.append_rows<T>(rows);
    for (std::size_t row = 0; row < rows; ++row) to = std::copy(values.begin(), values.end(), to);
  });
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 0); !status) return std::move(status).error();
  const Node& node = settings.node("value");
  const std::vector<Node> items = node.is_sequence() ? node.items() : std::vector<Node>{node};
  const bool scalars =
      std::all_of(items.begin(), items.end(), [](const Node& item) { return item.is_scalar(); });
  if (items.empty() || !scalars)
    return bad_settings("expected a value or a list of values; got " + node.shown());
  const DType dtype =
      settings.given("dtype") ? *dtype_from(settings.string("dtype")) : natural_dtype(items);
  ColumnType type{dtype, {}};
  if (node.is_sequence()) type.shape.dims = {static_cast<std::int64_t>(items.size())};
  if (dtype == DType::string) return texts(type, items);
  return with_number(dtype, [&]<class T>(T) { return numbers<T>(type, items); });
}

}  // namespace

FeatureStepKind const_() {
  return {.name = "const",
          .doc = "The same value for every row. Equals tf.constant.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
