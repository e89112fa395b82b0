// The fields that a source declares: `name: type`, or `name: {at: /json/pointer, type: …, shape: …, default: …, separator: ","}`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/settings.h"

#include "json/pointer.h"

namespace thalweg::decode {

// What stands in for a value that is absent or null: the elements of one row (or, for a field with `*`, of one step of it).
struct Constant {
  std::vector<std::byte> numbers;
  std::vector<std::string> strings;
  std::size_t elements = 0;
};

struct FieldSpec {
  std::string name;
  json::Pointer at;  // /name unless set
  ColumnType type;   // of the column; for a field with `*` with that dimension in front
  std::optional<std::size_t> each;   // which step of `at` is `*`: every element of that array
  std::optional<char> separator;     // numbers or words in one string
  std::optional<Constant> fallback;  // `default`
  bool empty_fallback =
      false;  // `default: []` of a field with `*`: an absent array is an empty one
};

extern const Section field_section;

// The raw `fields:` node; null means none. Errors: config_invalid, with the line.
[[nodiscard]] Result<std::vector<FieldSpec>> read_fields(const Node& fields);
// For formats without structure inside: names and types, nothing else may be set.
[[nodiscard]] Result<Schema> read_plain_fields(const Node& fields, std::string_view format);

[[nodiscard]] Schema schema_of(const std::vector<FieldSpec>& fields);

}  // namespace thalweg::decode
