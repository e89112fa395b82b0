// Lists of numbers: the quick way gives the same bits as the careful one.
#include "decode/number_list.h"

#include <bit>
#include <cmath>
#include <cstdio>
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

// As glibc reads them, which rounds once, from all digits.
void expect_nearest(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += item + ",";
  std::vector<float> floats(items.size());
  const ListOutcome outcome = parse_list(text, text.data(), ',', floats.data(), floats.size());
  ASSERT_EQ(outcome.fault, json::NumberFault::none) << outcome.item;
  ASSERT_EQ(outcome.count, items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(floats[i]),
              std::bit_cast<std::uint32_t>(std::strtof(items[i].c_str(), nullptr)))
        << items[i];
  }
}

std::string plain(std::mt19937_64& random, std::size_t places) {
  std::string item = random() % 4 == 0 ? "-" : "";
  item += static_cast<char>('0' + (random() % 3 == 0 ? random() % 10 : 0));
  item += '.';
  const bool mostly_zeros = random() % 16 == 0;
  for (std::size_t k = 0; k < places; ++k)
    item += static_cast<char>('0' + (mostly_zeros && random() % 8 != 0 ? 0 : random() % 10));
  return item;
}

TEST(NumberList, Two_million_floats_read_four_at_a_time_are_the_nearest_ones) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> items;
    for (int i = 0; i < 1000; ++i) items.push_back(plain(random, 1 + random() % 16));
    ASSERT_NO_FATAL_FAILURE(expect_nearest(items));
  }
}

// The decimals nearest to the middle of two floats: a double cannot tell on which side of it they lie.
TEST(NumberList, Floats_beside_the_middle_of_two_are_the_nearest_ones_four_at_a_time_too) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> items;
    for (int i = 0; i < 1000; ++i) {
      const float low = std::ldexp(static_cast<float>(1 + random() % (1 << 24)), -24);
      const float high = std::nextafter(low, 2.F);
      const double middle = (static_cast<double>(low) + static_cast<double>(high)) / 2;
      char text[40];
      std::snprintf(text, sizeof text, "%s%.*f", random() % 2 == 0 ? "-" : "",
                    8 + static_cast<int>(random() % 9), middle);
      std::string item = text;
      if (char& last = item.back(); random() % 2 == 0 && last < '9') ++last;
      items.push_back(item);
    }
    ASSERT_NO_FATAL_FAILURE(expect_nearest(items));
  }
}

TEST(NumberList, A_number_of_another_kind_may_stand_at_any_of_four_places) {
  for (const std::string& other :
       std::vector<std::string>{"12.5", "7", "1e-3", "+0.5", ".5", "5.", "-.25", " 0.5 ", "-7.0",
                                "0.00000000000000001", "0.123456789012345678901"}) {
    for (std::size_t length = 1; length <= 12; ++length) {
      for (std::size_t at = 0; at < length; ++at) {
        std::vector<std::string> items(4 + length, "0.8125000000000000");
        items[4 + at] = other;
        ASSERT_NO_FATAL_FAILURE(expect_nearest(items)) << other << " at " << at << " of " << length;
      }
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
        // Alone, and as each one of four that are read at once.
        for (std::size_t place = 0; place <= 4; ++place) {
          std::string text;
          for (int i = 0; i < 4; ++i) text += "0.5000000000000000,";
          for (std::size_t i = 0; i < (place == 0 ? 1 : 4); ++i)
            text += (place == 0 || i + 1 == place ? item : "0.5") + ",";
          text += "2";
          float out[9];
          const ListOutcome outcome = parse_list(text, text.data(), ',', out, 9);
          ASSERT_EQ(outcome.fault, json::NumberFault::syntax) << text;
          ASSERT_EQ(outcome.item, item);
        }
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
  for (std::size_t room = 0; room <= 12; ++room) {  // plain ones, of which four are written at once
    std::vector<float> few(13, 9.F);
    const std::string plain = "0.000000000000001,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,";
    EXPECT_EQ(parse_list(plain, plain.data(), ',', few.data(), room).count, 13U);
    for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i] == 9.F, i >= room) << i;
  }
}

}  // namespace
}  // namespace thalweg::decode
