// JSON into columns: what is found, where, and as what type.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "decode/decode_support.h"

namespace thalweg {
namespace {

using test::Decoded;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Json, Fields_are_found_by_name_in_any_order) {
  const Decoded d(
      "{amount: float32, hour: int32, card: string, ok: bool, n: int64, u: uint8, d: float64}",
      R"({"d":0.1,"u":255,"x":[1,{"amount":9}],"ok":true,"card":"c1","hour":-7,"n":9007199254740993,"amount":1.5})");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.values<float>(0), ElementsAre(1.5F));
  EXPECT_THAT(d.values<std::int32_t>(1), ElementsAre(-7));
  EXPECT_THAT(d.strings(2), ElementsAre("c1"));
  EXPECT_THAT(d.values<std::uint8_t>(3), ElementsAre(1));
  EXPECT_THAT(d.values<std::int64_t>(4), ElementsAre(9007199254740993));
  EXPECT_THAT(d.values<std::uint8_t>(5), ElementsAre(255));
  EXPECT_THAT(d.values<double>(6), ElementsAre(0.1));
}

TEST(Json, A_pointer_finds_members_and_elements_at_any_depth) {
  const Decoded d(
      "{mcc: {at: /merchant/mcc, type: string}, second: {at: /list/1/v, type: int32}, odd: {at: "
      "'/a~1b/~0', type: int32}}",
      R"({"list":[{"v":1},{"v":2},{"v":3}],"a/b":{"~":7},"merchant":{"name":"m","mcc":"5411"}})");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.strings(0), ElementsAre("5411"));
  EXPECT_THAT(d.values<std::int32_t>(1), ElementsAre(2));
  EXPECT_THAT(d.values<std::int32_t>(2), ElementsAre(7));
}

TEST(Json, A_step_that_is_a_number_may_also_be_a_key) {
  const Decoded d("{x: {at: /a/0, type: int32}}", R"({"a":{"1":1,"0":5}})");
  ASSERT_TRUE(d.ok());
  EXPECT_THAT(d.values<std::int32_t>(), ElementsAre(5));
}

TEST(Json, A_plain_name_is_a_key_whatever_signs_are_in_it) {
  const Decoded d(R"({"a/b": int32, "x.y": int32, "~": int32})", R"({"~":3,"x.y":2,"a/b":1})");
  ASSERT_TRUE(d.ok());
  EXPECT_THAT(d.values<std::int32_t>(0), ElementsAre(1));
  EXPECT_THAT(d.values<std::int32_t>(2), ElementsAre(3));
}

TEST(Json, Keys_with_escapes_are_the_keys_they_stand_for) {
  const Decoded d(R"({'é"': int32, 'a\b': int32})", "{\"\\u00e9\\\"\":4,\"a\\b\":1,\"a\\\\b\":2}");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.values<std::int32_t>(0), ElementsAre(4));
  EXPECT_THAT(d.values<std::int32_t>(1), ElementsAre(2));
}

TEST(Json, Of_members_with_the_same_key_the_first_counts) {
  const Decoded d("{a: int32, b: {at: /o/b, type: int32, default: 0}}",
                  R"({"a":1,"a":2,"o":{"b":3},"o":{"b":4}})");
  ASSERT_TRUE(d.ok());
  EXPECT_THAT(d.values<std::int32_t>(0), ElementsAre(1));
  EXPECT_THAT(d.values<std::int32_t>(1), ElementsAre(3));
}

TEST(Json, Two_fields_may_read_one_place_and_what_is_beneath_it) {
  const Decoded d(
      "{all: {at: /v, type: 'float32[]'}, first: {at: /v/0, type: float64}, again: {at: /v/0, "
      "type: int32}}",
      R"({"v":[3,4]})");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.values<float>(0), ElementsAre(3.F, 4.F));
  EXPECT_THAT(d.values<double>(1), ElementsAre(3.));
  EXPECT_THAT(d.values<std::int32_t>(2), ElementsAre(3));
}

TEST(Json, The_document_itself_can_be_the_field) {
  EXPECT_THAT(Decoded("{x: {at: '', type: float32}}", " 1.25 ").values<float>(),
              ElementsAre(1.25F));
  EXPECT_THAT(Decoded("{x: {at: '', type: 'int32[]'}}", "[1,2]").values<std::int32_t>(),
              ElementsAre(1, 2));
  EXPECT_THAT(Decoded("{x: {at: '', type: string}}", "\"s\"").strings(), ElementsAre("s"));
  EXPECT_THAT(Decoded("{x: {at: /0/id, type: int32}}", R"([{"id":8}])").values<std::int32_t>(),
              ElementsAre(8));
}

TEST(Json, A_string_without_escapes_is_a_view_of_the_payload) {
  const Decoded d("{s: string}", R"({"s":"plain ünïcode"})");
  ASSERT_TRUE(d.ok());
  const std::string_view s = d.column().strings()[0];
  EXPECT_EQ(s, "plain ünïcode");
  EXPECT_EQ(s.data(), d.bytes.data() + 6);
}

