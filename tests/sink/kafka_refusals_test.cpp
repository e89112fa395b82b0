// Words for outputs that were not written.
#include "sink/kafka_refusals.h"

#include <string>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(KafkaRefusals,
     Words_that_are_part_of_the_program_are_read_and_those_in_memory_that_may_be_gone_are_not) {
  const char* const literal = "because it was part of a batch";
  const std::string heap(200, 'x');
  EXPECT_EQ(living_words(literal), literal);
  EXPECT_EQ(living_words(heap.c_str()), nullptr);
  EXPECT_EQ(living_words(nullptr), nullptr);
}

TEST(KafkaRefusals, A_record_that_the_broker_calls_invalid_is_said_with_its_likely_reason) {
  OutputRecord output;
  const Error error = refused_there(RD_KAFKA_RESP_ERR_INVALID_RECORD, "t", output, nullptr);
  EXPECT_NE(error.message().find("is the topic compacted"), std::string::npos) << error.message();
}

}  // namespace
}  // namespace thalweg
