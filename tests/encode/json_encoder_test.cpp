// Columns as JSON: what each template writes.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <unistd.h>

#include <gmock/gmock.h>

#include "encode/encode_support.h"

namespace thalweg {
namespace {

using test::OneRow;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(JsonOut, The_tweets_example_writes_text_and_a_score_that_is_a_number) {
  OneRow row;
  row.strings("value", {"Fire!"}).numbers<float>("score", {0.97F}, {1});
  EXPECT_EQ(row.json("{text: value, score: score}"), R"({"text":"Fire!","score":0.97})");
}

TEST(JsonOut, Every_dtype_and_shape_has_its_form) {
  OneRow row;
  row.numbers<float>("f", {0.1F})
      .numbers<double>("d", {0.1})
      .numbers<std::int32_t>("i", {-5})
      .numbers<std::int64_t>("l", {9007199254740993});
  row.numbers<std::uint8_t>("u", {255})
      .bools("b", {1})
      .strings("s", {"x"})
      .numbers<float>("v", {1, 2.5F, 3}, {3});
  row.numbers<std::int32_t>("m", {1, 2, 3, 4}, {2, 2})
      .numbers<float>("r", {}, {-1})
      .numbers<float>("rv", {1, 2, 3, 4}, {-1, 2});
  row.strings("ss", {"a", "b"}, {2})
      .bools("bb", {1, 0}, {2})
      .numbers<std::int32_t>("c", {1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 2});
  EXPECT_EQ(row.json("[f, d, i, l, u, b, s]"), R"([0.1,0.1,-5,9007199254740993,255,true,"x"])");
  EXPECT_EQ(row.json("[v, m, r, rv]"), "[[1,2.5,3],[[1,2],[3,4]],[],[[1,2],[3,4]]]");
  EXPECT_EQ(row.json("[ss, bb, c]"), R"([["a","b"],[true,false],[[[1,2],[3,4]],[[5,6],[7,8]]]])");
}

TEST(JsonOut, Without_a_template_all_columns_are_written) {
  OneRow row;
  row.strings("card", {"c"}).numbers<float>("score", {0.5F});
  EXPECT_EQ(row.json(""), R"({"card":"c","score":0.5})");
}

TEST(JsonOut, The_input_whole_is_not_copied) {
  OneRow row(R"({ "a":1 })");
  auto encoder = test::make_encoder("json", "input", row.schema);
  ASSERT_TRUE(encoder.ok());
  EXPECT_EQ((*encoder)->encode(row.batch, 0).value().data(), row.batch.record(0).value->data());
}

TEST(JsonOut, Parts_of_the_input_stand_as_they_came) {
  OneRow row(" {\"a\":{\"b/c\":[1.50,{\"x\" : 2}]},\"s\":\"\\u00e9\"} ");
  EXPECT_EQ(row.json("{whole: input, part: {part: /a/b~1c/1}, short: input./a/b~1c/0, s: {part: "
                     "/s}, none: {part: /a/x}}"),
            "{\"whole\":{\"a\":{\"b/c\":[1.50,{\"x\" : 2}]},\"s\":\"\\u00e9\"},\"part\":{\"x\" : "
            "2},\"short\":1.50,\"s\":\"\\u00e9\",\"none\":null}");
}

TEST(JsonOut, Merge_adds_members_and_replaces_those_of_the_same_name) {
  const auto merged = [](const std::string& input) {
    OneRow row(input);
    row.numbers<float>("score", {0.5F});
    return row.json("{merge: input, with: {prediction: score, at: meta.offset}}");
  };
  EXPECT_EQ(merged(R"({"a":1})"), R"({"a":1,"prediction":0.5,"at":42})");
  EXPECT_EQ(merged("{ }"), R"({"prediction":0.5,"at":42})");
  EXPECT_EQ(merged(R"({"prediction":null, "a":[1, 2] ,"b":{} })"),
            R"({"a":[1, 2] ,"b":{},"prediction":0.5,"at":42})");
  EXPECT_EQ(merged(R"({"a":1,"pre\u0064iction":[],"z":2})"),
            R"({"a":1,"z":2,"prediction":0.5,"at":42})");
  EXPECT_EQ(merged(R"({"a":1,"prediction":null})"), R"({"a":1,"prediction":0.5,"at":42})");
}

TEST(JsonOut, An_input_that_is_not_JSON_does_not_get_into_JSON) {
  OneRow row("\xff\xd8 jpeg");
  EXPECT_THAT(row.json("{whole: input}"), StartsWith("encode_failed: input: "));
  EXPECT_THAT(row.json("{whole: {part: /a}}"), StartsWith("encode_failed: input: "));
  EXPECT_THAT(row.json("{merge: input, with: {a: {const: 1}}}"),
              StartsWith("encode_failed: input: "));
  EXPECT_THAT(OneRow("[1]").json("{merge: input, with: {a: {const: 1}}}"),
              HasSubstr("expected the input to be an object; got an array"));
}

TEST(JsonOut, Metadata_and_headers_can_be_written) {
  OneRow row("{}", "the key");
  EXPECT_EQ(row.json("[meta.topic, meta.partition, meta.offset, meta.timestamp, meta.key, "
                     "headers.trace, headers.none, headers.other]"),
            R"(["in",3,42,1700000000000,"the key","last",null,null])");
  EXPECT_EQ(OneRow().json("[meta.key]"), "[null]");
}

TEST(JsonOut, Constants_are_what_is_written) {
  EXPECT_EQ(OneRow().json("{a: {const: 1}, b: {const: yes}, c: {const: '1'}, d: {const: [1, {x: "
                          "null}]}, e: {const: true}}"),
            R"({"a":1,"b":"yes","c":"1","d":[1,{"x":null}],"e":true})");
}

TEST(JsonOut, Base64_is_the_little_endian_bytes) {
  OneRow row("hi", std::string("\xff", 1));
  row.numbers<float>("v", {1.F, -2.F}, {2})
      .strings("s", {"Man"})
      .numbers<std::uint8_t>("u", {}, {-1});
  EXPECT_EQ(row.json("[{base64: v}, {base64: s}, {base64: u}, {base64: input}, {base64: meta.key}, "
                     "{base64: headers.none}]"),
            R"(["AACAPwAAAMA=","TWFu","","aGk=","/w==",null])");
}

TEST(JsonOut, Argmax_is_the_place_of_the_first_largest_or_its_label) {
  OneRow row;
  row.numbers<float>("scores", {0.1F, 0.7F, 0.7F}, {3}).numbers<std::int32_t>("r", {}, {-1});
  EXPECT_EQ(row.json("{argmax: scores}"), "1");
  EXPECT_EQ(row.json("{label: {argmax: scores, labels: [cat, 'dog\"', cow]}}"),
            R"({"label":"dog\""})");
  EXPECT_EQ(row.json("{argmax: r}"), "null");
  OneRow nan;
  nan.numbers<float>("scores", {0.1F, NAN}, {2});
  EXPECT_THAT(nan.json("{argmax: scores}"), StartsWith("nonfinite: "));
}

TEST(JsonOut, Labels_may_stand_in_a_file) {
  const auto path =
      std::filesystem::temp_directory_path() / ("thalweg_labels_" + std::to_string(::getpid()));
  std::ofstream(path) << "no\r\nyes\n";
  OneRow row;
  row.numbers<float>("scores", {0.1F, 0.7F}, {2});
  EXPECT_EQ(row.json("{argmax: scores, labels: '" + path.string() + "'}"), R"("yes")");
  std::filesystem::remove(path);
  EXPECT_THAT(row.refusal("json", "{argmax: scores, labels: '" + path.string() + "'}"),
              HasSubstr("labels"));
  EXPECT_THAT(row.refusal("json", "{argmax: scores, labels: [a, b, c]}"),
              HasSubstr("expected 2 of them"));
}

TEST(JsonOut, A_number_that_is_none_is_a_dead_letter_or_null) {
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    OneRow row;
    row.numbers<float>("x", {1.F, value}, {2}).numbers<double>("d", {value});
    EXPECT_THAT(row.json("{x: x}"), StartsWith("nonfinite: column 'x'"));
    EXPECT_THAT(row.json("{d: d}"), StartsWith("nonfinite: column 'd'"));
    EXPECT_EQ(row.json("{x: x, d: d}", "{nonfinite: 'null'}"), R"({"x":[1,null],"d":null})");
  }
}

