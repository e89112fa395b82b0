// What a dead letter says of its reason.
#include "run/dead_letter.h"

#include <gtest/gtest.h>

#include "json/utf8.h"

namespace thalweg {
namespace {

std::string message_header(const std::string& message) {
  Batch batch;
  SourceRecord record;
  record.topic = "in";
  batch.add_record(record);
  batch.fail(0, Error(Code::not_json, message));
  const OutputRecord letter = make_dead_letter(batch, 0, 0, "p");
  for (const Header& header : letter.headers) {
    if (header.name == "__thalweg.errors.message") return std::string(header.value.value_or(""));
  }
  return "no message";
}

TEST(DeadLetterHeaders, A_long_message_is_cut_between_two_characters) {
  std::string two_bytes, four_bytes;
  for (int i = 0; i < 1500; ++i) two_bytes += "\xc3\xa4";
  for (int i = 0; i < 700; ++i) four_bytes += "\xf0\x9f\x94\xa5";
  for (const char* front : {"", "x", "xy", "xyz"}) {
    for (const std::string& text : {front + two_bytes, front + four_bytes}) {
      const std::string header = message_header(text);
      EXPECT_TRUE(json::valid_utf8(header)) << front;
      EXPECT_TRUE(text.starts_with(header));
      EXPECT_LE(header.size(), 2048U);
      EXPECT_GT(header.size(), 2044U);
    }
  }
}

TEST(DeadLetterHeaders, A_long_message_that_is_no_text_keeps_its_bytes) {
  const std::string bytes(3000, '\xff');
  EXPECT_EQ(message_header(bytes).size(), 2048U);
  EXPECT_EQ(message_header("short").size(), 5U);
}

}  // namespace
}  // namespace thalweg
