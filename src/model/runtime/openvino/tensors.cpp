#include "model/runtime/openvino/tensors.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace thalweg::openvino {
namespace {

constexpr std::array<std::pair<ov_element_type_e, Element>, 13> types{{
    {F32, Element::float32},
    {F64, Element::float64},
    {I32, Element::int32},
    {I64, Element::int64},
    {U8, Element::uint8},
    {BOOLEAN, Element::boolean},
    {STRING, Element::string},
    {F16, Element::half},
    {BF16, Element::bfloat16},
    {I8, Element::int8},
    {I16, Element::int16},
    {U16, Element::uint16},
    {U32, Element::uint32},
}};

struct Copy {
  AlignedBuffer numbers;
  std::vector<std::string> strings;
};

std::size_t count_of(std::span<const std::int64_t> dims) {
  std::size_t count = 1;
  for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
  return count;
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

Status InputTensor::set(const TensorView& view, Element element) {
  const std::size_t count = count_of(view.dims);
  const ov_shape_t shape{static_cast<std::int64_t>(view.dims.size()), const_cast<std::int64_t*>(view.dims.data())};
  void* data = const_cast<void*>(view.data);
  if (is_converted(element)) {
    converted_.resize(count * size_of(element));
    if (auto status = narrow(element, view.data, count, converted_.data()); !status.ok()) return status;
    data = converted_.data();
  }
  const ov_status_e made = element == Element::string
                               ? api_.ov_tensor_create(STRING, shape, &tensor_)
                               : api_.ov_tensor_create_from_host_ptr(type_of(element), shape, data, &tensor_);
  if (made != OK) return Error(Code::model_failed, api_.last_error());
  if (element == Element::string && count > 0) {
    // OpenVINO's string tensor is an array of std::string (its size was checked when the library was opened).
    if (api_.ov_tensor_data(tensor_, &data) != OK) return Error(Code::model_failed, api_.last_error());
    auto* strings = static_cast<std::string*>(data);
    for (std::size_t i = 0; i < count; ++i) strings[i] = view.strings[i];
  }
  return {};
}

Result<Tensor> copy_output(const Api& api, const ov_tensor* tensor, Element element, std::string_view name) {
  ov_element_type_e type = DYNAMIC;
  ov_shape_t shape{0, nullptr};
  void* data = nullptr;
  if (api.ov_tensor_get_element_type(tensor, &type) != OK || api.ov_tensor_get_shape(tensor, &shape) != OK) {
    return Error(Code::model_failed, api.last_error());
  }
  Tensor out;
  out.dtype = shown_as(element);
  out.shape.dims.assign(shape.dims, shape.dims + shape.rank);
  api.ov_shape_free(&shape);
  if (type != type_of(element)) {
    return Error(Code::model_failed, "expected output '" + std::string(name) + "' of type " +
                                         std::string(to_string(element)) + "; got OpenVINO's type number " +
                                         std::to_string(type));
  }
  const std::size_t count = count_of(out.shape.dims);
  auto copy = std::make_shared<Copy>();
  if (count > 0 && api.ov_tensor_data(tensor, &data) != OK) return Error(Code::model_failed, api.last_error());
  if (element == Element::string) {
    const auto* strings = static_cast<const std::string*>(data);
    copy->strings.assign(strings, strings + count);
    out.strings.assign(copy->strings.begin(), copy->strings.end());
  } else {
    copy->numbers.resize(count * size_of(out.dtype));
    if (is_converted(element)) {
      widen(element, data, count, copy->numbers.data());
    } else if (count > 0) {
      std::memcpy(copy->numbers.data(), data, count * size_of(out.dtype));
    }
    out.data = copy->numbers.data();
  }
  out.owner = std::move(copy);
  return out;
}

}  // namespace thalweg::openvino
