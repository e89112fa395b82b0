// Claims about read(Section, Node): what is accepted, what the defaults are, and what each error says.
#include "thalweg/settings.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

const std::shared_ptr<const std::string> file = std::make_shared<const std::string>("conf/t.yaml");

Where at(int line) {
  return {file, line, 1};
}
Node text(std::string s, int line = 3) {
  return Node::scalar(std::move(s), false, at(line));
}
Node one(std::string key, Node value) {
  const Where where = value.where();
  return Node::map({{std::move(key), std::move(value)}}, where, {where});
}

const Section inner{
    .name = "inner",
    .doc = "Nested.",
    .settings = {{.name = "port",
                  .type = SettingType::integer,
                  .min = 1,
                  .max = 65535,
                  .example = "8080",
                  .required = true,
                  .doc = "A port."},
                 {.name = "address", .fallback = "127.0.0.1", .doc = "An address."}},
    .shorthand = "port"};

const Section section{
    .name = "thing",
    .doc = "For the tests.",
    .settings = {
        {.name = "on", .type = SettingType::boolean, .fallback = "true", .doc = "A switch."},
        {.name = "rows_max",
         .type = SettingType::integer,
         .unit = "rows",
         .fallback = "1024",
         .min = 1,
         .doc = "Rows."},
        {.name = "above",
         .type = SettingType::number,
         .max = 1,
         .example = "0.9",
         .doc = "A number."},
        {.name = "format", .fallback = "json", .choices = {"json", "bytes"}, .doc = "A format."},
        {.name = "wait",
         .type = SettingType::duration,
         .unit = "ms",
         .fallback = "250ms",
         .min = 1,
         .max = 60000,
         .doc = "."},
        {.name = "held", .type = SettingType::bytes, .fallback = "16MiB", .min = 1024, .doc = "."},
        {.name = "file", .type = SettingType::path, .doc = "."},
        {.name = "topics", .type = SettingType::strings, .doc = "."},
        {.name = "labels", .type = SettingType::map, .doc = "."},
        {.name = "pin", .type = SettingType::integer, .secret = true, .doc = "."},
        {.name = "http", .type = SettingType::section, .section = &inner, .doc = "."},
        {.name = "to", .type = SettingType::sections, .section = &inner, .doc = "."},
        {.name = "value", .type = SettingType::node, .doc = "."},
    }};

Values good(const Node& node) {
  auto values = read(section, node);
  EXPECT_TRUE(values.ok()) << (values.ok() ? "" : values.error().message());
  return *std::move(values);
}

std::string error_of(const Section& s, const Node& node) {
  auto values = read(s, node);
  if (values.ok()) return "no error";
  EXPECT_EQ(values.error().code(), Code::config_invalid);
  return values.error().message();
}

TEST(Settings, Nothing_written_gives_every_default) {
  const Values v = good(Node());
  EXPECT_TRUE(v.boolean("on"));
  EXPECT_EQ(v.integer("rows_max"), 1024);
  EXPECT_EQ(v.string("format"), "json");
  EXPECT_EQ(v.integer("wait"), 250);
  EXPECT_EQ(v.integer("held"), 16 * 1024 * 1024);
  EXPECT_FALSE(v.has("above"));
  EXPECT_FALSE(v.given("on"));
  EXPECT_TRUE(v.has("on"));
  EXPECT_FALSE(v.given("http"));
  EXPECT_EQ(v.section("http").string("address"), "127.0.0.1");
  EXPECT_TRUE(v.sections("to").empty());
  EXPECT_TRUE(v.strings("topics").empty());
  EXPECT_TRUE(v.map("labels").empty());
  EXPECT_TRUE(v.node("value").is_null());
}

