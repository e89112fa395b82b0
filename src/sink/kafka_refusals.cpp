// Words for outputs that were not written.
#include "sink/kafka_refusals.h"

#include "kafka/errors.h"
#include "sink/kafka_producer.h"

namespace thalweg {
namespace {

Error refused(rd_kafka_resp_err_t err, const std::string& topic, const std::string& words) {
  return Error(kafka::delivery_code_of(err),
               "topic '" + topic + "': the output was not written; " + words);
}

std::string bytes_of(const OutputRecord& output) {
  return std::to_string(size_with_headers(output)) + " bytes with key and headers";
}

}  // namespace

// librdkafka 2.15 means to give the good messages of a batch with an invalid one the code _INVALID_DIFFERENT_RECORD, but then
// writes the batch's own code over it; what tells them from the guilty is the text it made up for them.
rd_kafka_resp_err_t true_error(rd_kafka_resp_err_t err, std::string_view words) {
  const bool company = words.find("because it was part of a batch") != std::string_view::npos;
  return company ? RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD : err;
}

Error refused_here(rd_kafka_resp_err_t err, const std::string& topic, const OutputRecord& output,
                   std::int64_t limit) {
  if (err != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    return refused(err, topic, "got " + kafka::words(err) + " (" + bytes_of(output) + ")");
  return refused(err, topic,
                 "our producer takes messages up to " + std::to_string(limit) + " bytes; got " +
                     bytes_of(output) +
                     "; set message.max.bytes under `kafka` higher, and max.message.bytes of the "
                     "topic at least as high");
}

Error refused_there(rd_kafka_resp_err_t err, const std::string& topic, const OutputRecord& output,
                    std::string_view words) {
  std::string got = "got " + kafka::words(err);
  if (!words.empty() && kafka::words(err) != words) got += " (" + std::string(words) + ")";
  if (kafka::delivery_code_of(err) == Code::topic_missing) got += "; was the topic deleted?";
  if (err == RD_KAFKA_RESP_ERR_INVALID_RECORD && words.empty())  // old brokers only have the code
    got += "; is the topic compacted, and the output without a key?";
  if (!kafka::refused_for_size(err)) return refused(err, topic, got);
  const bool segment = err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
  return refused(err, topic,
                 got + " for " + bytes_of(output) + "; set " +
                     (segment ? "segment.bytes" : "max.message.bytes") +
                     " of the topic higher, or write less");
}

}  // namespace thalweg