TEST(JsonOut, Strings_are_escaped_and_must_be_UTF8) {
  OneRow row;
  std::string all;
  for (char c = 0; c < 0x20; ++c) all += c;
  row.strings("s", {"a\"b\\c/d\x7fé😀 and a long tail without anything"})
      .strings("c", {all})
      .strings("bad", {"abc\xffx"});
  EXPECT_EQ(row.json("s"), "\"a\\\"b\\\\c/d\x7fé😀 and a long tail without anything\"");
  EXPECT_EQ(
      row.json("c"),
      R"("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f")");
  EXPECT_THAT(row.json("bad"), StartsWith("encode_failed: column 'bad': expected UTF-8"));
  EXPECT_EQ(row.json("{base64: bad}"), "\"YWJj/3g=\"");
  EXPECT_EQ(row.json("s"), row.json("s"));
}

TEST(JsonOut, What_cannot_be_bound_is_told_with_a_cure) {
  OneRow row;
  row.numbers<float>("score", {1.F}).strings("text", {"x"});
  EXPECT_THAT(row.refusal("json", "{a: scores}"), HasSubstr("Did you mean 'score'?"));
  EXPECT_THAT(row.refusal("json", "{a: meta.offst}"), HasSubstr("meta.offset"));
  EXPECT_THAT(row.refusal("json", "{a: 'score'}"), HasSubstr("without quotes"));
  EXPECT_THAT(row.refusal("json", "{a: 1}"), HasSubstr("{const: …}"));
  EXPECT_THAT(row.refusal("json", "{merge: input, wiht: {a: score}}"), HasSubstr("'with'"));
  EXPECT_THAT(row.refusal("json", "{merge: score, with: {a: score}}"), HasSubstr("merge: input"));
  EXPECT_THAT(row.refusal("json", "{argmax: text}"), HasSubstr("numbers"));
  EXPECT_THAT(row.refusal("json", "{base64: meta.offset}"), HasSubstr("base64"));
  EXPECT_THAT(row.refusal("json", "{a: {part: a/b}}"), HasSubstr("/a/b"));
  EXPECT_THAT(row.refusal("json", "{a: scores}"), StartsWith("test.yaml:1: "));
}

