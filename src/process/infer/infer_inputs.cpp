// Gathering rows into tensors: in place where possible, else copied, converted and padded.
#include "process/infer/infer_inputs.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace thalweg {
namespace {

constexpr std::uintptr_t kAlignment = 64;

std::size_t product(std::span<const std::int64_t> dims) {
  std::size_t elements = 1;
  for (const std::int64_t dim : dims) elements *= static_cast<std::size_t>(dim);
  return elements;
}

bool neighbours(std::span<const std::uint32_t> rows) {
  return rows.back() - rows.front() + 1 == rows.size();  // ascending, each once
}

template <class From, class To>
void widen(const void* from, void* to, std::size_t count) {
  const auto* source = static_cast<const From*>(from);
  std::transform(source, source + count, static_cast<To*>(to),
                 [](From v) { return static_cast<To>(v); });
}

template <class From>
void widen_to(DType to, const void* source, void* target, std::size_t count) {
  switch (to) {
    case DType::float32: return widen<From, float>(source, target, count);
    case DType::float64: return widen<From, double>(source, target, count);
    case DType::int32: return widen<From, std::int32_t>(source, target, count);
    case DType::int64: return widen<From, std::int64_t>(source, target, count);
    default: assert(false);
  }
}

void convert(DType from, DType to, const void* source, void* target, std::size_t count) {
  if (count == 0) return;
  if (from == to) {
    std::memcpy(target, source, count * size_of(from));
    return;
  }
  switch (from) {
    case DType::float32: return widen_to<float>(to, source, target, count);
    case DType::int32: return widen_to<std::int32_t>(to, source, target, count);
    case DType::uint8: return widen_to<std::uint8_t>(to, source, target, count);
    default: assert(false);
  }
}

std::int64_t longest(const Column& column, std::span<const std::uint32_t> rows) {
  std::size_t steps = 1;
  for (const std::uint32_t row : rows) steps = std::max(steps, steps_of(column, row));
  return static_cast<std::int64_t>(steps);
}

}  // namespace

std::size_t steps_of(const Column& column, std::uint32_t row) {
  const auto [begin, end] = column.extent(row);
  return std::max<std::size_t>(1, (end - begin) / std::max<std::size_t>(column.type().width(), 1));
}

void gather_rows(const Column& from, std::span<const std::uint32_t> rows, Column& to) {
  to.reset(from.type());
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t count = 1;
    while (i + count < rows.size() && rows[i + count] == rows[i] + count) ++count;
    to.append_range_from(from, rows[i], count);
    i += count;
  }
}

void InputGather::build(const ModelBinding& binding, BatchDim batch,
                        std::span<const Column* const> sources, std::span<const std::uint32_t> rows,
                        std::size_t fed, InferenceRequest& request) {
  slots_.resize(binding.inputs.size());
  request.inputs.resize(binding.inputs.size());
  for (std::size_t i = 0; i < binding.inputs.size(); ++i) {
    const InputPlan& plan = binding.inputs[i];
    const Column& from = *sources[i];
    Slot& slot = slots_[i];
    slot.dims.clear();
    if (batch != BatchDim::none) slot.dims.push_back(static_cast<std::int64_t>(fed));
    const std::size_t first = slot.dims.size();
    slot.dims.insert(slot.dims.end(), plan.row_dims.begin(), plan.row_dims.end());
    if (plan.ragged) slot.dims[first] = longest(from, rows);
    const std::size_t row_elements = product(std::span(slot.dims).subspan(first));

    TensorView& view = request.inputs[i];
    view = {.dtype = plan.to, .dims = slot.dims, .data = nullptr, .strings = {}};
    const bool in_place =
        !plan.ragged && plan.from.dtype == plan.to && fed == rows.size() && neighbours(rows);
    if (plan.to == DType::string) {
      if (in_place) {
        view.strings = from.strings().subspan(rows.front() * row_elements, fed * row_elements);
        continue;
      }
      fill(plan, from, rows, fed, row_elements, slot);
      view.strings = slot.strings;
      continue;
    }
    const auto* begin = static_cast<const std::byte*>(from.raw()) +
                        (in_place ? rows.front() * row_elements * size_of(plan.to) : 0);
    if (in_place && reinterpret_cast<std::uintptr_t>(begin) % kAlignment == 0) {
      view.data = begin;
      continue;
    }
    fill(plan, from, rows, fed, row_elements, slot);
    view.data = slot.numbers.data();
  }
}

void InputGather::fill(const InputPlan& plan, const Column& from,
                       std::span<const std::uint32_t> rows, std::size_t fed,
                       std::size_t row_elements, Slot& slot) {
  if (plan.to == DType::string) {
    slot.strings.assign(fed * row_elements, std::string_view());
    for (std::size_t i = 0; i < fed; ++i) {
      const auto texts = from.string_row(rows[std::min(i, rows.size() - 1)]);
      std::copy(texts.begin(), texts.end(),
                slot.strings.begin() + static_cast<std::ptrdiff_t>(i * row_elements));
    }
    return;
  }
  const std::size_t from_size = size_of(plan.from.dtype);
  const std::size_t row_bytes = row_elements * size_of(plan.to);
  slot.numbers.resize(fed * row_bytes);
  const auto* source = static_cast<const std::byte*>(from.raw());
  for (std::size_t i = 0; i < fed; ++i) {
    const auto [begin, end] = from.extent(rows[std::min(i, rows.size() - 1)]);
    std::byte* target = slot.numbers.data() + i * row_bytes;
    const std::size_t written = (end - begin) * size_of(plan.to);
    convert(plan.from.dtype, plan.to, source + begin * from_size, target, end - begin);
    if (written < row_bytes) std::memset(target + written, 0, row_bytes - written);
  }
}

}  // namespace thalweg
