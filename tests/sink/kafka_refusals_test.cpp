// Words for outputs that were not written.
#include "sink/kafka_refusals.h"

#include <string>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

std::string said(std::string_view words) {
  const OutputRecord output{};
  return refused_there(RD_KAFKA_RESP_ERR_INVALID_RECORD, "t", output, words).message();
}

TEST(KafkaRefusals, A_record_that_a_broker_calls_invalid_without_a_word_is_said_with_a_guess) {
  EXPECT_NE(said("").find("is the topic compacted"), std::string::npos) << said("");
}

TEST(KafkaRefusals, What_a_broker_says_of_a_record_stands_in_place_of_a_guess) {
  const std::string text = said("no key, in partition t-0");
  EXPECT_NE(text.find("(no key, in partition t-0)"), std::string::npos) << text;
  EXPECT_EQ(text.find("is the topic compacted"), std::string::npos) << text;
}

TEST(KafkaRefusals, Words_that_only_repeat_the_code_are_said_once) {
  const std::string code = rd_kafka_err2str(RD_KAFKA_RESP_ERR_INVALID_RECORD);
  const std::string text = said(code);
  EXPECT_EQ(text.find(code), text.rfind(code)) << text;
}

}  // namespace
}  // namespace thalweg