TEST(Json, A_string_with_escapes_is_undone) {
  const Decoded d("{s: string}", R"({"s":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000z"})");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.strings(), ElementsAre(std::string("a\"\\/\b\f\n\r\té😀\0z", 17)));
}

TEST(Json, Arrays_of_a_fixed_shape_are_dense) {
  const Decoded d("{m: 'float32[2,3]', w: 'string[2]', b: 'bool[2]'}",
                  R"({"m":[[1,2,3],[4,5.5,6]],"w":["x","y"],"b":[true,false]})");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.values<float>(0), ElementsAre(1, 2, 3, 4, 5.5, 6));
  EXPECT_THAT(d.strings(1), ElementsAre("x", "y"));
  EXPECT_THAT(d.values<std::uint8_t>(2), ElementsAre(1, 0));
}

TEST(Json, Arrays_of_any_length_are_ragged) {
  Batch batch;
  const std::vector<std::string> values = {R"({"v":[1,2,3],"s":[]})", R"({"v":[],"s":["a","b\n"]})",
                                           R"({"s":["c"],"v":[ 4 ]})"};
  test::add_values(batch, values);
  const auto decoder = test::make_decoder("json", "{v: 'int64[]', s: 'string[]'}");
  decoder->decode(batch);
  const auto& columns = batch.rows().columns;
  ASSERT_EQ(batch.rows().count(), 3U);
  EXPECT_THAT(columns[0].row<std::int64_t>(0), ElementsAre(1, 2, 3));
  EXPECT_THAT(columns[0].row<std::int64_t>(1), IsEmpty());
  EXPECT_THAT(columns[0].row<std::int64_t>(2), ElementsAre(4));
  EXPECT_THAT(columns[1].string_row(1), ElementsAre("a", "b\n"));
  EXPECT_THAT(columns[1].string_row(0), IsEmpty());
}

