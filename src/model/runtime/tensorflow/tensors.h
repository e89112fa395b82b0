// Between our tensors and TensorFlow's: in without a copy, out without a copy where that is safe.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/tensor.h"

#include "model/element.h"
#include "model/runtime/tensorflow/api.h"

namespace thalweg::tensorflow {

// One input of a call. Numbers are handed over as they lie (64-byte aligned, TensorFlow does not copy them); strings become
// TF_TStrings in memory of ours, which the destructor gives back. Reused by one thread from call to call.
class InputTensor {
 public:
  explicit InputTensor(const Api& api) : api_(api) {}
  InputTensor(InputTensor&& other) noexcept;
  InputTensor(const InputTensor&) = delete;
  InputTensor& operator=(const InputTensor&) = delete;
  ~InputTensor() { release(); }

  // `view` must stay alive until release(). Errors: invalid_model_input (a number that does not fit a narrow type).
  [[nodiscard]] thalweg::Status set(const TensorView& view, Element element, TF_DataType type);
  void release() noexcept;
  [[nodiscard]] TF_Tensor* get() const noexcept { return tensor_; }
  // Does this memory belong to the input? (An output may be the fed tensor itself.)
  [[nodiscard]] bool holds(const void* data) const noexcept;

 private:
  const Api& api_;
  TF_Tensor* tensor_ = nullptr;
  AlignedBuffer buffer_;     // converted numbers, or TF_TStrings
  std::size_t strings_ = 0;  // TF_TStrings alive in buffer_
  const std::byte* begin_ = nullptr;
  const std::byte* end_ = nullptr;
};

// Takes a TensorFlow tensor over. `inputs`: of the call; an output inside their memory is copied, since that memory
// is only lent until the call's end.
[[nodiscard]] Tensor take_output(const Api& api, TF_Tensor* tensor, Element element,
                                 std::span<const InputTensor> inputs);

}  // namespace thalweg::tensorflow
