#include <fmt/format.h>

#include "thalweg/record.h"
#include "thalweg/settings.h"

namespace thalweg {
namespace {

// A span reads what has a fixed length too; everything else must be the very type.
bool readable(const ColumnType& wanted, const ColumnType& got) {
  if (wanted == got) return true;
  const bool span = wanted.ragged() && wanted.shape.rank() == 1;
  return span && wanted.dtype == got.dtype && got.shape.rank() >= 1 && !got.ragged();
}

}  // namespace

Result<std::vector<std::size_t>> find_columns(const Schema& wanted, const Schema& available,
                                              std::string_view where) {
  std::vector<std::size_t> columns;
  for (const Field& field : wanted.fields) {
    const auto index = available.find(field.name);
    if (!index) {
      const auto names = available.names();
      return Error(
          Code::config_invalid,
          fmt::format(
              "{}: the record's member '{}' was expected to be a field of the stream; it has "
              "{}.{}",
              where, field.name, quoted_list(names), did_you_mean(field.name, names)));
    }
    const ColumnType& got = available.fields[*index].type;
    if (!readable(field.type, got)) {
      return Error(
          Code::config_invalid,
          fmt::format(
              "{}: the record's member '{}' is {}; the stream's field is {}; give both the same "
              "type",
              where, field.name, field.type.to_string(), got.to_string()));
    }
    columns.push_back(*index);
  }
  return columns;
}

}  // namespace thalweg
