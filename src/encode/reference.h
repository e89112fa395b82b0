// What a bare word in a template stands for: a column, or something of the source record.
//
//   amount            a column: a field, a feature, a model's output
//   input             the value as it came              input./a/b   a part of it, by JSON Pointer
//   meta.topic, meta.partition, meta.offset, meta.timestamp (ms, null if none), meta.key (null if none)
//   headers.<name>    the last header of that name (null if none)
//
// `input`, `meta.…` and `headers.…` always mean this, also where a column has such a name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "thalweg/batch.h"
#include "thalweg/settings.h"

namespace thalweg::encode {

struct Reference {
  enum class Kind : std::uint8_t {
    column,
    input,
    part,
    topic,
    partition,
    offset,
    timestamp,
    key,
    header
  };
  Kind kind = Kind::column;
  std::size_t column = 0;  // Kind::column
  ColumnType type;         // Kind::column
  std::string text;        // Kind::part: the pointer; Kind::header: the name
};

// Errors: config_invalid, with a suggestion for an unknown name. A quoted or numeric scalar is no reference.
[[nodiscard]] Result<Reference> bind_reference(const Node& node, const Schema& schema);

// The last header of that name; nothing if there is none, or its value is null.
[[nodiscard]] std::optional<std::string_view> find_header(const Batch& batch, std::size_t record,
                                                          std::string_view name) noexcept;

}  // namespace thalweg::encode
