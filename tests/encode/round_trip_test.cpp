// What is written can be read, by us and by another parser, as what it was.
#include <bit>
#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "encode/encode_support.h"

namespace thalweg {
namespace {

using Random = std::mt19937_64;

// Any bits that are a finite number.
template <class T>
T random_number(Random& random) {
  if (random() % 4 == 0) return static_cast<T>(static_cast<int>(random() % 2000) - 1000) / 8;
  for (;;) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    const T value = std::bit_cast<T>(static_cast<Bits>(random()));
    if (std::isfinite(value)) return value;
  }
}

std::string random_text(Random& random) {
  const char* const pieces[] = {
      "a",           "word ", "\"", "\\", "\n", "é", "😀", "\x01", "\x7f", "/", "0123456789abcdef",
      "\xEF\xBF\xBF"};
  std::string text;
  for (std::size_t i = random() % 30; i-- > 0;) text += pieces[random() % std::size(pieces)];
  if (random() % 8 == 0) text += '\0';
  return text;
}

TEST(RoundTrip, Another_parser_reads_what_was_written) {
  Random random(23);
  simdjson::dom::parser parser;
  for (int i = 0; i < 20'000; ++i) {
    const auto f = random_number<float>(random);
    const auto d = random_number<double>(random);
    const auto n = static_cast<std::int64_t>(random());
    const std::string s = random_text(random);
    std::vector<float> v(random() % 6);
    for (float& x : v) x = random_number<float>(random);
    test::OneRow row;
    row.numbers<float>("f", {f})
        .numbers<double>("d", {d})
        .numbers<std::int64_t>("n", {n})
        .strings("s", {s})
        .numbers<float>("v", v, {-1});
    const std::string text = row.json("");
    simdjson::dom::element root;
    ASSERT_EQ(parser.parse(text).get(root), simdjson::SUCCESS) << text;
    ASSERT_EQ(static_cast<float>(root["f"].get_double().value()), f) << text;
    ASSERT_EQ(root["d"].get_double().value(), d) << text;
    ASSERT_EQ(root["n"].get_int64().value(), n) << text;
    ASSERT_EQ(root["s"].get_string().value(), s) << text;
    const auto array = root["v"].get_array().value();
    ASSERT_EQ(array.size(), v.size());
    std::size_t k = 0;
    for (const auto element : array)
      ASSERT_EQ(static_cast<float>(element.get_double().value()), v[k++]) << text;
  }
}

}  // namespace
}  // namespace thalweg
