// explode: taking lists apart into finer rows.
#include "process/explode.h"

#include <cstring>

#include <fmt/format.h>

namespace thalweg {
namespace {

void append_elements(const Column& from, std::uint32_t row, std::size_t length, Column& to) {
  const auto [begin, end] = from.extent(row);
  if (from.type().dtype == DType::string) {
    const std::size_t width = to.type().width();
    for (std::size_t e = begin; e < end; ++e) {
      to.push_string(from.strings()[e]);
      if ((e - begin) % width + 1 == width) to.end_row();
    }
    return;
  }
  const std::size_t size = size_of(from.type().dtype);
  std::byte* place = to.append_raw_rows(length);
  if (end > begin) {
    std::memcpy(place, static_cast<const std::byte*>(from.raw()) + begin * size,
                (end - begin) * size);
  }
}

}  // namespace

Explode::Explode(const Schema& input, Schema schema, std::vector<Source> sources, OnEmpty on_empty)
    : schema_(std::move(schema)), sources_(std::move(sources)), on_empty_(on_empty) {
  for (const Source& source : sources_) {
    if (source.exploded) lists_.push_back(input.fields[source.column].name);
  }
}

Progress Explode::process(Batch& batch, const Resume&) {
  Rows finer = batch.fresh_rows(schema_);
  const Rows& rows = batch.rows();
  for (std::size_t i = 0; i < rows.live_count(); ++i) {
    const std::uint32_t row = rows.live(i);
    const std::uint32_t record = rows.record_of[row];
    if (batch.disposition(record) != Disposition::pending) continue;
    auto length = length_of(rows, row);
    if (!length) {
      batch.fail(record, std::move(length).error().in_stage("explode"));
    } else if (*length > 0) {
      take_apart(rows, row, *length, finer);
    } else if (on_empty_ == OnEmpty::dead) {
      batch.fail(record, no_elements());
    }
  }
  if (on_empty_ == OnEmpty::drop) drop_empty(batch, finer);
  batch.push_rows(std::move(finer));
  batch.sweep();
  return Progress::done;
}

Result<std::size_t> Explode::length_of(const Rows& rows, std::uint32_t row) const {
  std::size_t length = 0;
  std::size_t seen = 0;
  for (const Source& source : sources_) {
    if (!source.exploded) continue;
    const Column& column = rows.columns[source.column];
    const auto [begin, end] = column.extent(row);
    const std::size_t own = (end - begin) / column.type().width();
    if (seen > 0 && own != length) {
      return Error(
          Code::wrong_length,
          fmt::format("explode: lists of one length were expected; got {} in '{}' and {} in "
                      "'{}'; every candidate needs all its fields",
                      length, lists_.front(), own, lists_[seen]));
    }
    length = own;
    ++seen;
  }
  return length;
}

void Explode::take_apart(const Rows& rows, std::uint32_t row, std::size_t length,
                         Rows& finer) const {
  for (std::size_t c = 0; c < sources_.size(); ++c) {
    const Column& from = rows.columns[sources_[c].column];
    Column& to = finer.columns[c];
    if (sources_[c].exploded) {
      append_elements(from, row, length, to);
    } else {
      for (std::size_t i = 0; i < length; ++i) to.append_from(from, row);
    }
  }
  finer.record_of.insert(finer.record_of.end(), length, rows.record_of[row]);
  finer.parent_of.insert(finer.parent_of.end(), length, row);
}

Error Explode::no_elements() const {
  return Error(Code::no_rows,
               fmt::format(
                   "explode: at least one element was expected in '{}'; got an empty list; set "
                   "on_empty to drop or forward if that is meant",
                   lists_.front()))
      .in_stage("explode");
}

// A record may own several rows here (explode after explode): it goes only if none of them has an element.
void Explode::drop_empty(Batch& batch, const Rows& finer) {
  const Rows& rows = batch.rows();
  std::size_t f = 0;
  for (std::size_t i = 0; i < rows.live_count(); ++i) {
    const std::uint32_t record = rows.record_of[rows.live(i)];
    while (f < finer.count() && finer.record_of[f] < record) ++f;
    if (f == finer.count() || finer.record_of[f] != record) {
      batch.dispose(record, Disposition::filtered);
    }
  }
}

std::string Explode::describe() const {
  return fmt::format("{}", fmt::join(lists_, ", "));
}

}  // namespace thalweg