TEST(Settings, What_is_written_replaces_the_default) {
  Node node = one("rows_max", text("8"));
  node.set("on", text("false"));
  node.set("wait", text("1.5s"));
  node.set("held", text("1KiB"));
  node.set("above", text("-1e-3"));
  node.set("topics", text("solo"));
  node.set("labels", one("a.b", text("c")));
  node.set("to", text("99"));
  const Values v = good(node);
  EXPECT_EQ(v.integer("rows_max"), 8);
  EXPECT_TRUE(v.given("rows_max"));
  EXPECT_FALSE(v.boolean("on"));
  EXPECT_EQ(v.integer("wait"), 1500);
  EXPECT_EQ(v.integer("held"), 1024);
  EXPECT_DOUBLE_EQ(v.number("above"), -1e-3);
  EXPECT_EQ(v.strings("topics"), std::vector<std::string>{"solo"});
  EXPECT_EQ(v.map("labels").at(0).second, "c");
  EXPECT_EQ(v.sections("to").at(0).integer("port"), 99);
  EXPECT_EQ(v.where("rows_max").to_string(), "conf/t.yaml:3");
}

TEST(Settings, A_path_is_relative_to_the_file_that_names_it) {
  EXPECT_EQ(good(one("file", text("models/x"))).string("file"), "conf/models/x");
  EXPECT_EQ(good(one("file", text("/models/x"))).string("file"), "/models/x");
  EXPECT_EQ(good(one("file", Node::scalar("models/x"))).string("file"), "models/x");
  const Where flag{std::make_shared<const std::string>("--set a/b"), 0, 0};
  EXPECT_EQ(good(one("file", Node::scalar("m", false, flag))).string("file"), "m");
}

TEST(Settings, An_unknown_key_is_an_error_with_a_suggestion) {
  EXPECT_EQ(error_of(section, one("rowsmax", text("1"))),
            "conf/t.yaml:3: thing: expected one of its settings; got 'rowsmax'. Did you mean "
            "'rows_max'?");
  EXPECT_EQ(error_of(inner, one("bananas", text("1"))),
            "conf/t.yaml:3: inner: expected one of its settings; got 'bananas'; it has 'port' and "
            "'address'");
}

TEST(Settings, A_wrong_value_says_what_was_expected_and_how_to_write_it) {
  EXPECT_EQ(error_of(section, one("on", text("yes"))),
            "conf/t.yaml:3: thing: on: expected true or false; got 'yes'; write on: true");
  EXPECT_EQ(error_of(section, one("rows_max", text("0"))),
            "conf/t.yaml:3: thing: rows_max: expected a whole number of rows of at least 1; got "
            "'0'; write rows_max: 1024");
  EXPECT_EQ(
      error_of(section, one("above", text("2"))),
      "conf/t.yaml:3: thing: above: expected a number of at most 1; got '2'; write above: 0.9");
  EXPECT_EQ(
      error_of(section, one("above", text(".nan"))),
      "conf/t.yaml:3: thing: above: expected a number of at most 1; got '.nan'; write above: 0.9");
  EXPECT_EQ(
      error_of(section, one("format", text("jsn"))),
      "conf/t.yaml:3: thing: format: expected 'json' or 'bytes'; got 'jsn'. Did you mean 'json'?");
  EXPECT_EQ(error_of(section, one("wait", text("30"))),
            "conf/t.yaml:3: thing: wait: expected a duration (ms, s, m, h, d) between 1ms and 1m; "
            "got '30'; "
            "add the unit, as in wait: 30s");
  EXPECT_EQ(error_of(section, one("held", text("many"))),
            "conf/t.yaml:3: thing: held: expected a size (bytes, KiB, MiB, GiB) of at least 1KiB; "
            "got 'many'; "
            "write held: 16MiB");
  EXPECT_EQ(error_of(section, one("topics", one("a", text("b")))),
            "conf/t.yaml:3: thing: topics: expected a text or a list of texts; got a map with 'a'; "
            "write topics: [one, two]");
  EXPECT_EQ(error_of(section, one("labels", text("b"))),
            "conf/t.yaml:3: thing: labels: expected a map of names to plain values; got 'b'; "
            "write labels: {name: value}");
  EXPECT_EQ(error_of(section, one("file", Node::sequence({}, at(4)))),
            "conf/t.yaml:4: thing: file: expected a path; got a list of 0; correct it");
}

TEST(Settings, A_secret_value_is_not_in_the_error) {
  EXPECT_EQ(error_of(section, one("pin", text("hunter2"))),
            "conf/t.yaml:3: thing: pin: expected a whole number; got a secret value; correct it");
}

TEST(Settings, A_required_setting_that_is_absent_is_an_error) {
  EXPECT_EQ(error_of(section, one("http", Node::map({}, at(7)))),
            "conf/t.yaml:7: inner: expected the setting 'port' (a whole number between 1 and "
            "65535); got none; "
            "write port: 8080. A port.");
}

