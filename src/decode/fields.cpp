// See fields.h.
#include "decode/fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/column_type.h"
#include "config/reserved_names.h"
#include "decode/constant.h"

namespace thalweg::decode {

const Section field_section{
    .name = "field",
    .doc = "A field of the record: what the steps, the features and the output read by its name.",
    .settings =
        {
            {.name = "type",
             .type = SettingType::string,
             .example = "float32[784]",
             .required = true,
             .doc = "The type of one row: a dtype (float32, float64, int32, int64, uint8, bool, "
                    "string), and its shape."},
            {.name = "at",
             .type = SettingType::string,
             .example = "/merchant/mcc",
             .doc = "JSON Pointer to the value, by default the member of that name; `*` as one "
                    "step means every "
                    "element of an array, and \"\" the whole document."},
            {.name = "shape",
             .type = SettingType::node,
             .example = "[28, 28]",
             .doc = "The shape, where `type` names only the dtype; -1 in front means any length."},
            {.name = "default",
             .type = SettingType::node,
             .example = "0",
             .doc = "Stands in when the value is absent or null; without it such a record is a "
                    "dead letter."},
            {.name = "separator",
             .type = SettingType::string,
             .example = "\",\"",
             .doc =
                 "The value is one string of numbers (or words) with this character between them."},
        },
    .shorthand = "type"};

namespace {

Result<Shape> read_shape(const Node& node) {
  const auto wrong = [&](const Node& at) {
    return config_error(at.where(), "shape: expected a list of lengths; got " + at.to_json() +
                                        "; write [28, 28], or [-1] for any length");
  };
  if (!node.is_sequence()) return wrong(node);
  Shape shape;
  for (const Node& item : node.items()) {
    const auto length = item.is_scalar() ? item.as_integer() : std::nullopt;
    const bool any = length && *length == Shape::unknown && shape.dims.empty();
    if (!length || (*length < 1 && !any)) return wrong(item);
    shape.dims.push_back(*length);
  }
  return shape;
}

Status read_type(const Values& values, FieldSpec& field) {
  auto type = parse_column_type(values.string("type"));
  if (!type) return config_error(values.where("type"), std::move(type).error().message());
  field.type = *std::move(type);
  if (!values.given("shape")) return {};
  if (!field.type.shape.dims.empty()) {
    return config_error(values.where("shape"),
                        "shape: expected one shape; got one in `type` too; write it once");
  }
  auto shape = read_shape(values.node("shape"));
  if (!shape) return std::move(shape).error();
  field.type.shape = *std::move(shape);
  return {};
}

Status read_pointer(const Values& values, FieldSpec& field) {
  field.at.steps = {field.name};  // a plain name is a key as it stands, whatever signs are in it
  if (!values.given("at")) return {};
  auto pointer = json::parse_pointer(values.string("at"));
  if (!pointer)
    return config_error(values.where("at"), "at: " + std::move(pointer).error().message());
  field.at = *std::move(pointer);
  const auto& steps = field.at.steps;
  const auto star = std::find(steps.begin(), steps.end(), "*");
  if (star == steps.end()) return {};
  if (std::find(star + 1, steps.end(), "*") != steps.end()) {
    return config_error(values.where("at"),
                        "at: expected '*' at most once; got it twice; explode one array at a time");
  }
  field.each = static_cast<std::size_t>(star - steps.begin());
  return {};
}

Status read_separator(const Values& values, FieldSpec& field) {
  if (!values.given("separator")) return {};
  const std::string& separator = values.string("separator");
  if (separator.size() != 1) {
    return config_error(
        values.where("separator"),
        fmt::format("separator: expected one character; got '{}'; spaces around it do not matter",
                    separator));
  }
  if (field.type.dtype == DType::boolean || field.type.shape.dims.empty()) {
    return config_error(values.where("separator"),
                        fmt::format("separator: expected a field of several numbers or strings; "
                                    "got {}; give it a shape, as in "
                                    "float32[784] or float32[]",
                                    field.type.to_string()));
  }
  field.separator = separator[0];
  return {};
}

Status read_default(const Values& values, FieldSpec& field) {
  if (!values.given("default")) return {};
  const Node& node = values.node("default");
  std::span<const std::int64_t> dims = field.type.shape.dims;
  if (field.each && node.is_sequence() && node.items().empty()) {
    field.empty_fallback = true;
    return {};
  }
  if (field.each) dims = dims.subspan(1);
  auto constant = read_constant(node, field.type.dtype, dims);
  if (!constant) return std::move(constant).error();
  field.fallback = *std::move(constant);
  return {};
}

// For a field with `*` the elements of the array become the first dimension, which has no length of its own.
Status add_each_dimension(const Values& values, FieldSpec& field) {
  if (!field.each) return {};
  if (field.type.ragged()) {
    return config_error(values.where("type"),
                        "type: expected a fixed shape, since `at` has a '*'; got " +
                            field.type.to_string() + "; only one dimension may have any length");
  }
  field.type.shape.dims.insert(field.type.shape.dims.begin(), Shape::unknown);
  return {};
}

Result<FieldSpec> read_field(const std::string& name, const Node& node) {
  auto values = read(field_section, node);
  if (!values) return std::move(values).error();
  FieldSpec field;
  field.name = name;
  if (auto ok = read_type(*values, field); !ok) return std::move(ok).error();
  if (auto ok = read_pointer(*values, field); !ok) return std::move(ok).error();
  if (auto ok = read_separator(*values, field); !ok) return std::move(ok).error();
  if (auto ok = add_each_dimension(*values, field); !ok) return std::move(ok).error();
  if (auto ok = read_default(*values, field); !ok) return std::move(ok).error();
  return field;
}

// A member's name as a word that a field may be called.
std::string plain_word(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }, '_');
  return name;
}

}  // namespace

Result<std::vector<FieldSpec>> read_fields(const Node& fields) {
  std::vector<FieldSpec> out;
  if (fields.is_null()) return out;
  if (!fields.is_map()) {
    return config_error(fields.where(), "fields: expected a map of name to type; got " +
                                            fields.to_json() + "; write {amount: float32}");
  }
  for (const auto& [name, node] : fields.entries()) {
    if (auto refusal = refusal_of_reserved(name); !refusal.empty()) {
      return config_error(fields.key_where(name),
                          fmt::format("fields: {}; give it another name, as in my_{}: {{at: /{}, "
                                      "type: …}}",
                                      refusal, plain_word(name), name));
    }
    auto field = read_field(name, node);
    if (!field) return std::move(field).error();
    out.push_back(*std::move(field));
  }
  return out;
}

Result<Schema> read_plain_fields(const Node& fields, std::string_view format) {
  auto specs = read_fields(fields);
  if (!specs) return std::move(specs).error();
  for (const FieldSpec& field : *specs) {
    const bool moved = field.at.steps != std::vector{field.name};
    if (moved || field.separator || field.fallback || field.empty_fallback) {
      return config_error(
          fields.key_where(field.name),
          fmt::format(
              "field '{}': expected only a type, since `format: {}` has no members; got more; "
              "remove `at`, `default` and `separator`",
              field.name, format));
    }
  }
  return schema_of(*specs);
}

Schema schema_of(const std::vector<FieldSpec>& fields) {
  Schema schema;
  for (const FieldSpec& field : fields) schema.fields.push_back({field.name, field.type});
  return schema;
}

}  // namespace thalweg::decode
