#include "thalweg/tensor.h"

#include <cstring>

#include <gtest/gtest.h>

#include "thalweg/model.h"

namespace thalweg {
namespace {

TEST(Tensor, Dtypes_have_TensorFlows_names_and_sizes) {
  EXPECT_EQ(dtype_from("float32"), DType::float32);
  EXPECT_EQ(to_string(DType::boolean), "bool");
  EXPECT_EQ(dtype_from("double"), std::nullopt);
  EXPECT_EQ(size_of(DType::int64), 8u);
  EXPECT_EQ(size_of(DType::string), 0u);
}

TEST(Tensor, A_shape_fits_where_one_side_leaves_a_dimension_open) {
  const Shape open{{Shape::unknown, 121}};
  EXPECT_EQ(open.to_string(), "[?,121]");
  EXPECT_TRUE(open.fits(Shape{{7, 121}}));
  EXPECT_FALSE(open.fits(Shape{{7, 120}}));
  EXPECT_FALSE(open.fits(Shape{{121}}));
  EXPECT_FALSE(open.fixed());
  EXPECT_EQ(Shape{}.elements(), 1u);
  EXPECT_EQ((Shape{{2, 3}}).elements(), 6u);
}

TEST(Tensor, A_spec_says_name_dtype_and_shape) {
  const TensorSpec spec{"x", DType::float32, Shape{{-1, 121}}};
  EXPECT_EQ(spec.to_string(), "'x' (float32 [?,121])");
  const TensorSpec open{"x", DType::string, {}, true};
  EXPECT_EQ(open.to_string(), "'x' (string of any shape)");
}

TEST(AlignedBuffer, Is_aligned_and_keeps_content_and_capacity) {
  AlignedBuffer buffer;
  std::memcpy(buffer.grow(5), "hello", 5);
  for (int i = 0; i < 100; ++i) std::memset(buffer.grow(100), i, 100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
  EXPECT_EQ(std::memcmp(buffer.data(), "hello", 5), 0);
  EXPECT_EQ(static_cast<int>(buffer.data()[5 + 99 * 100]), 99);
  const std::size_t capacity = buffer.capacity();
  const std::byte* data = buffer.data();
  buffer.clear();
  EXPECT_EQ(buffer.grow(capacity), data);
  AlignedBuffer other = std::move(buffer);
  EXPECT_EQ(other.size(), capacity);
}

}  // namespace
}  // namespace thalweg
