// The part of OpenVINO's C API that Thalweg calls, declared by us so that it builds where OpenVINO is not installed.
//
// Source of names, numbers and contracts: openvino/c/*.h of OpenVINO 2025 and 2026. Where those headers are at hand,
// tests/model/openvino_api_test.cpp includes them before this file: the compiler then refuses any declaration that does not
// agree. The numbers of element types have moved between versions; api.cpp checks them when it opens the library.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct ov_core;
struct ov_model;
struct ov_compiled_model;
struct ov_infer_request;
struct ov_tensor;
struct ov_output_const_port;

#ifndef OPENVINO_C_API
enum ov_status_e : int { OK = 0, INVALID_C_PARAM = -14 };

enum ov_element_type_e : unsigned {
  DYNAMIC,
  BOOLEAN,
  BF16,
  F16,
  F32,
  F64,
  I4,
  I8,
  I16,
  I32,
  I64,
  U1,
  U2,
  U3,
  U4,
  U6,
  U8,
  U16,
  U32,
  U64,
  NF4,
  F8E4M3,
  F8E5M3,
  STRING,
};

struct ov_shape_t {
  std::int64_t rank;
  std::int64_t* dims;
};
struct ov_dimension {
  std::int64_t min;
  std::int64_t max;
};
struct ov_partial_shape {
  ov_dimension rank;
  ov_dimension* dims;
};
struct ov_version {
  const char* buildNumber;
  const char* description;
};
#endif

const char* ov_get_last_err_msg();
const char* ov_get_error_info(ov_status_e status);
void ov_free(const char* content);
ov_status_e ov_get_openvino_version(ov_version* version);
void ov_version_free(ov_version* version);

ov_status_e ov_core_create(ov_core** core);
ov_status_e ov_core_read_model(const ov_core*, const char* path, const char* weights, ov_model**);
ov_status_e ov_core_compile_model(const ov_core*, const ov_model*, const char* device,
                                  std::size_t arguments, ov_compiled_model**, ...);

void ov_model_free(ov_model*);
ov_status_e ov_model_inputs_size(const ov_model*, std::size_t*);
ov_status_e ov_model_outputs_size(const ov_model*, std::size_t*);
ov_status_e ov_model_const_input_by_index(const ov_model*, std::size_t index,
                                          ov_output_const_port**);
ov_status_e ov_model_const_output_by_index(const ov_model*, std::size_t index,
                                           ov_output_const_port**);

void ov_output_const_port_free(ov_output_const_port*);
ov_status_e ov_port_get_any_name(const ov_output_const_port*, char** name);
ov_status_e ov_port_get_partial_shape(const ov_output_const_port*, ov_partial_shape*);
ov_status_e ov_port_get_element_type(const ov_output_const_port*, ov_element_type_e*);
void ov_partial_shape_free(ov_partial_shape*);

void ov_compiled_model_free(ov_compiled_model*);
ov_status_e ov_compiled_model_create_infer_request(const ov_compiled_model*, ov_infer_request**);

void ov_infer_request_free(ov_infer_request*);
ov_status_e ov_infer_request_set_input_tensor_by_index(ov_infer_request*, std::size_t index,
                                                       const ov_tensor*);
ov_status_e ov_infer_request_get_output_tensor_by_index(const ov_infer_request*, std::size_t index,
                                                        ov_tensor**);
ov_status_e ov_infer_request_infer(ov_infer_request*);

ov_status_e ov_tensor_create(ov_element_type_e, ov_shape_t, ov_tensor**);
ov_status_e ov_tensor_create_from_host_ptr(ov_element_type_e, ov_shape_t, void* data, ov_tensor**);
ov_status_e ov_tensor_get_shape(const ov_tensor*, ov_shape_t*);
ov_status_e ov_shape_free(ov_shape_t*);
ov_status_e ov_tensor_get_element_type(const ov_tensor*, ov_element_type_e*);
ov_status_e ov_tensor_get_byte_size(const ov_tensor*, std::size_t*);
ov_status_e ov_tensor_data(const ov_tensor*, void**);
void ov_tensor_free(ov_tensor*);

}  // extern "C"
