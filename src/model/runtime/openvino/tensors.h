// Between our tensors and OpenVINO's: in without a copy, out with one (a request keeps its output's memory for itself).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/tensor.h"

#include "model/element.h"
#include "model/runtime/openvino/api.h"

namespace thalweg::openvino {

// None: a type Thalweg has no column for.
[[nodiscard]] std::optional<Element> element_of(ov_element_type_e type) noexcept;
[[nodiscard]] ov_element_type_e type_of(Element element) noexcept;

// One input of a call; freed by the destructor.
class InputTensor {
 public:
  explicit InputTensor(const Api& api) : api_(api) {}
  InputTensor(const InputTensor&) = delete;
  InputTensor& operator=(const InputTensor&) = delete;
  ~InputTensor();
  // `view` must outlive the call. `rows`: as many as the model is to see; where they are more than the view's, its last row is
  // repeated in a copy. Errors: invalid_model_input (a number that does not fit a narrow type), model_failed.
  [[nodiscard]] Status set(const TensorView& view, Element element, std::int64_t rows);
  [[nodiscard]] const ov_tensor* get() const noexcept { return tensor_; }

 private:
  const Api& api_;
  ov_tensor* tensor_ = nullptr;
  std::vector<std::int64_t> dims_;
  AlignedBuffer copied_;
};

// Copies an output. `name` for the error. `repeated`: so many rows at its end are not asked for. Errors: model_failed (another type
// than `element`, fewer rows).
[[nodiscard]] Result<Tensor> copy_output(const Api& api, const ov_tensor* tensor, Element element,
                                         std::string_view name, std::int64_t repeated);

}  // namespace thalweg::openvino
