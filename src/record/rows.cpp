// Rows: columns that come and go with the steps, and keep their memory from batch to batch.
#include "thalweg/batch.h"

namespace thalweg {

void Rows::begin(const Schema& schema) {
  while (columns.size() > schema.fields.size()) {
    spare.push_back(std::move(columns.back()));
    columns.pop_back();
  }
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].reset(schema.fields[i].type);
  while (columns.size() < schema.fields.size()) add_column(schema.fields[columns.size()].type);
  record_of.clear();
  parent_of.clear();
  selection.clear();
  all_live = true;
}

Column& Rows::add_column(const ColumnType& type) {
  if (spare.empty()) {
    columns.emplace_back();
  } else {
    columns.push_back(std::move(spare.back()));
    spare.pop_back();
  }
  columns.back().reset(type);
  return columns.back();
}

void Rows::clear() noexcept {
  for (Column& column : columns) column.clear();
  for (Column& column : spare) column.clear();
  record_of.clear();
  parent_of.clear();
  selection.clear();
  all_live = true;
}

std::size_t Rows::bytes() const noexcept {
  std::size_t sum =
      (record_of.capacity() + parent_of.capacity() + selection.capacity()) * sizeof(std::uint32_t);
  for (const Column& column : columns) sum += column.bytes();
  for (const Column& column : spare) sum += column.bytes();
  return sum;
}

}  // namespace thalweg
