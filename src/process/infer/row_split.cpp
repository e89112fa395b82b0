#include "process/infer/row_split.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg {
namespace {

bool is_key(const ColumnType& type) {
  switch (type.dtype) {
    case DType::string:
    case DType::int32:
    case DType::int64:
    case DType::uint8: return type.shape.dims.empty();
    default: return false;
  }
}

}  // namespace

Result<std::optional<std::size_t>> key_column(const Route& route, const Schema& available) {
  if (route.key.empty()) return std::optional<std::size_t>{};
  const auto column = available.find(route.key);
  if (!column) {
    const auto names = available.names();
    return Error(Code::config_invalid,
                 fmt::format("key: a field was expected, which decides who answers a record; got "
                             "'{}'; there is {}.{}",
                             route.key, quoted_list(names), did_you_mean(route.key, names)));
  }
  const ColumnType& type = available.fields[*column].type;
  if (is_key(type)) return column;
  return Error(Code::config_invalid,
               fmt::format("key: a string or a whole number was expected, which decides who "
                           "answers a record; '{}' is {}",
                           route.key, type.to_string()));
}

std::uint32_t RowSplit::bucket_of_value(const Column& column, std::uint32_t row) {
  switch (column.type().dtype) {
    case DType::string: return bucketer_.of(column.string_row(row).front());
    case DType::int32: return bucketer_.of(std::int64_t{column.values<std::int32_t>()[row]});
    case DType::int64: return bucketer_.of(column.values<std::int64_t>()[row]);
    default: return bucketer_.of(std::int64_t{column.values<std::uint8_t>()[row]});
  }
}

Status RowSplit::split(const Route& route, const Schema& available, const Batch& batch,
                       std::span<const std::uint32_t> rows,
                       std::span<std::vector<std::uint32_t>* const> to,
                       std::vector<std::uint32_t>& buckets) {
  auto key = key_column(route, available);
  if (!key) return std::move(key).error();
  bucketer_.begin(route.salt);
  buckets.resize(batch.rows().count());
  if (*key) {
    const Column& column = batch.rows().columns[**key];
    for (const std::uint32_t row : rows) {
      buckets[row] = bucket_of_value(column, row);
      to[variant_of(route, buckets[row])]->push_back(row);
    }
    return {};
  }
  std::uint32_t record = UINT32_MAX, bucket = 0;
  std::size_t variant = 0;
  for (const std::uint32_t row : rows) {
    if (batch.rows().record_of[row] != record) {
      record = batch.rows().record_of[row];
      bucket = bucketer_.of(batch.record(record));
      variant = variant_of(route, bucket);
    }
    buckets[row] = bucket;
    to[variant]->push_back(row);
  }
  return {};
}

}  // namespace thalweg
