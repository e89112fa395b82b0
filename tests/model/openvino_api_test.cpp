// Our declarations of OpenVINO's C API against its own headers: if one differs, this file does not compile.
#if THALWEG_HAVE_OPENVINO_HEADERS
#include <openvino/c/openvino.h>
#endif

#include <gtest/gtest.h>

#include "model/runtime/openvino/api.h"

namespace thalweg {
namespace {

// The numbers in c_api.h, which the headers (where they are at hand) must have too.
TEST(OpenvinoApi, Its_numbers_are_those_of_the_headers) {
  EXPECT_EQ(static_cast<int>(BOOLEAN), 1);
  EXPECT_EQ(static_cast<int>(BF16), 2);
  EXPECT_EQ(static_cast<int>(F32), 4);
  EXPECT_EQ(static_cast<int>(I64), 10);
  EXPECT_EQ(static_cast<int>(U8), 16);
  EXPECT_EQ(static_cast<int>(U32), 18);
  EXPECT_EQ(static_cast<int>(STRING), 23);
}

}  // namespace
}  // namespace thalweg
