// TensorFlow's C API as a table of functions, bound when the first model asks for it.
#pragma once

#include <memory>
#include <string>

#include "thalweg/error.h"

#include "model/runtime/tensorflow/c_api.h"

namespace thalweg::tensorflow {

// Every function we call: the table, the binding and the test go through this one list.
// clang-format off
#define THALWEG_TENSORFLOW_FUNCTIONS(X)                                                          \
  X(TF_Version)                                                                                  \
  X(TF_NewStatus) X(TF_DeleteStatus) X(TF_GetCode) X(TF_Message) X(TF_NewBuffer)                 \
      X(TF_NewBufferFromString) X(TF_DeleteBuffer) X(TF_NewSessionOptions) X(TF_SetConfig)       \
          X(TF_DeleteSessionOptions) X(TF_NewGraph) X(TF_DeleteGraph) X(TF_GraphOperationByName) \
              X(TF_OperationNumOutputs) X(TF_LoadSessionFromSavedModel) X(TF_CloseSession)       \
                  X(TF_DeleteSession) X(TF_SessionRun) X(TF_NewTensor) X(TF_DeleteTensor)        \
                      X(TF_TensorType) X(TF_NumDims) X(TF_Dim) X(TF_TensorByteSize)              \
                          X(TF_TensorData) X(TF_StringInit) X(TF_StringCopy)                     \
                              X(TF_StringGetDataPointer) X(TF_StringGetSize) X(TF_StringDealloc) \
                                  X(TF_LoadLibrary) X(TF_DeleteLibraryHandle)
// clang-format on

struct Api {
#define THALWEG_TENSORFLOW_MEMBER(name) decltype(&::name) name = nullptr;
  THALWEG_TENSORFLOW_FUNCTIONS(THALWEG_TENSORFLOW_MEMBER)
#undef THALWEG_TENSORFLOW_MEMBER
  std::string path;  // of the library

  // Opens the library at the first call; later calls give the same table, which lives until the process ends. Any thread.
  // `folder`: of the model's section, or empty. Errors: runtime_missing.
  static Result<const Api*> get(const std::string& folder);
};

// A TF_Status that frees itself.
class Status {
 public:
  explicit Status(const Api& api) : api_(api), status_(api.TF_NewStatus()) {}
  ~Status() { api_.TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;
  [[nodiscard]] TF_Status* get() const noexcept { return status_; }
  [[nodiscard]] TF_Code code() const noexcept { return api_.TF_GetCode(status_); }
  [[nodiscard]] bool ok() const noexcept { return code() == TF_OK; }
  [[nodiscard]] std::string message() const { return api_.TF_Message(status_); }

 private:
  const Api& api_;
  TF_Status* status_;
};

}  // namespace thalweg::tensorflow
