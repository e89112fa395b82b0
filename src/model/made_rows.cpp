#include "model/made_rows.h"

#include <algorithm>
#include <cstring>

#include "model/numbers.h"

namespace thalweg {
namespace {

// A number in [0, 1) from a place: the same in every run and on every machine (splitmix64's mixing).
double number_from(std::uint64_t row, std::uint64_t element) {
  std::uint64_t z = row * 0x9e3779b97f4a7c15ULL + element * 0xbf58476d1ce4e5b9ULL + 1;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<double>((z ^ (z >> 31)) >> 40) / static_cast<double>(1ULL << 24);
}

// Integers and bools become 0 or 1: an id of any vocabulary.
double made_up(DType dtype, std::uint64_t row, std::uint64_t element) {
  const double number = number_from(row, element);
  const bool real = dtype == DType::float32 || dtype == DType::float64;
  return real ? number : (number < 0.5 ? 0.0 : 1.0);
}

std::vector<std::int64_t> dims_of(const TensorSpec& spec, const Batching& batching,
                                  std::size_t rows, std::int64_t length) {
  if (spec.unknown_rank) return {static_cast<std::int64_t>(rows), length};
  std::vector<std::int64_t> dims = spec.shape.dims;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] != Shape::unknown) continue;
    dims[d] =
        d == 0 && batching.dim == BatchDim::dynamic ? static_cast<std::int64_t>(rows) : length;
  }
  return dims;
}

}  // namespace

MadeRows::MadeRows(const Signature& signature, const Batching& batching, std::size_t rows,
                   std::int64_t length, bool blank) {
  for (const TensorSpec& spec : signature.inputs) {
    Input& input = inputs_.emplace_back();
    input.dtype = spec.dtype;
    input.dims = dims_of(spec, batching, rows, length);
    const std::size_t count = elements_of(input.dims);
    input.width = batching.dim == BatchDim::dynamic && rows > 0 ? count / rows : count;
    if (spec.dtype == DType::string) {
      input.strings.assign(count, std::string_view(""));
      continue;
    }
    input.numbers.resize(count * size_of(spec.dtype));
    for (std::size_t i = 0; i < count; ++i) {
      const double value =
          blank ? 0
                : made_up(spec.dtype, i / std::max<std::size_t>(input.width, 1), i % input.width);
      set_number(spec.dtype, input.numbers.data(), i, value);
    }
  }
  for (std::uint32_t i = 0; i < signature.outputs.size(); ++i) outputs_.push_back(i);
}

InferenceRequest MadeRows::all() {
  InferenceRequest request;
  for (const Input& input : inputs_) {
    request.inputs.push_back({input.dtype, input.dims, input.numbers.data(), input.strings});
  }
  request.outputs = outputs_;
  return request;
}

std::size_t MadeRows::bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Input& input : inputs_) bytes += input.numbers.size();
  return bytes;
}

InferenceRequest MadeRows::only(std::size_t row) {
  InferenceRequest request;
  for (Input& input : inputs_) {
    input.one_row_dims = input.dims;
    input.one_row_dims.front() = 1;
    const std::size_t bytes = input.width * size_of(input.dtype);
    input.one_row.clear();
    input.one_row.resize(bytes);
    if (bytes > 0) std::memcpy(input.one_row.data(), input.numbers.data() + row * bytes, bytes);
    const std::span<const std::string_view> strings(input.strings);
    request.inputs.push_back(
        {input.dtype, input.one_row_dims, input.one_row.data(),
         strings.empty() ? strings : strings.subspan(row * input.width, input.width)});
  }
  request.outputs = outputs_;
  return request;
}

}  // namespace thalweg
