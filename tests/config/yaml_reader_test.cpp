// Claims about YAML → Node: places, quotes, aliases, expansion, secrets, and what each broken file says.
#include "config/yaml_reader.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

YamlOptions options(std::string name = "t.yaml") {
  YamlOptions o;
  o.name = std::move(name);
  o.environment = [](const std::string& variable) -> std::optional<std::string> {
    if (variable == "PORT") return "9092";
    if (variable == "EMPTY") return "";
    if (variable == "KAFKA_PASSWORD") return "hunter2";
    if (variable == "TRICK") return "a: [b, {c: d}]\n- e";
    if (variable == "BYTES") return "\xff\xfe";
    return std::nullopt;
  };
  return o;
}

Node good(std::string_view text) {
  auto node = read_yaml(text, options());
  EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message());
  return node.ok() ? *std::move(node) : Node();
}

std::string error_of(std::string_view text, const YamlOptions& o = options()) {
  auto node = read_yaml(text, o);
  if (node.ok()) return "no error: " + node->to_json();
  EXPECT_EQ(node.error().code(), Code::config_invalid);
  return node.error().message();
}

TEST(Yaml, Every_kind_of_value_is_read) {
  EXPECT_EQ(good("a: 1\nb: [x, 'y', 2.5, true, null, ~, ]\nc: {d: {}}\ne:\nf: |\n  two\n  lines\n")
                .to_json(),
            R"({"a":1,"b":["x","y",2.5,true,null,null],"c":{"d":{}},"e":null,"f":"two\nlines\n"})");
  EXPECT_TRUE(good("").is_null());
  EXPECT_TRUE(good("# only words\n").is_null());
  EXPECT_EQ(good("---\na: 1\n...\n").to_json(), R"({"a":1})");
  EXPECT_EQ(good("\xEF\xBB\xBF"
                 "a: ü")
                .to_json(),
            "{\"a\":\"ü\"}");
  EXPECT_EQ(good("a: 1\r\nb: 2\r\n").to_json(), R"({"a":1,"b":2})");
}

TEST(Yaml, Nodes_and_keys_know_their_places) {
  const Node n = good("a: 1\nb:\n  - x\n  - {c: d}\n");
  EXPECT_EQ(n.find("a")->where().line, 1);
  EXPECT_EQ(n.find("a")->where().column, 4);
  EXPECT_EQ(n.find("b")->items()[1].find("c")->where().to_string(), "t.yaml:4");
  EXPECT_EQ(n.key_where("b").line, 2);
  EXPECT_EQ(n.key_where("b").column, 1);
}

TEST(Yaml, Quotes_make_text_of_a_number) {
  const Node n = good("a: \"1\"\nb: 'true'\nc: 1\nd: !!str 1\ne: \"null\"");
  EXPECT_TRUE(n.find("a")->quoted());
  EXPECT_FALSE(n.find("a")->as_integer());
  EXPECT_FALSE(n.find("b")->as_boolean());
  EXPECT_EQ(n.find("c")->as_integer(), 1);
  EXPECT_TRUE(n.find("d")->quoted());
  EXPECT_TRUE(n.find("e")->is_scalar());
}

TEST(Yaml, Numbers_follow_the_core_schema) {
  const Node n =
      good("[0x1F, 0o17, -7, +7, 007, .5, 1e3, -.inf, 1_000, yes, 0x, 1e, 99999999999999999999]");
  const auto& i = n.items();
  EXPECT_EQ(i[0].as_integer(), 31);
  EXPECT_EQ(i[1].as_integer(), 15);
  EXPECT_EQ(i[2].as_integer(), -7);
  EXPECT_EQ(i[3].as_integer(), 7);
  EXPECT_EQ(i[4].as_integer(), 7);
  EXPECT_EQ(i[5].as_number(), 0.5);
  EXPECT_EQ(i[6].as_number(), 1000);
  EXPECT_EQ(i[7].as_number(), -std::numeric_limits<double>::infinity());
  for (int k : {8, 9, 10, 11}) EXPECT_FALSE(i[static_cast<std::size_t>(k)].as_number()) << k;
  EXPECT_FALSE(i[12].as_integer());
  EXPECT_EQ(i[12].as_number(), 1e20);
}

TEST(Yaml, Aliases_and_merge_keys_become_copies) {
  EXPECT_EQ(good("x: &x {a: 1, b: 2}\ny: *x\nz: {<<: *x, b: 3}\n").find("y")->to_json(),
            R"({"a":1,"b":2})");
  EXPECT_EQ(good("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\n").find("z")->to_json(),
            R"({"b":3,"a":1})");
  EXPECT_EQ(good("x: &x {a: 1}\ny: &y {a: 2, c: 3}\nz: {<<: [*x, *y]}\n").find("z")->to_json(),
            R"({"a":1,"c":3})");
  EXPECT_EQ(good("z: {\"<<\": 1}\n").to_json(), R"({"z":{"<<":1}})");
}

TEST(Yaml, A_key_written_twice_is_an_error) {
  EXPECT_EQ(error_of("a: 1\nb: 2\na: 3\n"),
            "t.yaml:3: expected every key once; got 'a' again; it stands in line 1 already; remove "
            "one of them");
}