TEST(Json, Vectors_of_any_number_are_ragged_with_a_width) {
  const Decoded d("{v: {type: float32, shape: [-1, 2]}}", R"({"v":[[1,2],[3,4],[5,6]]})");
  ASSERT_TRUE(d.ok());
  EXPECT_THAT(d.column().row<float>(0), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Json, A_star_makes_parallel_columns_of_an_array_of_objects) {
  const Decoded d(
      "{id: {at: /c/*/id, type: int64}, price: {at: /c/*/p, type: float32, default: -1}, "
      "v: {at: /c/*/v, type: 'float32[2]'}, name: {at: /c/*/n, type: string, default: none}}",
      R"({"c":[{"id":1,"p":2.5,"v":[1,2]},{"v":[3,4],"n":"b","id":2,"p":null}]})");
  ASSERT_TRUE(d.ok()) << d.error().message();
  EXPECT_THAT(d.column(0).row<std::int64_t>(0), ElementsAre(1, 2));
  EXPECT_THAT(d.column(1).row<float>(0), ElementsAre(2.5F, -1.F));
  EXPECT_THAT(d.column(2).row<float>(0), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(d.column(3).string_row(0), ElementsAre("none", "b"));
}

TEST(Json, An_element_without_a_starred_field_is_a_dead_letter) {
  const Decoded d("{id: {at: /c/*/id, type: int64}}", R"({"c":[{"id":1},{}]})");
  ASSERT_FALSE(d.ok());
  EXPECT_EQ(d.error().code(), Code::missing_field);
  EXPECT_THAT(d.error().message(), HasSubstr("element 1"));
}

TEST(Json, An_absent_array_is_empty_only_if_the_default_says_so) {
  EXPECT_EQ(Decoded("{id: {at: /c/*/id, type: int64}}", "{}").error().code(), Code::missing_field);
  EXPECT_EQ(Decoded("{id: {at: /c/*/id, type: int64, default: 3}}", "{}").error().code(),
            Code::missing_field);
  const Decoded d("{id: {at: /c/*/id, type: int64, default: []}}", "{}");
  ASSERT_TRUE(d.ok());
  EXPECT_THAT(d.column().row<std::int64_t>(0), IsEmpty());
}

TEST(Json, Numbers_in_one_string_are_read_with_their_separator) {
  const std::string field = "{x: {type: 'float32[3]', separator: ','}}";
  EXPECT_THAT(Decoded(field, R"({"x":"0.5,1e2,-3"})").values<float>(),
              ElementsAre(.5F, 100.F, -3.F));
  EXPECT_THAT(Decoded(field, R"({"x":" 0.5 , 1 ,\n2 , "})").values<float>(),
              ElementsAre(.5F, 1.F, 2.F));
  EXPECT_THAT(Decoded(field, R"({"x":[1,2,3]})").values<float>(), ElementsAre(1.F, 2.F, 3.F));
  EXPECT_EQ(Decoded(field, R"({"x":"1,2"})").error().code(), Code::wrong_length);
  EXPECT_EQ(Decoded(field, R"({"x":"1,2,3,4"})").error().code(), Code::wrong_length);
  EXPECT_EQ(Decoded(field, R"({"x":"1,,3"})").error().code(), Code::wrong_type);
  EXPECT_EQ(Decoded(field, R"({"x":"1,b,3"})").error().code(), Code::wrong_type);
  EXPECT_EQ(Decoded(field, R"({"x":"1,nan,3"})").error().code(), Code::nonfinite);
  EXPECT_EQ(Decoded(field, R"({"x":"1,1e39,3"})").error().code(), Code::out_of_range);
  EXPECT_THAT(Decoded("{x: {type: 'int32[]', separator: ' '}}", R"({"x":"  1 2   3 "})")
                  .values<std::int32_t>(),
              ElementsAre(1, 2, 3));
  EXPECT_THAT(Decoded("{x: {type: 'int32[]', separator: ';'}}", R"({"x":""})")
                  .column()
                  .row<std::int32_t>(0),
              IsEmpty());
  EXPECT_THAT(
      Decoded("{x: {type: 'string[]', separator: '|'}}", R"({"x":"Action|Sci Fi|"})").strings(),
      ElementsAre("Action", "Sci Fi"));
}

TEST(Json, Integers_may_be_written_as_whole_floats_but_never_lose_a_fraction) {
  const std::string field = "{x: int64}";
  EXPECT_THAT(Decoded(field, R"({"x":3.0})").values<std::int64_t>(), ElementsAre(3));
  EXPECT_THAT(Decoded(field, R"({"x":1.5e3})").values<std::int64_t>(), ElementsAre(1500));
  EXPECT_THAT(Decoded(field, R"({"x":-9223372036854775808})").values<std::int64_t>(),
              ElementsAre(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(Decoded(field, R"({"x":9223372036854775808})").error().code(), Code::out_of_range);
  EXPECT_EQ(Decoded(field, R"({"x":1e400})").error().code(), Code::out_of_range);
  EXPECT_EQ(Decoded(field, R"({"x":3.5})").error().code(), Code::wrong_type);
  EXPECT_EQ(Decoded("{x: int32}", R"({"x":2147483648})").error().code(), Code::out_of_range);
  EXPECT_EQ(Decoded("{x: uint8}", R"({"x":256})").error().code(), Code::out_of_range);
  EXPECT_EQ(Decoded("{x: uint8}", R"({"x":-1})").error().code(), Code::out_of_range);
  EXPECT_THAT(Decoded("{x: uint8}", R"({"x":-0})").values<std::uint8_t>(), ElementsAre(0));
}

TEST(Json, A_default_stands_in_for_absent_and_null) {
  const std::string fields =
      "{a: {type: float32, default: -1.5}, s: {type: string, default: ''}, v: {type: 'int32[3]', "
      "default: 0}, "
      "w: {type: 'float32[]', default: [1, 2]}, n: {type: float64, default: .nan}, b: {type: bool, "
      "default: true}}";
  for (const char* value : {"{}", R"({"a":null,"s":null,"v":null,"w":null,"n":null,"b":null})"}) {
    const Decoded d(fields, value);
    ASSERT_TRUE(d.ok()) << d.error().message();
    EXPECT_THAT(d.values<float>(0), ElementsAre(-1.5F));
    EXPECT_THAT(d.strings(1), ElementsAre(""));
    EXPECT_THAT(d.values<std::int32_t>(2), ElementsAre(0, 0, 0));
    EXPECT_THAT(d.values<float>(3), ElementsAre(1.F, 2.F));
    EXPECT_TRUE(std::isnan(d.values<double>(4)[0]));
    EXPECT_THAT(d.values<std::uint8_t>(5), ElementsAre(1));
  }
}

TEST(Json, A_default_reaches_beneath_an_absent_or_null_parent) {
  const std::string fields = "{m: {at: /o/m, type: int32, default: 4}}";
  EXPECT_THAT(Decoded(fields, "{}").values<std::int32_t>(), ElementsAre(4));
  EXPECT_THAT(Decoded(fields, R"({"o":null})").values<std::int32_t>(), ElementsAre(4));
  EXPECT_THAT(Decoded(fields, R"({"o":{}})").values<std::int32_t>(), ElementsAre(4));
  EXPECT_EQ(Decoded(fields, R"({"o":5})").error().code(), Code::wrong_type);
}

TEST(Json, Many_declared_fields_are_found_too) {
  std::string fields = "{";
  std::string value = "{";
  for (int i = 0; i < 200; ++i) {
    fields += (i ? ", f" : "f") + std::to_string(i) + ": int32";
    value += (i ? ",\"f" : "\"f") + std::to_string(199 - i) + "\":" + std::to_string(199 - i);
  }
  const Decoded d(fields + "}", value + ",\"other\":1}");
  ASSERT_TRUE(d.ok());
  for (int i = 0; i < 200; ++i)
    EXPECT_THAT(d.values<std::int32_t>(static_cast<std::size_t>(i)), ElementsAre(i));
}

}  // namespace
}  // namespace thalweg
