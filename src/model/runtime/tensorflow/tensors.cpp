#include "model/runtime/tensorflow/tensors.h"

#include <cstring>
#include <string>
#include <utility>

namespace thalweg::tensorflow {
namespace {

std::size_t count_of(std::span<const std::int64_t> dims) {
  std::size_t count = 1;
  for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
  return count;
}

void keep(void* /*data*/, std::size_t /*bytes*/, void* /*argument*/) {
}  // the memory is not TensorFlow's

// The bytes of a tensor that cannot keep TensorFlow's own memory.
struct Copy {
  AlignedBuffer numbers;
  std::vector<std::string> strings;
};

void take_strings(const Api& api, const void* data, std::size_t count, Copy* copy, Tensor& out) {
  const auto* strings = static_cast<const TF_TString*>(data);
  out.strings.reserve(count);
  if (copy != nullptr) copy->strings.reserve(count);  // views into short strings must not move
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view view(api.TF_StringGetDataPointer(&strings[i]),
                          api.TF_StringGetSize(&strings[i]));
    if (copy != nullptr) view = copy->strings.emplace_back(view);
    out.strings.push_back(view);
  }
}

}  // namespace

InputTensor::InputTensor(InputTensor&& other) noexcept
    : api_(other.api_),
      tensor_(std::exchange(other.tensor_, nullptr)),
      buffer_(std::move(other.buffer_)),
      strings_(std::exchange(other.strings_, 0)),
      begin_(other.begin_),
      end_(other.end_) {}

thalweg::Status InputTensor::set(const TensorView& view, Element element, TF_DataType type) {
  release();
  const std::size_t count = count_of(view.dims);
  const void* data = view.data;
  std::size_t bytes = count * size_of(element);
  if (element == Element::string) {
    bytes = count * sizeof(TF_TString);
    buffer_.clear();
    buffer_.resize(bytes);
    auto* strings = reinterpret_cast<TF_TString*>(buffer_.data());
    for (std::size_t i = 0; i < count; ++i) {
      // Copied, not viewed: a graph may keep a string (a table, an output) for longer than the batch lives.
      api_.TF_StringInit(&strings[i]);
      api_.TF_StringCopy(&strings[i], view.strings[i].data(), view.strings[i].size());
    }
    strings_ = count;
    data = buffer_.data();
  } else if (is_converted(element)) {
    buffer_.clear();
    buffer_.resize(bytes);
    if (auto status = narrow(element, view.data, count, buffer_.data()); !status.ok())
      return status;
    data = buffer_.data();
  }
  begin_ = static_cast<const std::byte*>(data);
  end_ = begin_ + bytes;
  tensor_ = api_.TF_NewTensor(type, view.dims.data(), static_cast<int>(view.dims.size()),
                              const_cast<void*>(data), bytes, keep, nullptr);
  if (tensor_ == nullptr) {
    return Error(Code::internal, "TensorFlow took no tensor of shape " +
                                     Shape{{view.dims.begin(), view.dims.end()}}.to_string());
  }
  return {};
}

void InputTensor::release() noexcept {
  if (tensor_ != nullptr) api_.TF_DeleteTensor(std::exchange(tensor_, nullptr));
  auto* strings = reinterpret_cast<TF_TString*>(buffer_.data());
  for (std::size_t i = 0; i < strings_; ++i) api_.TF_StringDealloc(&strings[i]);
  strings_ = 0;
}

bool InputTensor::holds(const void* data) const noexcept {
  return data >= begin_ && data < end_;
}

Tensor take_output(const Api& api, TF_Tensor* tensor, Element element,
                   std::span<const InputTensor> inputs) {
  Tensor out;
  out.dtype = shown_as(element);
  const int rank = api.TF_NumDims(tensor);
  for (int i = 0; i < rank; ++i) out.shape.dims.push_back(api.TF_Dim(tensor, i));
  const std::size_t count = count_of(out.shape.dims);
  const void* data = api.TF_TensorData(tensor);

  bool lent = is_converted(element);
  for (const InputTensor& input : inputs) lent = lent || input.holds(data);
  const std::shared_ptr<const void> owner(tensor, [&api](TF_Tensor* t) { api.TF_DeleteTensor(t); });
  const std::shared_ptr<Copy> copy = lent ? std::make_shared<Copy>() : nullptr;

  if (element == Element::string) {
    take_strings(api, data, count, copy.get(), out);
  } else if (lent) {
    copy->numbers.resize(count * size_of(out.dtype));
    if (is_converted(element)) {
      widen(element, data, count, copy->numbers.data());
    } else if (count > 0) {
      std::memcpy(copy->numbers.data(), data, count * size_of(out.dtype));
    }
    out.data = copy->numbers.data();
  } else {
    out.data = data;
  }
  if (lent) {
    out.owner = copy;
  } else {
    out.owner = owner;
  }
  return out;
}

}  // namespace thalweg::tensorflow
