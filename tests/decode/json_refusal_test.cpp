// JSON that cannot go on: each code, where it points, and that nothing stays behind.
#include <gmock/gmock.h>

#include "decode/decode_support.h"

namespace thalweg {
namespace {

using test::Decoded;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Code code_of(const std::string& fields, const std::string& value) {
  const Decoded d(fields, value);
  return d.ok() ? Code::internal : d.error().code();
}

TEST(JsonRefusal, What_is_not_JSON_is_not_json) {
  for (const char* value : {"",
                            " ",
                            "{",
                            "}",
                            "[",
                            "nul",
                            "{\"a\":1",
                            "{\"a\":1,}",
                            "{\"a\" 1}",
                            "{\"a\":}",
                            "{a:1}",
                            "{\"a\":1}}",
                            "{\"a\":1} x",
                            "{\"a\":1}{\"a\":2}",
                            "{\"a\":01}",
                            "{\"a\":1.}",
                            "{\"a\":.5}",
                            "{\"a\":+1}",
                            "{\"a\":1e}",
                            "{\"a\":NaN}",
                            "{\"a\":Infinity}",
                            "{\"a\":-}",
                            "{\"a\":1 2}",
                            "{\"a\":1,\"b\":tru}",
                            "{\"a\":1,\"b\":\"\\x\"}",
                            "{\"a\":1,\"b\":\"\\u12g4\"}",
                            "{\"a\":1,\"b\":\"x}",
                            "{\"a\":1,\"b\":\"\n\"}",
                            "{\"a\":1,\"b\":[1,]}",
                            "{\"a\":1,\"b\":[1 2]}",
                            "{\"a\":1,\"\\q\":2}",
                            "{'a':1}",
                            "{\"a\":1}\xEF\xBB\xBF",
                            "\xEF\xBB\xBF{\"a\":1}",
                            "{\"a\":1]",
                            "[\"a\":1}",
                            "{\"a\":1,\"b\":\\\"x\"}"}) {
    EXPECT_EQ(code_of("{a: float32}", value), Code::not_json) << value;
  }
}

TEST(JsonRefusal, The_verdict_does_not_depend_on_what_is_declared) {
  EXPECT_EQ(code_of("{}", R"({"a":1,"b":[1,nul]})"), Code::not_json);
  EXPECT_EQ(code_of("{}", R"({"a":1,"b":[1,null]})"), Code::internal);
  EXPECT_EQ(code_of("{}", "3"), Code::internal);
}

TEST(JsonRefusal, A_fault_is_told_with_its_place) {
  const Decoded d("{a: float32}", R"({"a" 1})");
  EXPECT_EQ(d.error().message(),
            "byte 5: expected ':' after a key; got '1}'; is the value JSON, and whole?");
  EXPECT_EQ(d.error().stage(), "decode");
  EXPECT_THAT(Decoded("{a: float32}", R"({"a":1)").error().message(), HasSubstr("byte 6"));
  EXPECT_THAT(Decoded("{a: float32}", R"({"a":1)").error().message(), HasSubstr("got the end"));
}

TEST(JsonRefusal, Bytes_that_are_not_UTF8_are_named_so) {
  EXPECT_EQ(code_of("{a: string}", "{\"a\":\"\xff\"}"), Code::not_utf8);
  EXPECT_EQ(code_of("{a: string}", "{\"a\":\"\xed\xa0\x80\"}"), Code::not_utf8);
  EXPECT_THAT(Decoded("{a: string}", "{\"a\":\"\xff\"}").error().message(), HasSubstr("byte 6"));
  EXPECT_EQ(code_of("{a: string}", R"({"a":"\ud800"})"), Code::not_utf8);
  EXPECT_EQ(code_of("{a: string}", R"({"a":"\ud800\u0041"})"), Code::not_utf8);
  EXPECT_EQ(code_of("{a: string}", R"({"b":"\udc00","a":""})"), Code::not_utf8);
}

TEST(JsonRefusal, A_missing_required_field_is_a_dead_letter) {
  for (const char* value : {"{}", R"({"a":null})", R"({"A":1})", R"({"b":{"a":1}})"}) {
    EXPECT_EQ(code_of("{a: float32}", value), Code::missing_field) << value;
  }
  EXPECT_EQ(
      Decoded("{mcc: {at: /m/mcc, type: string}}", "{}").error().message(),
      "field 'mcc' (/m/mcc): expected a value; got none, or null; send it, or set a `default`");
}

TEST(JsonRefusal, A_value_of_another_type_is_a_wrong_type) {
  const auto wrong = [](const std::string& type, const std::string& value) {
    return code_of("{a: '" + type + "'}", "{\"a\":" + value + "}");
  };
  for (const char* value : {"\"1\"", "true", "{}", "[]", "[1]"})
    EXPECT_EQ(wrong("float32", value), Code::wrong_type) << value;
  for (const char* value : {"1", "true", "{}", "[]"})
    EXPECT_EQ(wrong("string", value), Code::wrong_type) << value;
  for (const char* value : {"1", "0", "\"true\"", "{}"})
    EXPECT_EQ(wrong("bool", value), Code::wrong_type) << value;
  for (const char* value : {"1", "\"x\"", "{}", "[null]", "[[1]]", "[\"1\"]"})
    EXPECT_EQ(wrong("float32[]", value), Code::wrong_type) << value;
  for (const char* value : {"[1,2]", "[[1,2],3]"})
    EXPECT_EQ(wrong("float32[2,2]", value), Code::wrong_type) << value;
  EXPECT_EQ(Decoded("{a: float32}", R"({"a":"12.50 EUR"})").error().message(),
            "field 'a': expected float32; got a string \"12.50 EUR\"; send it so, or change the "
            "field's type");
}

TEST(JsonRefusal, A_document_that_is_no_object_is_a_wrong_type) {
  for (const char* value : {"1", "\"x\"", "null", "true", "[{\"a\":1}]", "[]"})
    EXPECT_EQ(code_of("{a: float32}", value), Code::wrong_type) << value;
}

TEST(JsonRefusal, An_array_of_another_length_is_a_wrong_length) {
  EXPECT_EQ(code_of("{a: 'float32[3]'}", R"({"a":[1,2]})"), Code::wrong_length);
  EXPECT_EQ(code_of("{a: 'float32[2,2]'}", R"({"a":[[1,2],[3]]})"), Code::wrong_length);
  EXPECT_EQ(code_of("{a: 'string[2]'}", R"({"a":["x"]})"), Code::wrong_length);
  const Decoded d("{a: 'float32[3]'}", R"({"a":[1,2,3,4,5]})");
  EXPECT_EQ(d.error().code(), Code::wrong_length);
  EXPECT_THAT(d.error().message(), HasSubstr("expected 3 elements"));
  EXPECT_THAT(d.error().message(), HasSubstr("got 5"));
}

TEST(JsonRefusal, A_number_too_large_for_its_type_is_out_of_range) {
  EXPECT_EQ(code_of("{a: float32}", R"({"a":1e39})"), Code::out_of_range);
  EXPECT_EQ(code_of("{a: float32}", R"({"a":3.5e38})"), Code::out_of_range);
  EXPECT_EQ(code_of("{a: float64}", R"({"a":-1e309})"), Code::out_of_range);
  EXPECT_THAT(Decoded("{a: float32}", R"({"a":1e-60})").values<float>(), ElementsAre(0.F));
}

TEST(JsonRefusal, Deep_nesting_is_too_deep_wherever_it_is) {
  const std::string open(100'000, '[');
  EXPECT_EQ(code_of("{a: float32}", open), Code::too_deep);
  EXPECT_EQ(code_of("{a: float32}", "{\"b\":" + open + std::string(100'000, ']') + ",\"a\":1}"),
            Code::too_deep);
  EXPECT_EQ(code_of("{a: 'float32[]'}", "{\"a\":" + open + "}"), Code::too_deep);
  std::string members;
  for (int i = 0; i < 100'000; ++i) members += "{\"a\":";
  EXPECT_EQ(code_of("{a: {at: /a/a/a, type: float32}}", members), Code::too_deep);
}

TEST(JsonRefusal, The_depth_is_bounded_exactly) {
  const auto nested = [](int levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(Decoded("{}", nested(3), "json", "{depth_max: 3}").ok());
  EXPECT_EQ(Decoded("{}", nested(4), "json", "{depth_max: 3}").error().code(), Code::too_deep);
}

TEST(JsonRefusal, A_schema_registry_frame_is_named_with_its_schema) {
  const Decoded d("{a: float32}", std::string("\0\0\0\1\2{\"a\":1}", 12));
  EXPECT_EQ(d.error().code(), Code::confluent_framed);
  EXPECT_THAT(d.error().message(), HasSubstr("schema id 258"));
}

TEST(JsonRefusal, A_value_of_ten_megabytes_is_read) {
  const Decoded d("{a: float32, s: string}",
                  "{\"s\":\"" + std::string(10'000'000, 'x') + "\",\"a\":1}");
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d.strings(1)[0].size(), 10'000'000U);
}

TEST(JsonRefusal, A_record_that_fails_half_way_leaves_nothing_behind) {
  const std::string fields =
      "{a: float32, v: 'int32[]', s: string, w: 'string[]', m: 'float32[2]'}";
  const auto good = [](int i) {
    const std::string n = std::to_string(i);
    return R"({"a":)" + n + R"(,"v":[)" + n + "," + n + R"(],"s":"s)" + n + R"(","w":["w)" + n +
           R"("],"m":[)" + n + ",0]}";
  };
  const std::vector<std::string> values = {good(0),
                                           R"({"a":9,"v":[9,9,"x"],"s":"bad"})",
                                           good(1),
                                           R"({"s":"bad","w":["bad",1]})",
                                           R"({"m":[9,9],"v":[9],"w":["bad"],"s":"bad"})",
                                           R"({"a":9,"v":[9],"s":"bad","w":["bad"],"m":[9,9]} x)",
                                           good(2),
                                           "{"};
  Batch batch;
  test::add_values(batch, values);
  const auto decoder = test::make_decoder("json", fields);
  decoder->decode(batch);
  EXPECT_EQ(batch.count(Disposition::dead), 5U);
  EXPECT_EQ(batch.count(Disposition::pending), 3U);
  EXPECT_THAT(batch.rows().record_of, ElementsAre(0U, 2U, 6U));
  const auto& columns = batch.rows().columns;
  for (const Column& column : columns) EXPECT_EQ(column.rows(), 3U);
  EXPECT_THAT(columns[0].values<float>(), ElementsAre(0, 1, 2));
  EXPECT_THAT(columns[1].values<std::int32_t>(), ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_THAT(columns[2].strings(), ElementsAre("s0", "s1", "s2"));
  EXPECT_THAT(columns[3].strings(), ElementsAre("w0", "w1", "w2"));
  EXPECT_THAT(columns[4].values<float>(), ElementsAre(0, 0, 1, 0, 2, 0));
}

TEST(JsonRefusal, Wrong_fields_are_told_before_the_first_record) {
  const auto message = [](const std::string& fields) {
    return test::decoder_error("json", fields).message();
  };
  EXPECT_THAT(message("{a: flot32}"), HasSubstr("float32"));
  EXPECT_THAT(message("{a: {at: /a, type: int32, defalt: 3}}"), HasSubstr("default"));
  EXPECT_THAT(message("{a: {at: a/b, type: int32}}"), HasSubstr("write '/a/b'"));
  EXPECT_THAT(message("{a: {at: /x~2, type: int32}}"), HasSubstr("~0"));
  EXPECT_THAT(message("{a: {at: '/x/*/y/*', type: int32}}"), HasSubstr("once"));
  EXPECT_THAT(message("{a: {type: int32, default: 1.5}}"), HasSubstr("expected int32"));
  EXPECT_THAT(message("{a: {type: 'int32[2]', default: [1, 2, 3]}}"),
              HasSubstr("expected 2 elements"));
  EXPECT_THAT(message("{a: {type: float32, separator: ','}}"), HasSubstr("float32[784]"));
  EXPECT_THAT(message("{a: {type: 'float32[2]', separator: ', '}}"), HasSubstr("one character"));
  EXPECT_THAT(message("{a: {type: 'float32[2]', shape: [2]}}"), HasSubstr("once"));
  EXPECT_THAT(message("{a: {type: float32, shape: [2, -1]}}"), HasSubstr("shape"));
  EXPECT_THAT(message("[a]"), HasSubstr("map"));
}

std::string message_of(const std::string& fields, const std::string& value) {
  const Decoded d(fields, value);
  return d.ok() ? std::string() : d.error().message();
}

TEST(JsonRefusal, A_message_says_what_would_help) {
  EXPECT_THAT(message_of("{a: float32}", R"({"a":1e39})"), HasSubstr("a wider type, as float64"));
  for (const std::string type : {"float32", "float64", "int32", "int64", "uint8"}) {
    for (const std::string number : {"1e400", "-1e400"}) {
      EXPECT_THAT(message_of("{a: " + type + "}", "{\"a\":" + number + "}"),
                  HasSubstr("got " + number +
                            ", which does not fit; no type holds it: the largest is float64, to "
                            "1.8e308;"))
          << type;
    }
  }
  EXPECT_THAT(message_of("{a: int64}", R"({"a":9223372036854775808})"),
              HasSubstr("there is no wider whole number"));
  EXPECT_THAT(message_of("{a: uint8}", R"({"a":-1})"), HasSubstr("declare it as int32"));
  EXPECT_THAT(message_of("{a: string}", R"({"a":"\ud800"})"),
              HasSubstr(R"(got '\ud800' alone, which stands for no text)"));
  EXPECT_THAT(message_of("{a: string}", "null"), HasSubstr("expected an object; got null;"));
}

TEST(JsonRefusal, A_byte_order_mark_is_named_since_it_cannot_be_seen) {
  EXPECT_THAT(message_of("{a: string}", "\xEF\xBB\xBF{\"a\":\"x\"}"),
              HasSubstr("byte 0: expected a JSON value; got a byte order mark (EF BB BF)"));
  EXPECT_EQ(message_of("{a: string}", "{\"a\":\"\xEF\xBB\xBFx\"}"), "")
      << "in a text it is a character";
}

TEST(JsonRefusal, A_name_that_templates_have_taken_is_no_field) {
  for (const std::string name : {"input", "meta.key", "headers.x", "input./a"}) {
    EXPECT_THAT(test::decoder_error("json", "{'" + name + "': string}").message(),
                HasSubstr("'" + name + "', which in a template always is"));
  }
}

}  // namespace
}  // namespace thalweg
