// The types of fields as written in files.
#include "config/column_type.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

ColumnType must(std::string_view text) {
  auto type = parse_column_type(text);
  EXPECT_TRUE(type.ok()) << text;
  return type.ok() ? *type : ColumnType{};
}

TEST(ColumnTypeGrammar, A_bare_dtype_is_a_scalar) {
  EXPECT_EQ(must("float32"), (ColumnType{DType::float32, {}}));
  EXPECT_EQ(must("bool"), (ColumnType{DType::boolean, {}}));
  EXPECT_EQ(must(" string "), (ColumnType{DType::string, {}}));
}

TEST(ColumnTypeGrammar, Brackets_hold_lengths_and_the_first_may_be_open) {
  EXPECT_EQ(must("float32[784]"), (ColumnType{DType::float32, {{784}}}));
  EXPECT_EQ(must("float32 [28, 28]"), (ColumnType{DType::float32, {{28, 28}}}));
  EXPECT_EQ(must("int64[]"), (ColumnType{DType::int64, {{-1}}}));
  EXPECT_EQ(must("int64[?]"), (ColumnType{DType::int64, {{-1}}}));
  EXPECT_EQ(must("float32[?,4]"), (ColumnType{DType::float32, {{-1, 4}}}));
}

TEST(ColumnTypeGrammar, What_a_type_prints_can_be_read_back) {
  for (const char* text : {"float32", "string[]", "uint8[2,3]", "float64[?,4]"}) {
    const ColumnType type = must(text);
    EXPECT_EQ(must(type.to_string()), type) << text << " printed as " << type.to_string();
  }
}

TEST(ColumnTypeGrammar, Nonsense_is_refused_with_what_was_expected) {
  for (const char* text :
       {"", "float32[", "float32[0]", "float32[-1]", "float32[4,]", "float32[4,?]", "float32]",
        "float32[4]x", "float32[99999999999999999999]"}) {
    const auto type = parse_column_type(text);
    ASSERT_FALSE(type.ok()) << text;
    EXPECT_EQ(type.error().code(), Code::config_invalid);
  }
  EXPECT_NE(parse_column_type("float").error().message().find("'float32'"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