TEST(Settings, An_empty_value_is_as_good_as_none) {
  EXPECT_EQ(good(one("rows_max", Node())).integer("rows_max"), 1024);
  EXPECT_FALSE(good(one("http", Node())).given("http"));
}

TEST(Settings, A_scalar_where_a_map_belongs_is_an_error) {
  EXPECT_EQ(error_of(section, text("hello", 1)),
            "conf/t.yaml:1: thing: expected a map of settings; got 'hello'; write its settings one "
            "a line, as on: …");
}

TEST(Settings, The_first_error_of_the_file_is_the_one_reported) {
  Node node = one("wait", text("x", 5));
  node.set("rows_max", text("x", 6));
  EXPECT_TRUE(error_of(section, node).starts_with("conf/t.yaml:5:"));
}

TEST(Settings, An_open_section_hands_undeclared_keys_through) {
  const Section open{
      .name = "kafka", .doc = ".", .settings = {{.name = "a", .doc = "."}}, .open = true};
  Node node = one("linger.ms", text("0"));
  node.set("a", text("x"));
  auto values = read(open, node);
  ASSERT_TRUE(values.ok());
  ASSERT_EQ(values->others().size(), 1U);
  EXPECT_EQ(values->others()[0].first, "linger.ms");
  EXPECT_EQ(values->string("a"), "x");
}

TEST(Settings, Durations_and_sizes_need_whole_amounts) {
  for (const char* bad : {"1.5ms", "-1s", "1 year", "s", "", "1e3s", "9999999999999h", "0x10s"}) {
    EXPECT_NE(error_of(section, one("wait", text(bad))), "no error") << bad;
  }
  for (const char* bad : {"2.5B", "-1KiB", "1 mb", "99999999999TiB"}) {
    EXPECT_NE(error_of(section, one("held", text(bad))), "no error") << bad;
  }
  EXPECT_EQ(good(one("wait", text("1 s"))).integer("wait"), 1000);
  EXPECT_EQ(good(one("held", text("1.5KiB"))).integer("held"), 1536);
}

using SettingsDeathTest = testing::Test;
TEST(SettingsDeathTest, Asking_for_what_is_not_declared_aborts) {
  const Values v = good(Node());
  EXPECT_DEATH((void)v.string("nme"), "'nme' is asked for but not declared");
  EXPECT_DEATH((void)v.string("on"), "'on' is declared with another type");
}

TEST(Suggest, A_near_word_is_offered_and_a_far_one_is_not) {
  const std::vector<std::string> known = {"dense_5", "embedding_2_input", "earliest"};
  EXPECT_EQ(did_you_mean("dense5", known), " Did you mean 'dense_5'?");
  EXPECT_EQ(did_you_mean("dnese_5", known), " Did you mean 'dense_5'?");
  EXPECT_EQ(did_you_mean("EARLIST", known), " Did you mean 'earliest'?");
  EXPECT_EQ(did_you_mean("score", known), "");
  EXPECT_EQ(did_you_mean("", known), "");
  EXPECT_EQ(did_you_mean("x", std::vector<std::string>{"y"}), "");
  EXPECT_EQ(did_you_mean(std::string(1 << 20, 'a'), known), "");
}

TEST(Suggest, A_list_of_names_reads_as_a_sentence) {
  EXPECT_EQ(quoted_list(std::vector<std::string>{}), "");
  EXPECT_EQ(quoted_list(std::vector<std::string>{"a"}), "'a'");
  EXPECT_EQ(quoted_list(std::vector<std::string>{"a", "b", "c"}), "'a', 'b' and 'c'");
}

TEST(Settings, A_choice_named_null_may_be_written_without_quotes) {
  static const Section section{.name = "output",
                               .doc = "An output.",
                               .settings = {{.name = "nonfinite",
                                             .fallback = "dead",
                                             .choices = {"dead", "null"},
                                             .example = "null",
                                             .doc = "What becomes of NaN."}}};
  const auto values = read(section, Node::map({{"nonfinite", Node::null({})}}));
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(values->string("nonfinite"), "null");
}

}  // namespace
}  // namespace thalweg
