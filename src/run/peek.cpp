#include "run/peek.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "control/json_node.h"
#include "json/fault.h"

namespace thalweg {
namespace {

using control::json_number;
using control::json_string;

constexpr std::size_t text_bytes_max = 512;
constexpr std::size_t elements_max = 32;
constexpr std::size_t element_bytes = 16;  // beside its text: quotes and commas, or a number

// Bytes that are no text, and long ones, are shown as far as they can be.
Node text_node(std::string_view text) {
  return json_string(json::excerpt(text, text_bytes_max));
}

Node number_node(double value) {
  if (!std::isfinite(value))
    return json_string(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
  return json_number(value);
}

Node element(const Column& column, std::size_t i) {
  switch (column.type().dtype) {
    case DType::string: return text_node(column.strings()[i]);
    case DType::float32: return number_node(static_cast<double>(column.values<float>()[i]));
    case DType::float64: return number_node(column.values<double>()[i]);
    case DType::int32: return json_number(std::int64_t{column.values<std::int32_t>()[i]});
    case DType::int64: return json_number(column.values<std::int64_t>()[i]);
    case DType::uint8: return json_number(std::int64_t{column.values<std::uint8_t>()[i]});
    case DType::boolean: return control::json_boolean(column.values<std::uint8_t>()[i] != 0);
  }
  return Node::null({});
}

// Takes what it costs from `left`; at 0 it is no longer complete.
Node value_node(const Column& column, std::size_t row, std::size_t& left) {
  const auto counted = [&](std::size_t i) {
    Node node = element(column, i);
    left -= std::min(left, node.text().size() + element_bytes);
    return node;
  };
  const auto [begin, end] = column.extent(row);
  if (column.type().shape.dims.empty()) return counted(begin);
  std::vector<Node> items;
  for (std::size_t i = begin; i < end && items.size() < elements_max && left > 0; ++i)
    items.push_back(counted(i));
  if (end - begin > items.size())
    items.push_back(json_string(fmt::format("… {} more", end - begin - items.size())));
  return Node::sequence(std::move(items));
}

}  // namespace

Result<Node> Peek::look(const std::string& place, std::size_t rows,
                        std::chrono::milliseconds at_most, const std::stop_token& stop) {
  std::size_t index = places_.size() - 1;
  if (!place.empty()) {
    const auto it = std::find(places_.begin(), places_.end(), place);
    if (it == places_.end())
      return Error(Code::config_invalid,
                   fmt::format("peek: expected one of {}; got '{}'.{}", quoted_list(places_), place,
                               did_you_mean(place, places_)));
    index = static_cast<std::size_t>(it - places_.begin());
  }
  const std::unique_lock only(looking_, std::try_to_lock);
  if (!only.owns_lock())
    return Error(Code::timed_out,
                 "peek: expected to be the only one who looks; somebody else is "
                 "looking; try again in some seconds");
  std::unique_lock lock(mutex_);
  rows_.clear();
  wanted_rows_ = rows;
  bytes_left_ = bytes_max;
  place_.store(static_cast<std::ptrdiff_t>(index), std::memory_order_relaxed);
  enough_.wait_for(lock, stop, at_most, [&] { return rows_.size() >= rows || bytes_left_ == 0; });
  place_.store(-1, std::memory_order_relaxed);
  Node answer = Node::map(
      {{"step", json_string(places_[index])}, {"rows", Node::sequence(std::exchange(rows_, {}))}});
  if (bytes_left_ == 0) answer.set("cut", control::json_boolean(true));
  return answer;
}

void Peek::show(std::size_t place, const Batch& batch, const Schema& schema) {
  const std::lock_guard lock(mutex_);
  if (!wanted(place) || rows_.size() >= wanted_rows_) return;
  const std::size_t live = batch.rows().live_count();
  const std::size_t take = std::min(live, wanted_rows_ - rows_.size());
  for (std::size_t i = 0; i < take && bytes_left_ > 0; ++i)
    rows_.push_back(row(batch, schema, batch.rows().live(i * live / take)));
  if (rows_.size() >= wanted_rows_ || bytes_left_ == 0) enough_.notify_all();
}

Node Peek::row(const Batch& batch, const Schema& schema, std::size_t row) {
  const SourceRecord& record = batch.record(batch.rows().record_of[row]);
  Node fields = Node::map({});
  const std::size_t columns = std::min(schema.fields.size(), batch.rows().columns.size());
  for (std::size_t i = 0; i < columns && bytes_left_ > 0; ++i) {
    const std::string& name = schema.fields[i].name;
    const bool masked = std::find(masked_.begin(), masked_.end(), name) != masked_.end();
    bytes_left_ -= std::min(bytes_left_, name.size() + element_bytes);
    fields.set(name,
               masked ? json_string("***") : value_node(batch.rows().columns[i], row, bytes_left_));
  }
  return Node::map({{"topic", json_string(std::string(record.topic))},
                    {"partition", json_number(std::int64_t{record.partition.value})},
                    {"offset", json_number(record.offset.value)},
                    {"fields", std::move(fields)}});
}

}  // namespace thalweg
