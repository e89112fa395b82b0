// OpenVINO's C API as a table of functions, bound when the first model asks for it.
#pragma once

#include <string>

#include "thalweg/error.h"

#include "model/runtime/openvino/c_api.h"

namespace thalweg::openvino {

// Every function we call: the table, the binding and the test go through this one list.
// clang-format off
#define THALWEG_OPENVINO_FUNCTIONS(X)                                                              \
  X(ov_get_last_err_msg)                                                                           \
  X(ov_get_error_info) X(ov_free) X(ov_get_openvino_version) X(ov_version_free) X(ov_core_create)  \
      X(ov_core_read_model) X(ov_core_compile_model) X(ov_model_free) X(ov_model_inputs_size)      \
          X(ov_model_outputs_size) X(ov_model_const_input_by_index)                                \
              X(ov_model_const_output_by_index) X(ov_output_const_port_free)                       \
                  X(ov_port_get_any_name) X(ov_port_get_partial_shape) X(ov_port_get_element_type) \
                      X(ov_partial_shape_free) X(ov_compiled_model_free)                           \
                          X(ov_compiled_model_create_infer_request) X(ov_infer_request_free)       \
                              X(ov_infer_request_set_input_tensor_by_index)                        \
                                  X(ov_infer_request_get_output_tensor_by_index)                   \
                                      X(ov_infer_request_infer) X(ov_tensor_create)                \
                                          X(ov_tensor_create_from_host_ptr) X(ov_tensor_get_shape) \
                                              X(ov_shape_free) X(ov_tensor_get_element_type)       \
                                                  X(ov_tensor_get_byte_size) X(ov_tensor_data)     \
                                                      X(ov_tensor_free)
// clang-format on

struct Api {
#define THALWEG_OPENVINO_MEMBER(name) decltype(&::name) name = nullptr;
  THALWEG_OPENVINO_FUNCTIONS(THALWEG_OPENVINO_MEMBER)
#undef THALWEG_OPENVINO_MEMBER
  std::string path;         // of the library
  ov_core* core = nullptr;  // one for the process

  // Opens the library at the first call; later calls give the same table, which lives until the process ends. Any thread.
  // `folder`: of the model's section, or empty. Errors: runtime_missing.
  static Result<const Api*> get(const std::string& folder);

  // What the failed call said, on one line.
  [[nodiscard]] std::string reason(ov_status_e failed) const;
  // ok, or model_failed with the reason.
  [[nodiscard]] Status check(ov_status_e status) const;
};

}  // namespace thalweg::openvino
