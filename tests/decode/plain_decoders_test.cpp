// bytes, text and raw: values that are one thing.
#include <cstring>

#include <gmock/gmock.h>

#include "decode/decode_support.h"

namespace thalweg {
namespace {

using test::Decoded;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
std::string bytes_of(std::initializer_list<T> numbers) {
  return {reinterpret_cast<const char*>(numbers.begin()), numbers.size() * sizeof(T)};
}

TEST(Bytes, The_value_is_one_string_without_a_copy) {
  const Decoded d("{}", std::string("\0\xff\x01", 3), "bytes");
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d.decoder->schema().fields[0].name, "value");
  EXPECT_EQ(d.column().strings()[0].data(), d.bytes.data());
  EXPECT_EQ(d.strings()[0], d.bytes);
  EXPECT_EQ(Decoded("{image: string}", "x", "bytes").decoder->schema().fields[0].name, "image");
}

TEST(Bytes, An_empty_value_is_an_empty_string) {
  EXPECT_THAT(Decoded("{}", "", "bytes").strings(), ElementsAre(""));
}

TEST(Bytes, Fields_that_it_cannot_fill_are_refused) {
  EXPECT_THAT(test::decoder_error("bytes", "{a: float32}").message(),
              HasSubstr("one field of type string"));
  EXPECT_THAT(test::decoder_error("bytes", "{a: string, b: string}").message(),
              HasSubstr("one field of type string"));
  EXPECT_THAT(test::decoder_error("bytes", "{a: {at: /b, type: string}}").message(),
              HasSubstr("only a type"));
}

TEST(Text, Only_UTF8_passes) {
  EXPECT_THAT(Decoded("{}", "grüße", "text").strings(), ElementsAre("grüße"));
  EXPECT_EQ(Decoded("{}", "a\xff", "text").error().code(), Code::not_utf8);
  EXPECT_THAT(Decoded("{}", "a\xff", "text").error().message(), HasSubstr("byte 1"));
  EXPECT_EQ(Decoded("{}", std::string("\0\0\0\0\1x", 6), "text").error().code(),
            Code::confluent_framed);
}

TEST(Raw, One_tensor_is_the_value_itself) {
  const Decoded d("{x: 'float32[3]'}", bytes_of<float>({1.5F, -2.F, 3.F}), "raw");
  ASSERT_TRUE(d.ok());
  EXPECT_THAT(d.values<float>(), ElementsAre(1.5F, -2.F, 3.F));
}

TEST(Raw, Several_fields_follow_each_other_and_the_last_may_be_of_any_length) {
  const Decoded d(
      "{id: int64, v: 'float32[2]', rest: 'int32[]'}",
      bytes_of<std::int64_t>({7}) + bytes_of<float>({1, 2}) + bytes_of<std::int32_t>({3, 4, 5}),
      "raw");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.values<std::int64_t>(0), ElementsAre(7));
  EXPECT_THAT(d.values<float>(1), ElementsAre(1, 2));
  EXPECT_THAT(d.column(2).row<std::int32_t>(0), ElementsAre(3, 4, 5));
}

TEST(Raw, Another_size_is_a_wrong_length) {
  for (const std::size_t size : {0, 1, 11, 13, 24}) {
    const Decoded d("{x: 'float32[3]'}", std::string(size, 'x'), "raw");
    ASSERT_FALSE(d.ok());
    EXPECT_EQ(d.error().code(), Code::wrong_length);
  }
  EXPECT_EQ(Decoded("{x: 'int64[?,2]'}", std::string(24, 'x'), "raw").error().code(),
            Code::wrong_length);
  EXPECT_TRUE(Decoded("{x: 'int64[?,2]'}", std::string(32, 'x'), "raw").ok());
  EXPECT_TRUE(Decoded("{x: 'int64[]'}", "", "raw").ok());
}

TEST(Raw, A_bool_is_a_byte_0_or_1) {
  EXPECT_THAT(Decoded("{x: 'bool[2]'}", std::string("\1\0", 2), "raw").values<std::uint8_t>(),
              ElementsAre(1, 0));
  EXPECT_EQ(Decoded("{x: 'bool[2]'}", std::string("\1\2", 2), "raw").error().code(),
            Code::wrong_type);
}

TEST(Raw, Fields_that_it_cannot_fill_are_refused) {
  EXPECT_THAT(test::decoder_error("raw", "{}").message(), HasSubstr("at least one field"));
  EXPECT_THAT(test::decoder_error("raw", "{a: string}").message(), HasSubstr("numbers"));
  EXPECT_THAT(test::decoder_error("raw", "{a: 'float32[]', b: float32}").message(),
              HasSubstr("last field"));
}

}  // namespace
}  // namespace thalweg