TEST(Yaml, A_second_document_is_an_error) {
  EXPECT_EQ(error_of("a: 1\n---\nb: 2\n"),
            "t.yaml:2: expected one YAML document; got a second one behind '---'; put it into a "
            "file of its own");
}

TEST(Yaml, Broken_text_names_the_line_and_a_cure) {
  EXPECT_EQ(error_of("a:\n\tb: 1\n"),
            "t.yaml:2: expected spaces in front of line 2; got a tab; replace it by spaces");
  EXPECT_TRUE(error_of("a: [1, 2\nb: 3\n").starts_with("t.yaml:")) << error_of("a: [1, 2\nb: 3\n");
  EXPECT_NE(error_of("a: [1, 2\n").find("close every { and ["), std::string::npos)
      << error_of("a: [1, 2\n");
  EXPECT_NE(error_of("a: b: c\n").find("t.yaml:1: expected YAML"), std::string::npos)
      << error_of("a: b: c\n");
  EXPECT_NE(error_of("a: b: c\n").find("put quotes round a text that holds ': '"),
            std::string::npos);
  EXPECT_NE(error_of("a: \"open").find("close the quote"), std::string::npos)
      << error_of("a: \"open");
  for (const char* open :
       {"a: 1\nb: \"open\n", "a: 1\nb: 'open\nc: 2\n", "a: 1\nb: \"open\n# x\n\n"}) {
    EXPECT_EQ(error_of(open),
              "t.yaml:2: expected an end of the text in quotes; got the end of the file; close the "
              "quote");
  }
  EXPECT_EQ(good("a: |+\n  text\n\n").to_json(), R"({"a":"text\n\n"})");
  EXPECT_EQ(good("a: 'x'\n\n").to_json(), R"({"a":"x"})");
  EXPECT_NE(error_of("a: \"\\q\"\n").find("use single quotes"), std::string::npos)
      << error_of("a: \"\\q\"\n");
  EXPECT_TRUE(error_of("a: *nobody\n").starts_with("t.yaml:1: ")) << error_of("a: *nobody\n");
  EXPECT_TRUE(error_of("a: 1\n]\n").starts_with("t.yaml:")) << error_of("a: 1\n]\n");
  EXPECT_NE(error_of("k: { a: ${PORT} }\n").find("quotes round it"), std::string::npos)
      << error_of("k: { a: ${PORT} }\n");
}

TEST(Yaml, What_would_be_lost_without_a_word_is_an_error) {
  EXPECT_EQ(error_of("a: !mine 1\n"),
            "t.yaml:1: expected no YAML tags but those of the core schema; got '!mine'; remove it");
  EXPECT_EQ(error_of("? [a]\n: 1\n"),
            "t.yaml:1: expected a plain word as a key; got a list or map; close its bracket, or "
            "put quotes round the key");
  EXPECT_EQ(error_of("~: 1\n"),
            "t.yaml:1: expected a plain word as a key; got nothing; write name: value");
  EXPECT_EQ(error_of("a: {<<: 3}\n"),
            "t.yaml:1: expected a map behind '<<'; got '3'; write <<: *name_of_a_map");
}

TEST(Yaml, Bytes_that_are_no_text_are_refused_with_their_place) {
  EXPECT_EQ(error_of("a: 1\nb: \xff\n"),
            "t.yaml:2: expected UTF-8 text; got the byte 0xff in column 4; is this the right file? "
            "Save it as UTF-8");
  EXPECT_EQ(error_of(std::string_view("a: \0", 4)),
            "t.yaml:1: expected UTF-8 text; got the byte 0x00 in column 4; is this the right file? "
            "Save it as UTF-8");
  for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80"}) {
    EXPECT_NE(error_of(bad).find("expected UTF-8"), std::string::npos);
  }
}

