// Why an output was not written: librdkafka's word for it as an error of ours, which says what to do.
#pragma once

#include <cstdint>
#include <string>

#include "thalweg/ports.h"

#include "kafka/client.h"

namespace thalweg {

// Of a delivery report that failed: its words, if they may still be read. librdkafka 2.15.1 frees what the broker said of a message before
// the report that points to it is served (rd_kafka_handle_Produce); what is part of the program lives. Null: there are none.
[[nodiscard]] const char* living_words(const char* words) noexcept;
// What a delivery report means; `words` are librdkafka's.
[[nodiscard]] rd_kafka_resp_err_t true_error(rd_kafka_resp_err_t err, const char* words);
// By our own client, which takes messages of at most `limit` bytes: produce() said so.
[[nodiscard]] Error refused_here(rd_kafka_resp_err_t err, const std::string& topic,
                                 const OutputRecord& output, std::int64_t limit);
// By the broker. `words`: librdkafka's, if it has more to say than the code.
[[nodiscard]] Error refused_there(rd_kafka_resp_err_t err, const std::string& topic,
                                  const OutputRecord& output, const char* words);

}  // namespace thalweg
