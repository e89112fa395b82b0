// A second parser as judge: whatever simdjson's tree parser takes for JSON, the walker must, and nothing else.
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "json/index.h"
#include "json/pointer.h"
#include "json/walker.h"

namespace thalweg::json {
namespace {

using Random = std::mt19937_64;

std::string random_json(Random& random, int depth) {
  const auto space = [&] { return std::string(random() % 5 == 0 ? " \n" : ""); };
  switch (random() % (depth > 0 ? 9 : 7)) {
    case 0: return space() + std::to_string(static_cast<int>(random() % 2000) - 1000) + space();
    case 1:
      return std::to_string(random() % 100) + "." + std::to_string(random() % 1000) +
             (random() % 2 ? "e-5" : "E+3");
    case 2: return space() + "true";
    case 3: return "false" + space();
    case 4: return "null";
    case 5: return R"("plain é text")";
    case 6: return R"("\u00e9\ud83d\ude00\n\"x\\")";
    case 7: {
      std::string text = "[" + space();
      for (std::size_t i = random() % 4; i-- > 0;)
        text += random_json(random, depth - 1) + (i ? "," : "");
      return text + "]";
    }
    default: {
      std::string text = "{" + space();
      for (std::size_t i = random() % 4; i-- > 0;) {
        text += "\"k" + std::to_string(random() % 3) + "\"" + space() + ":" +
                random_json(random, depth - 1) + (i ? "," : "");
      }
      return text + "}" + space();
    }
  }
}

// Removes, doubles, changes or cuts a piece.
void damage(std::string& text, Random& random) {
  constexpr std::string_view bytes = "{}[]:,\"\\ntfue0-.19eE+ \n\x01\x80\xC3\xFFu";
  const std::size_t at = text.empty() ? 0 : random() % text.size();
  switch (random() % 5) {
    case 0:
      if (!text.empty()) text.erase(at, 1 + random() % 3);
      return;
    case 1: text.insert(at, 1, bytes[random() % bytes.size()]); return;
    case 2:
      if (!text.empty()) text[at] = bytes[random() % bytes.size()];
      return;
    case 3: text.resize(at); return;
    default: text.insert(at, text.substr(at, 1 + random() % 4)); return;
  }
}

// The judge also refuses numbers that no double or 64 bits hold; the walker leaves that to whoever reads them.
bool has_huge_number(const std::string& text) {
  std::size_t run = 0;
  bool exponent = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (++run >= (exponent ? 3U : 18U)) return true;
    } else {
      exponent = c == 'e' || c == 'E' || (exponent && run == 0 && (c == '+' || c == '-'));
      run = 0;
    }
  }
  return false;
}

TEST(WalkerJudged, Takes_and_refuses_what_another_parser_takes_and_refuses) {
  Random random(5);
  simdjson::dom::parser judge;
  Index index;
  Walker walker;
  int taken = 0;
  int refused = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text = random_json(random, 4);
    for (std::size_t n = random() % 4; n-- > 0;) damage(text, random);
    if (has_huge_number(text)) continue;
    const bool expected = judge.parse(text).error() == simdjson::SUCCESS;
    bool got = index.build(text);
    if (got) {
      walker.start(index, Walker::depth_bound);
      got = walker.skip() && walker.finish();
      if (!got) {
        ASSERT_LE(walker.fault().at, text.size());
        ASSERT_FALSE(walker.fault().expected.empty());
      }
    }
    ASSERT_EQ(got, expected) << text;
    ++(got ? taken : refused);
  }
  EXPECT_GT(taken, 50'000);
  EXPECT_GT(refused, 50'000);
}

TEST(WalkerJudged, A_pointer_finds_what_another_parser_finds) {
  Random random(6);
  simdjson::dom::parser judge;
  Index index;
  Walker walker;
  int found = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = random_json(random, 4);
    std::string pointer;
    for (std::size_t n = 1 + random() % 3; n-- > 0;)
      pointer +=
          random() % 2 ? "/k" + std::to_string(random() % 3) : "/" + std::to_string(random() % 3);
    ASSERT_TRUE(index.build(text));
    walker.start(index, Walker::depth_bound);
    const auto parsed = parse_pointer(pointer);
    ASSERT_TRUE(parsed.ok());
    const auto got = find(walker, *parsed);
    auto expected = judge.parse(text).at_pointer(pointer);
    ASSERT_EQ(got.has_value(), expected.error() == simdjson::SUCCESS) << text << " " << pointer;
    if (!got) continue;
    ++found;
    const std::string wanted = simdjson::minify(expected.value());
    simdjson::dom::parser again;
    ASSERT_EQ(simdjson::minify(again.parse(std::string(*got))), wanted) << text << " " << pointer;
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace thalweg::json