TEST(Yaml, A_deep_file_is_refused) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(
      error_of(deep),
      "t.yaml:1: expected at most 64 maps and lists inside each other; got more; flatten the file");
  std::string block;
  for (int i = 0; i < 200; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(error_of(block).find("flatten the file"), std::string::npos);
  std::string compact;
  for (int i = 0; i < 10'000; ++i) compact += "- ";
  EXPECT_NE(error_of(compact).find("flatten the file"), std::string::npos);
}

TEST(Yaml, An_alias_bomb_is_refused_before_it_grows) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(error_of(bomb).find("expected at most 500000 values, aliases counted"),
            std::string::npos);
  std::string wide = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [*a";
  for (int i = 0; i < 1000; ++i) wide += ", *a";
  EXPECT_NE(error_of(wide + "]\n").find("bytes of text, aliases counted"), std::string::npos);
  EXPECT_NE(error_of("a: &a [*a]\n").find("inside its own anchor"), std::string::npos)
      << error_of("a: &a [*a]\n");
}

TEST(Yaml, A_large_file_is_refused_and_one_just_below_is_read) {
  const std::string large(std::size_t{10} << 20, 'x');
  EXPECT_EQ(error_of(large),
            "t.yaml: expected at most 8MiB; got 10485760 bytes; is this the right file?");
  std::string list = "words:\n";
  while (list.size() < (std::size_t{3} << 20)) list += "  - word\n";
  EXPECT_GT(good(list).find("words")->items().size(), 300'000U);
}

TEST(Yaml, Variables_are_expanded_inside_scalars) {
  const Node n = good(
      "a: ${PORT}\nb: \"localhost:${PORT}\"\nc: ${NOT:-7}\nd: ${EMPTY:-x}y\ne: $${PORT} costs "
      "$5\nf: ${EMPTY}\n"
      "g: ${NOT:-}\n${PORT}: key");
  EXPECT_EQ(n.find("a")->as_integer(), 9092);
  EXPECT_EQ(n.find("b")->text(), "localhost:9092");
  EXPECT_EQ(n.find("c")->as_integer(), 7);
  EXPECT_EQ(n.find("d")->text(), "xy");
  EXPECT_EQ(n.find("e")->text(), "${PORT} costs $5");
  EXPECT_TRUE(n.find("f")->is_null());
  EXPECT_TRUE(n.find("g")->is_null());
  EXPECT_NE(n.find("${PORT}"), nullptr);
}

TEST(Yaml, What_a_variable_holds_is_never_YAML) {
  EXPECT_EQ(good("a: ${TRICK}").find("a")->text(), "a: [b, {c: d}]\n- e");
}

TEST(Yaml, A_variable_that_is_missing_or_malformed_is_an_error) {
  EXPECT_EQ(error_of("a: 1\nb: ${NOT_SET}\n"),
            "t.yaml:2: expected the environment variable 'NOT_SET' to be set; got none; set it, or "
            "write a default as "
            "in ${NOT_SET:-default}");
  EXPECT_EQ(error_of("b: ${a.b}\n"),
            "t.yaml:1: expected ${NAME}, ${NAME:-default} or ${file:path}; got '${a.b}'; write $${ "
            "for the characters "
            "${ themselves");
  EXPECT_NE(error_of("b: ${OPEN\n").find("got '${OPEN'"), std::string::npos)
      << error_of("b: ${OPEN\n");
  EXPECT_NE(error_of("b: ${BYTES}\n").find("expected text behind ${…}"), std::string::npos);
}

TEST(Yaml, Expansion_can_be_switched_off) {
  YamlOptions o = options();
  o.expand = false;
  EXPECT_EQ(read_yaml("a: ${NOT_SET}", o)->find("a")->text(), "${NOT_SET}");
}

class YamlFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("thalweg_yaml_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::filesystem::path folder_;
};

TEST_F(YamlFiles, A_secret_file_is_read_beside_the_file_and_never_shown) {
  write("pw", "hunter2\n");
  auto n = read_yaml_file(write("a.yaml", "x: ${file:pw}\ny: a\nz: 'p=${file:pw}!'\n"));
  ASSERT_TRUE(n.ok()) << n.error().message();
  EXPECT_EQ(n->find("x")->text(), "hunter2");
  EXPECT_TRUE(n->find("x")->secret());
  EXPECT_EQ(n->find("x")->shown(), "a secret value");
  EXPECT_EQ(n->to_json_redacted(), R"({"x":"***","y":"a","z":"***"})");
}

TEST_F(YamlFiles, A_file_that_cannot_be_read_is_an_error) {
  const std::string none = (folder_ / "none.yaml").string();
  auto n = read_yaml_file(none);
  ASSERT_FALSE(n.ok());
  EXPECT_EQ(n.error().message(),
            none +
                ": expected a file that can be read; got No such file or directory; check the "
                "path and who may read it");
  n = read_yaml_file(folder_.string());
  ASSERT_FALSE(n.ok());
  EXPECT_NE(n.error().message().find("got a folder; name a file in it"), std::string::npos);
  const std::string a = write("a.yaml", "k: 1\nx: ${file:none}\n");
  n = read_yaml_file(a);
  ASSERT_FALSE(n.ok());
  EXPECT_TRUE(n.error().message().starts_with(a + ":2: ${file:none}: ")) << n.error().message();
  n = read_yaml_file(write("big.yaml", std::string(std::size_t{9} << 20, 'x')));
  ASSERT_FALSE(n.ok());
  EXPECT_NE(n.error().message().find("got more than 8MiB; is this the right file?"),
            std::string::npos);
}

TEST(Yaml, Secret_names_are_marked_but_not_among_the_users_own) {
  const Node n = good(
      "kafka: {sasl.password: a, ssl.key.pem: b, sasl.username: c, sasl.jaas.config: d}\n"
      "auth_token: e\ntokens: f\nfields: {password: string}\nx: ${KAFKA_PASSWORD}\n");
  EXPECT_EQ(
      n.to_json_redacted(),
      R"({"kafka":{"sasl.password":"***","ssl.key.pem":"***","sasl.username":"c","sasl.jaas.config":"***"},)"
      R"("auth_token":"***","tokens":"f","fields":{"password":"string"},"x":"***"})");
  EXPECT_EQ(n.find("kafka")->find("sasl.password")->text(), "a");
}

}  // namespace
}  // namespace thalweg
