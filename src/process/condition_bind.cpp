// From a settings node to a bound condition: which column, which type, which bounds; and what is wrong with them.
#include <cmath>

#include <fmt/format.h>

#include "process/condition.h"
#include "process/condition_node.h"

namespace thalweg {
namespace {

struct ComparisonName {
  const char* key;
  Comparison comparison;
};
constexpr ComparisonName kComparisons[] = {
    {"above", Comparison::above},   {"at_least", Comparison::at_least},
    {"below", Comparison::below},   {"at_most", Comparison::at_most},
    {"equals", Comparison::one_of}, {"not_equals", Comparison::none_of},
    {"one_of", Comparison::one_of}, {"is_nan", Comparison::is_nan},
};

bool ordered(Comparison c) {
  return c <= Comparison::at_most;
}

// One field of a row, and the words for errors about it.
struct Target {
  const Field* field;
  std::size_t column;
  std::size_t index;
  std::string who;

  [[nodiscard]] Error wrong(const Node& node, std::string_view expected) const {
    return config_error(node.where(),
                        fmt::format("{}: {} was expected, since '{}' is {}; got {}", who, expected,
                                    field->name, field->type.to_string(), node.to_json()));
  }
};

// Bounds of one comparison as the column's type.
Status read_bound(const Target& target, Comparison, const Node& node,
                  std::vector<std::string>& out) {
  if (!node.is_scalar()) return target.wrong(node, "a text");
  out.push_back(node.text());
  return {};
}

template <class T>
requires std::is_floating_point_v<T> Status read_bound(const Target& target, Comparison,
                                                       const Node& node, std::vector<T>& out) {
  const auto number = node.as_number();
  if (!number || std::isnan(*number)) return target.wrong(node, "a number");
  out.push_back(static_cast<T>(*number));
  return {};
}

Status read_bound(const Target& target, Comparison c, const Node& node,
                  std::vector<std::int64_t>& out) {
  if (target.field->type.dtype == DType::boolean) {
    const auto value = node.as_boolean();
    if (!value) return target.wrong(node, "true or false");
    out.push_back(*value ? 1 : 0);
    return {};
  }
  if (const auto whole = node.as_integer()) {
    out.push_back(*whole);
    return {};
  }
  const auto number = node.as_number();
  if (!number || !ordered(c) || !(std::abs(*number) < 9.2e18)) {
    return target.wrong(node, ordered(c) ? "a number" : "a whole number");
  }
  // x > 1.5 is x > 1, and x >= 1.5 is x >= 2: so whole numbers are only ever compared with whole numbers.
  const bool down = c == Comparison::above || c == Comparison::at_most;
  out.push_back(static_cast<std::int64_t>(down ? std::floor(*number) : std::ceil(*number)));
  return {};
}

template <class T>
Result<ConditionPart> compare(const Target& target, const ComparisonName& name, const Node& node) {
  constexpr bool is_float = std::is_floating_point_v<T>;
  const DType dtype = target.field->type.dtype;
  Comparison comparison = name.comparison;
  if (ordered(comparison) && (dtype == DType::string || dtype == DType::boolean)) {
    return config_error(
        node.where(),
        fmt::format("{}: '{}' compares numbers; '{}' is {}; use equals, not_equals or "
                    "one_of",
                    target.who, name.key, target.field->name, target.field->type.to_string()));
  }
  std::vector<typename Compare<T>::Bound> bounds;
  if (comparison == Comparison::is_nan) {
    const auto yes = node.as_boolean();
    if (!yes) return target.wrong(node, "true or false");
    if (!is_float) {
      return config_error(node.where(),
                          fmt::format("{}: 'is_nan' needs a float field; '{}' is {}", target.who,
                                      target.field->name, target.field->type.to_string()));
    }
    if (!*yes) comparison = Comparison::not_nan;
  } else if (std::string_view(name.key) == "one_of") {
    if (!node.is_sequence() || node.items().empty()) {
      return config_error(
          node.where(), fmt::format("{}: one_of: a list of values was expected, as [1, 2]; got {}",
                                    target.who, node.to_json()));
    }
    for (const Node& item : node.items()) {
      if (Status status = read_bound(target, comparison, item, bounds); !status.ok()) {
        return std::move(status).error();
      }
    }
  } else if (Status status = read_bound(target, comparison, node, bounds); !status.ok()) {
    return std::move(status).error();
  }
  std::string what = target.field->name;
  if (!target.field->type.shape.dims.empty()) what += fmt::format("[{}]", target.index);
  std::string words = name.key;
  std::replace(words.begin(), words.end(), '_', ' ');
  return ConditionPart(std::make_shared<Compare<T>>(
      target.column, target.index, comparison, std::move(bounds),
      fmt::format("{} {} {}", what, words, node.is_scalar() ? node.text() : node.to_json())));
}

Result<ConditionPart> compare_any(const Target& target, const ComparisonName& name,
                                  const Node& node) {
  switch (target.field->type.dtype) {
    case DType::float32: return compare<float>(target, name, node);
    case DType::float64: return compare<double>(target, name, node);
    case DType::int32: return compare<std::int32_t>(target, name, node);
    case DType::int64: return compare<std::int64_t>(target, name, node);
    case DType::uint8:
    case DType::boolean: return compare<std::uint8_t>(target, name, node);
    case DType::string: return compare<std::string_view>(target, name, node);
  }
  return Error(Code::internal, "condition: unknown dtype");
}

Result<Target> find_target(const Values& values, const Schema& schema, std::string_view who) {
  const std::string& name = values.string("field");
  const auto column = schema.find(name);
  if (!column) {
    const auto names = schema.names();
    return config_error(
        values.where("field"),
        fmt::format("{}: there is no field '{}' here; there is {}.{}", who, name,
                    names.empty() ? "none" : quoted_list(names), did_you_mean(name, names)));
  }
  const Field& field = schema.fields[*column];
  const bool vector = !field.type.shape.dims.empty();
  if (vector != values.given("index")) {
    return config_error(
        values.where("field"),
        vector
            ? fmt::format("{}: '{}' is {}, a condition looks at one number; say which, as index: 0",
                          who, name, field.type.to_string())
            : fmt::format("{}: '{}' is one {}; leave out index", who, name,
                          field.type.to_string()));
  }
  const auto index = vector ? static_cast<std::size_t>(values.integer("index")) : 0;
  if (vector && !field.type.ragged() && index >= field.type.width()) {
    return config_error(
        values.where("index"),
        fmt::format("{}: index: a number below {} was expected, since '{}' is {}; got {}", who,
                    field.type.width(), name, field.type.to_string(), index));
  }
  return Target{&field, *column, index, std::string(who)};
}

Result<ConditionPart> bind_part(const Node& node, const Schema& schema, std::string_view who);

Result<ConditionPart> bind_field(const Values& values, const Schema& schema, std::string_view who) {
  auto target = find_target(values, schema, who);
  if (!target) return std::move(target).error();
  std::vector<ConditionPart> parts;
  for (const ComparisonName& name : kComparisons) {
    if (!values.given(name.key)) continue;
    auto part = compare_any(*target, name, values.node(name.key));
    if (!part) return part;
    parts.push_back(std::move(part).value());
  }
  if (parts.empty()) {
    return config_error(values.where(),
                        fmt::format("{}: a comparison of '{}' was expected, as above: 0; got none",
                                    who, target->field->name));
  }
  if (parts.size() == 1) return parts.front();
  return ConditionPart(std::make_shared<AllOf>(std::move(parts)));
}

Result<ConditionPart> bind_list(const Node& list, const char* key, const Schema& schema,
                                std::string_view who) {
  if (!list.is_sequence() || list.items().empty()) {
    return config_error(
        list.where(),
        fmt::format("{}: {}: a list of conditions was expected; got {}", who, key, list.to_json()));
  }
  std::vector<ConditionPart> parts;
  for (const Node& item : list.items()) {
    auto part = bind_part(item, schema, who);
    if (!part) return part;
    parts.push_back(std::move(part).value());
  }
  if (std::string_view(key) == "all") {
    return ConditionPart(std::make_shared<AllOf>(std::move(parts)));
  }
  return ConditionPart(std::make_shared<AnyOf>(std::move(parts)));
}

Result<ConditionPart> bind_part(const Node& node, const Schema& schema, std::string_view who) {
  auto values = read(condition_section(), node);
  if (!values) return std::move(values).error();
  const char* form = nullptr;
  std::size_t forms = 0;
  for (const char* key : {"field", "all", "any", "not"}) {
    if (!values->given(key)) continue;
    form = key;
    ++forms;
  }
  if (forms != 1 || (!values->given("field") && node.entries().size() > 1)) {
    return config_error(
        node.where(),
        fmt::format("{}: a condition was expected: {{field: …, above: …}}, {{all: [..]}}, "
                    "{{any: [..]}} or {{not: …}}; got {}",
                    who, node.to_json()));
  }
  const std::string_view key = form;
  if (key == "field") return bind_field(*values, schema, who);
  if (key != "not") return bind_list(values->node(key), form, schema, who);
  auto part = bind_part(values->node("not"), schema, who);
  if (!part) return part;
  return ConditionPart(std::make_shared<Not>(std::move(part).value()));
}

}  // namespace

Result<Condition> Condition::bind(const Node& node, const Schema& schema, std::string_view who) {
  auto root = bind_part(node, schema, who);
  if (!root) return std::move(root).error();
  return Condition(std::move(root).value());
}

const Section& condition_section() {
  using T = SettingType;
  static const Section section{
      .name = "condition",
      .doc = "A test of a row: one field compared, or all / any / not of other conditions.",
      .settings = {
          {.name = "field", .type = T::string, .example = "amount", .doc = "The field to compare."},
          {.name = "index",
           .type = T::integer,
           .min = 0,
           .example = "2",
           .doc = "Which element of a vector field, in row-major order, from 0."},
          {.name = "above", .type = T::number, .example = "0.9", .doc = "Greater than this."},
          {.name = "at_least", .type = T::number, .example = "18", .doc = "This or greater."},
          {.name = "below", .type = T::number, .example = "100", .doc = "Less than this."},
          {.name = "at_most", .type = T::number, .example = "5", .doc = "This or less."},
          {.name = "equals", .type = T::node, .example = "CH", .doc = "Equal to this."},
          {.name = "not_equals",
           .type = T::node,
           .example = "test",
           .doc = "Anything but this; NaN too."},
          {.name = "one_of",
           .type = T::node,
           .example = "[CH, AT]",
           .doc = "Equal to one of these."},
          {.name = "is_nan",
           .type = T::boolean,
           .example = "false",
           .doc = "Is it NaN (true), or anything else (false)?"},
          {.name = "all",
           .type = T::node,
           .example = "[{field: a, above: 0}, {field: b, equals: x}]",
           .doc = "All of these conditions hold."},
          {.name = "any",
           .type = T::node,
           .example = "[{field: a, above: 0}, {field: b, equals: x}]",
           .doc = "At least one of these conditions holds."},
          {.name = "not",
           .type = T::node,
           .example = "{field: a, is_nan: true}",
           .doc = "This condition does not hold."},
      }};
  return section;
}

}  // namespace thalweg
