// Our declarations of TensorFlow's C API against TensorFlow's own headers: if one differs, this file does not compile.
#if THALWEG_HAVE_TENSORFLOW_HEADERS
#include <tensorflow/c/c_api.h>
#include <tensorflow/c/tf_tstring.h>
#endif

#include <gtest/gtest.h>

#include "model/runtime/tensorflow/api.h"
#include "model/saved_model.h"

namespace thalweg {
namespace {

TEST(TensorflowApi, Its_numbers_are_those_of_the_headers) {
  EXPECT_EQ(sizeof(TF_TString), 24U);
  EXPECT_EQ(static_cast<int>(TF_STRING), static_cast<int>(TfType::string));
#if THALWEG_HAVE_TENSORFLOW_HEADERS
  EXPECT_EQ(static_cast<int>(TF_HALF), static_cast<int>(TfType::half));
  EXPECT_EQ(static_cast<int>(TF_BFLOAT16), static_cast<int>(TfType::bfloat16));
  EXPECT_EQ(static_cast<int>(TF_BOOL), static_cast<int>(TfType::boolean));
  EXPECT_EQ(static_cast<int>(TF_UINT64), static_cast<int>(TfType::uint64));
  EXPECT_EQ(static_cast<int>(TF_RESOURCE), static_cast<int>(TfType::resource));
  EXPECT_EQ(static_cast<int>(TF_INVALID_ARGUMENT), 3);
  EXPECT_EQ(static_cast<int>(TF_OUT_OF_RANGE), 11);
  EXPECT_EQ(static_cast<int>(TF_DATA_LOSS), 15);
#else
  GTEST_SKIP() << "TensorFlow's headers are not there to compare with";
#endif
}

}  // namespace
}  // namespace thalweg
