// The parts of `test` that decide: JSON, its differences, base64, lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cli/base64.h"
#include "cli/json_diff.h"
#include "cli/junit.h"
#include "cli/lines.h"

namespace thalweg::cli {
namespace {

Json json(std::string_view text) {
  auto parsed = parse_json(text);
  return parsed ? *parsed : Json{};
}

std::vector<std::string> differences(std::string_view expected, std::string_view got,
                                     Comparison how = {}) {
  std::vector<Difference> found;
  compare(json(expected), json(got), how, "v", found);
  std::vector<std::string> paths;
  for (const Difference& d : found) paths.push_back(d.path);
  return paths;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(JsonDiff, Equal_values_have_no_difference_whatever_the_order_of_members) {
  EXPECT_THAT(differences(R"({"a":[1,{"b":null}],"c":"x"})", R"({"c":"x","a":[1,{"b":null}]})"),
              IsEmpty());
}

TEST(JsonDiff, Each_difference_has_its_place) {
  EXPECT_THAT(differences(R"({"a":[1,2],"b":true,"c/d":1})", R"({"a":[1,3],"b":false,"e":1})"),
              ElementsAre("v/a/1", "v/b", "v/c~1d", "v/e"));
  EXPECT_THAT(differences("[1,2,3]", "[1,2]"), ElementsAre("v"));
  EXPECT_THAT(differences("1", "\"1\""), ElementsAre("v"));
}

TEST(JsonDiff, Whole_numbers_must_be_equal_and_others_near) {
  EXPECT_THAT(differences("1700000000000", "1700000000001"), ElementsAre("v"));
  EXPECT_THAT(differences("0.5", "0.500001"), IsEmpty());
  EXPECT_THAT(differences("0.5", "0.51"), ElementsAre("v"));
  EXPECT_THAT(differences("1e10", "10000000001"), IsEmpty());  // relative
  EXPECT_THAT(differences("3", "3.0"), IsEmpty());
  EXPECT_THAT(differences("0.5", "0.500001", {.tolerance = 0}), ElementsAre("v"));
}

TEST(JsonDiff, A_subset_may_lack_members_but_not_items) {
  EXPECT_THAT(differences(R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2},"d":3})", {.subset = true}),
              IsEmpty());
  EXPECT_THAT(differences("[1]", "[1,2]", {.subset = true}), ElementsAre("v"));
}

TEST(JsonValue, A_text_with_escapes_is_read_and_written_back) {
  EXPECT_EQ(json(R"({"a\u00e4":"\ud83d\ude00\n"})").to_text(), "{\"aä\":\"😀\\n\"}");
  EXPECT_FALSE(parse_json("{\"a\":1").ok());
  EXPECT_FALSE(parse_json("1 2").ok());
  EXPECT_FALSE(parse_json("").ok());
}

RC_GTEST_PROP(Base64, Bytes_come_back, (const std::string& bytes)) {
  RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

TEST(Base64, It_is_the_standard_one) {
  EXPECT_EQ(to_base64("Man"), "TWFu");
  EXPECT_EQ(to_base64("M"), "TQ==");
  EXPECT_EQ(from_base64("TW E=\n"), "Ma");
  for (const char* bad : {"TWF", "TW=u", "T===", "TWF*"})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

TEST(Lines, A_value_stands_under_the_name_of_what_it_is) {
  EXPECT_EQ(tagged_line("t", R"({"a":1})"), R"({"topic":"t","value":{"a":1}})");
  EXPECT_EQ(tagged_line("t", "plain words"), R"({"topic":"t","text":"plain words"})");
  EXPECT_EQ(tagged_line("t", "\xff"), R"({"topic":"t","base64":"/w=="})");
  EXPECT_EQ(tagged_line("t", std::nullopt), R"({"topic":"t","value":null})");
}

TEST(Lines, A_whole_record_has_key_headers_and_time) {
  const Header carried[] = {{"source", "app"}, {"none", std::nullopt}};
  OutputRecord record;
  record.key = "k";
  record.value = "1";
  record.timestamp = {5};
  record.input_headers = carried;
  std::string out;
  whole_writer()("t", record, out);
  EXPECT_EQ(out,
            "{\"topic\":\"t\",\"key\":\"k\",\"headers\":{\"source\":\"app\",\"none\":null},"
            "\"timestamp\":5,\"value\":1}\n");
  out.clear();
  human_writer()("t", record, out);
  EXPECT_EQ(out, "t  key=k  1\n    source: app\n    none: null\n");
}

TEST(Junit, What_xml_cannot_say_becomes_a_question_mark) {
  const std::string xml =
      junit_xml({{.suite = "s", .name = "a\x01\xff<", .failure = "first\nsecond"}});
  EXPECT_THAT(xml, ::testing::HasSubstr("name=\"a??&lt;\""));
  EXPECT_THAT(xml, ::testing::HasSubstr("message=\"first\">first&#10;second<"));
}

}  // namespace
}  // namespace thalweg::cli
