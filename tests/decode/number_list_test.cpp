// Lists of numbers: the quick way gives the same bits as the careful one.
#include "decode/number_list.h"

#include <bit>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace thalweg::decode {
namespace {

TEST(NumberList, A_million_plain_numbers_are_the_nearest_floats_and_doubles) {
  std::mt19937_64 random(99);
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::string> items;
    std::string text;
    for (int i = 0; i < 1000; ++i) {
      std::string item = random() % 8 == 0 ? "-" : "";
      item += static_cast<char>('0' + (random() % 3 == 0 ? random() % 10 : 0));
      item += '.';
      const std::size_t places = 1 + random() % 18;
      for (std::size_t k = 0; k < places; ++k) item += static_cast<char>('0' + random() % 10);
      items.push_back(item);
      text += item + ",";
    }
    std::vector<float> floats(1000);
    std::vector<double> doubles(1000);
    ASSERT_EQ(parse_list(text, text.data(), ',', floats.data(), 1000).count, 1000U);
    ASSERT_EQ(parse_list(text, text.data(), ',', doubles.data(), 1000).count, 1000U);
    for (std::size_t i = 0; i < 1000; ++i) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(floats[i]),
                std::bit_cast<std::uint32_t>(std::strtof(items[i].c_str(), nullptr)))
          << items[i];
      ASSERT_EQ(std::bit_cast<std::uint64_t>(doubles[i]),
                std::bit_cast<std::uint64_t>(std::strtod(items[i].c_str(), nullptr)))
          << items[i];
    }
  }
}

TEST(NumberList, A_byte_that_is_no_digit_is_found_wherever_it_stands) {
  for (std::size_t places = 1; places <= 18; ++places) {
    const std::string good = "1." + std::string(places, '7');
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string item = good;
        item[at] = static_cast<char>(byte);
        if ((byte >= '0' && byte <= '9') || byte == '.' || byte == ',' || byte == '-' ||
            byte == '+' || byte == 'e' || byte == 'E' || byte == ' ' || byte == '\t' ||
            byte == '\n' || byte == '\r') {
          continue;
        }
        const std::string text = std::string(20, '0') + "," + item + ",2";
        float out[3];
        const ListOutcome outcome = parse_list(text, text.data(), ',', out, 3);
        ASSERT_EQ(outcome.fault, json::NumberFault::syntax) << text;
        ASSERT_EQ(outcome.item, item);
      }
    }
  }
}

TEST(NumberList, Lists_of_every_length_and_offset_are_whole) {
  for (std::size_t count = 0; count <= 200; ++count) {
    for (const bool trailing : {false, true}) {
      std::string text;
      for (std::size_t i = 0; i < count; ++i) text += (i ? "," : "") + std::to_string(i % 11);
      if (trailing && count != 0) text += ',';
      std::vector<std::int32_t> out(count + 1, -1);
      ASSERT_EQ(parse_list(text, text.data(), ',', out.data(), count).count, count) << text;
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(out[i], static_cast<int>(i % 11));
      ASSERT_EQ(out[count], -1);
      ASSERT_GE(count_items_at_most(text, ','), count);
    }
  }
}

TEST(NumberList, Nothing_is_written_behind_the_room) {
  float out[4] = {9, 9, 9, 9};
  const std::string_view text = "1,2,3,4,5";
  EXPECT_EQ(parse_list(text, text.data(), ',', out, 2).count, 5U);
  EXPECT_EQ(out[1], 2.F);
  EXPECT_EQ(out[2], 9.F);
}

}  // namespace
}  // namespace thalweg::decode
