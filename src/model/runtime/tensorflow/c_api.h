// The part of TensorFlow's C API that Thalweg calls, declared by us so that it builds where TensorFlow is not installed.
//
// Source of names, numbers and contracts: tensorflow/c/c_api.h, tf_status.h, tf_datatype.h, tf_tensor.h, tf_buffer.h and
// tf_tstring.h of TensorFlow 2.x (stable since 2.4). Where those headers are at hand, tests/model/tensorflow_api_test.cpp
// includes them before this file: the compiler then refuses any declaration that does not agree.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct TF_Tensor;
struct TF_Graph;
struct TF_Session;
struct TF_SessionOptions;
struct TF_Operation;
struct TF_Library;

#ifndef TENSORFLOW_C_C_API_H_
struct TF_Status;
enum TF_Code : unsigned {
  TF_OK = 0,
  TF_INVALID_ARGUMENT = 3,
  TF_NOT_FOUND = 5,
  TF_FAILED_PRECONDITION = 9,
  TF_OUT_OF_RANGE = 11,
  TF_UNIMPLEMENTED = 12,
  TF_DATA_LOSS = 15,
};
enum TF_DataType : unsigned {
  TF_FLOAT = 1,
  TF_STRING = 7
};  // all numbers: TfType in model/saved_model.h

struct TF_Buffer {
  const void* data;
  std::size_t length;
  void (*data_deallocator)(void* data, std::size_t length);
};
struct TF_Output {
  TF_Operation* oper;
  int index;
};
// A string of a string tensor: 24 bytes, only touched through the TF_String functions.
union TF_TString {
  std::uint8_t raw[24];
  void* align;
};
#endif

const char* TF_Version(void);

TF_Status* TF_NewStatus(void);
void TF_DeleteStatus(TF_Status*);
TF_Code TF_GetCode(const TF_Status*);
const char* TF_Message(const TF_Status*);

TF_Buffer* TF_NewBuffer(void);
TF_Buffer* TF_NewBufferFromString(const void* proto, std::size_t length);
void TF_DeleteBuffer(TF_Buffer*);

TF_SessionOptions* TF_NewSessionOptions(void);
void TF_SetConfig(TF_SessionOptions*, const void* proto, std::size_t length, TF_Status*);
void TF_DeleteSessionOptions(TF_SessionOptions*);

TF_Graph* TF_NewGraph(void);
void TF_DeleteGraph(TF_Graph*);
TF_Operation* TF_GraphOperationByName(TF_Graph*, const char* name);
int TF_OperationNumOutputs(TF_Operation*);

TF_Session* TF_LoadSessionFromSavedModel(const TF_SessionOptions*, const TF_Buffer* run_options,
                                         const char* folder, const char* const* tags,
                                         int tags_count, TF_Graph*, TF_Buffer* meta_graph,
                                         TF_Status*);
void TF_CloseSession(TF_Session*, TF_Status*);
void TF_DeleteSession(TF_Session*, TF_Status*);
void TF_SessionRun(TF_Session*, const TF_Buffer* run_options, const TF_Output* inputs,
                   TF_Tensor* const* input_values, int inputs_count, const TF_Output* outputs,
                   TF_Tensor** output_values, int outputs_count, const TF_Operation* const* targets,
                   int targets_count, TF_Buffer* run_metadata, TF_Status*);

TF_Tensor* TF_NewTensor(TF_DataType, const std::int64_t* dims, int dims_count, void* data,
                        std::size_t bytes,
                        void (*release)(void* data, std::size_t bytes, void* argument),
                        void* argument);
TF_Tensor* TF_AllocateTensor(TF_DataType, const std::int64_t* dims, int dims_count,
                             std::size_t bytes);
void TF_DeleteTensor(TF_Tensor*);
TF_DataType TF_TensorType(const TF_Tensor*);
int TF_NumDims(const TF_Tensor*);
std::int64_t TF_Dim(const TF_Tensor*, int dim);
std::size_t TF_TensorByteSize(const TF_Tensor*);
void* TF_TensorData(const TF_Tensor*);

void TF_StringInit(TF_TString*);
void TF_StringCopy(TF_TString*, const char* bytes, std::size_t size);
const char* TF_StringGetDataPointer(const TF_TString*);
std::size_t TF_StringGetSize(const TF_TString*);
void TF_StringDealloc(TF_TString*);

TF_Library* TF_LoadLibrary(const char* path, TF_Status*);
void TF_DeleteLibraryHandle(TF_Library*);

}  // extern "C"