TEST(JsonOut, A_long_output_grows_without_losing_anything) {
  std::vector<std::int64_t> numbers(200'000);
  std::string expected = "[";
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = static_cast<std::int64_t>(i * i);
    expected += (i ? "," : "") + std::to_string(numbers[i]);
  }
  OneRow row;
  row.numbers<std::int64_t>("v", numbers, {-1});
  EXPECT_EQ(row.json("v"), expected + "]");
}

TEST(RawOut, Columns_are_their_little_endian_bytes) {
  OneRow row;
  row.numbers<float>("v", {1.F, 2.F}, {2})
      .numbers<std::uint8_t>("u", {7}, {-1})
      .strings("s", {"x"});
  const std::string v("\0\0\x80?\0\0\0@", 8);
  EXPECT_EQ(row.encode("raw", "v"), v);
  EXPECT_EQ(row.encode("raw", "[v, u]"), v + "\7");
  EXPECT_THAT(row.refusal("raw", "s"), HasSubstr("numbers"));
  EXPECT_THAT(row.refusal("raw", ""), HasSubstr("'v', 'u' and 's'"));
  EXPECT_THAT(row.refusal("raw", "[]"), HasSubstr("at least one"));
}

TEST(RawOut, An_output_outlives_the_columns_that_it_was_made_of) {
  OneRow row;
  row.numbers<float>("v", {1.F, 2.F}, {2});
  auto encoder = test::make_encoder("raw", "", row.schema);
  ASSERT_TRUE(encoder.ok());
  const std::string_view bytes = (*encoder)->encode(row.batch, 0).value();
  row.batch.rows().columns[0].clear();
  float* const again = row.batch.rows().columns[0].append<float>();
  again[0] = again[1] = 9.F;
  EXPECT_EQ(bytes, std::string_view("\0\0\x80?\0\0\0@", 8));
}

TEST(TextOut, One_reference_is_written_as_it_is) {
  OneRow row("payload", "k");
  row.strings("s", {"a\"b\xff"})
      .numbers<float>("f", {0.5F}, {1})
      .numbers<std::int64_t>("i", {-3})
      .bools("b", {0})
      .numbers<float>("v", {1, 2}, {2});
  EXPECT_EQ(row.encode("text", "s"), "a\"b\xff");
  EXPECT_EQ(row.encode("text", "f"), "0.5");
  EXPECT_EQ(row.encode("text", "i"), "-3");
  EXPECT_EQ(row.encode("text", "b"), "false");
  EXPECT_EQ(row.encode("text", "meta.offset"), "42");
  EXPECT_EQ(row.encode("text", "headers.trace"), "last");
  EXPECT_EQ(row.encode("bytes", "input"), "payload");
  EXPECT_EQ(row.encode("bytes", "meta.key"), "k");
  EXPECT_THAT(row.encode("text", "headers.none"), StartsWith("encode_failed: headers.none"));
  EXPECT_THAT(row.refusal("text", "v"), HasSubstr("one scalar"));
  EXPECT_THAT(row.refusal("bytes", "f"), HasSubstr("string"));
  EXPECT_THAT(row.refusal("text", ""), HasSubstr("name a column"));
}

TEST(JsonEncoder, A_mistyped_function_is_no_object) {
  OneRow row;
  row.numbers<float>("scores", {1, 2}, {2}).strings("id", {"a"});
  EXPECT_THAT(row.refusal("json", "{best: {argmx: scores}}"), HasSubstr("Did you mean 'argmax'?"));
  EXPECT_THAT(row.refusal("json", "{b: {bas64: id}}"), HasSubstr("Did you mean 'base64'?"));
  EXPECT_THAT(row.refusal("json", "{b: {cnst: hello}}"), HasSubstr("Did you mean 'const'?"));
  EXPECT_EQ(row.json("{parts: {parts: id}}"), R"({"parts":{"parts":"a"}})");
}

TEST(JsonEncoder, Bytes_carry_numbers_that_are_not_finite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  OneRow row;
  row.numbers<float>("x", {nan}, {1});
  EXPECT_EQ(row.json("{x: {base64: x}}"), R"({"x":"AADAfw=="})");
  EXPECT_EQ(row.encode("raw", "x"), std::string("\0\0\xc0\x7f", 4));
}

}  // namespace
}  // namespace thalweg
