#include "model/runtime/openvino/tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace thalweg::openvino {
namespace {

// No strings: the processor's plug-in copies them byte by byte where it meets them, which corrupts memory.
constexpr std::array<std::pair<ov_element_type_e, Element>, 12> types{{
    {F32, Element::float32},
    {F64, Element::float64},
    {I32, Element::int32},
    {I64, Element::int64},
    {U8, Element::uint8},
    {BOOLEAN, Element::boolean},
    {F16, Element::half},
    {BF16, Element::bfloat16},
    {I8, Element::int8},
    {I16, Element::int16},
    {U16, Element::uint16},
    {U32, Element::uint32},
}};

// OpenVINO refuses null pointers, also for the dimensions of a scalar and for the numbers of an empty tensor.
constexpr std::int64_t no_dims[1] = {0};
alignas(64) constexpr std::byte no_numbers[64] = {};

std::size_t count_of(std::span<const std::int64_t> dims) {
  std::size_t count = 1;
  for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
  return count;
}

// The processor's plug-in keeps the lower 32 bits of an int64 and says nothing: 2^32 + 7 would be scored as 7.
Status check_32_bits(const std::int64_t* numbers, std::size_t count) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const auto* const end = numbers + count;
  const auto* const beyond =
      std::find_if(numbers, end, [](std::int64_t n) { return n > most || n < -most - 1; });
  if (beyond == end) return {};
  return Error(Code::invalid_model_input,
               "expected a number that fits int32, since OpenVINO computes int64 so; got " +
                   std::to_string(*beyond) +
                   "; make it smaller (a vocabulary, a hash), or use another runtime");
}

}  // namespace

std::optional<Element> element_of(ov_element_type_e type) noexcept {
  for (const auto& [theirs, ours] : types) {
    if (theirs == type) return ours;
  }
  return std::nullopt;
}

ov_element_type_e type_of(Element element) noexcept {
  for (const auto& [theirs, ours] : types) {
    if (ours == element) return theirs;
  }
  return DYNAMIC;
}

InputTensor::~InputTensor() {
  if (tensor_ != nullptr) api_.ov_tensor_free(tensor_);
}

Status InputTensor::set(const TensorView& view, Element element, std::int64_t rows) {
  const std::size_t count = count_of(view.dims);
  void* data = const_cast<void*>(view.data != nullptr ? view.data : no_numbers);
  if (view.dtype == DType::int64) {
    if (auto status = check_32_bits(static_cast<const std::int64_t*>(data), count); !status.ok())
      return status;
  }
  dims_.assign(view.dims.begin(), view.dims.end());
  const std::int64_t missing = dims_.empty() || count == 0 ? 0 : rows - dims_.front();
  const std::size_t row_bytes =
      missing > 0 ? count / static_cast<std::size_t>(dims_.front()) * size_of(element) : 0;
  const std::size_t bytes = count * size_of(element);
  if (is_converted(element) || missing > 0) {
    copied_.resize(bytes +
                   static_cast<std::size_t>(std::max<std::int64_t>(missing, 0)) * row_bytes);
    if (is_converted(element)) {
      if (auto status = narrow(element, view.data, count, copied_.data()); !status.ok())
        return status;
    } else {
      std::memcpy(copied_.data(), data, bytes);
    }
    data = copied_.data();
  }
  for (std::int64_t i = 0; i < missing; ++i) {
    char* const end = static_cast<char*>(data) + bytes + static_cast<std::size_t>(i) * row_bytes;
    std::memcpy(end, end - row_bytes, row_bytes);
  }
  if (missing > 0) dims_.front() = rows;
  const ov_shape_t shape{static_cast<std::int64_t>(dims_.size()),
                         dims_.empty() ? const_cast<std::int64_t*>(no_dims) : dims_.data()};
  return api_.check(api_.ov_tensor_create_from_host_ptr(type_of(element), shape, data, &tensor_));
}

Result<Tensor> copy_output(const Api& api, const ov_tensor* tensor, Element element,
                           std::string_view name, std::int64_t repeated) {
  ov_element_type_e type = DYNAMIC;
  if (auto status = api.check(api.ov_tensor_get_element_type(tensor, &type)); !status.ok())
    return std::move(status).error();
  if (type != type_of(element)) {
    return Error(Code::model_failed, "expected output '" + std::string(name) + "' of type " +
                                         std::string(to_string(element)) +
                                         "; got OpenVINO's type number " + std::to_string(type));
  }
  Tensor out;
  out.dtype = shown_as(element);
  std::size_t bytes = 0;
  if (auto status = api.check(api.ov_tensor_get_byte_size(tensor, &bytes)); !status.ok())
    return std::move(status).error();
  ov_shape_t shape{0, nullptr};
  // A scalar's shape is refused as a wrong parameter: then it is a scalar.
  if (api.ov_tensor_get_shape(tensor, &shape) == OK) {
    out.shape.dims.assign(shape.dims, shape.dims + shape.rank);
    api.ov_shape_free(&shape);
  }
  if (bytes != count_of(out.shape.dims) * size_of(element)) {
    return Error(Code::model_failed, "output '" + std::string(name) + "': expected " +
                                         out.shape.to_string() + "; got " + std::to_string(bytes) +
                                         " bytes");
  }
  if (repeated > 0) {
    if (out.shape.dims.empty() || out.shape.dims.front() <= repeated) {
      return Error(Code::model_failed, "output '" + std::string(name) +
                                           "': expected a row for each row of the input; got " +
                                           out.shape.to_string());
    }
    out.shape.dims.front() -= repeated;
  }
  const std::size_t count = count_of(out.shape.dims);
  void* data = nullptr;
  if (count > 0) {
    if (auto status = api.check(api.ov_tensor_data(tensor, &data)); !status.ok())
      return std::move(status).error();
  }
  auto numbers = std::make_shared<AlignedBuffer>();
  numbers->resize(count * size_of(out.dtype));
  if (is_converted(element)) {
    widen(element, data, count, numbers->data());
  } else if (count > 0) {
    std::memcpy(numbers->data(), data, count * size_of(element));
  }
  out.data = numbers->data();
  out.owner = std::move(numbers);
  return out;
}

}  // namespace thalweg::openvino
