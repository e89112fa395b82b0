// Why an output was not written: librdkafka's word for it as an error of ours, which says what to do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "thalweg/ports.h"

#include "kafka/client.h"

namespace thalweg {

// What a delivery report means; `words` are the broker's or librdkafka's (RefusalWords).
[[nodiscard]] rd_kafka_resp_err_t true_error(rd_kafka_resp_err_t err, std::string_view words);
// By our own client, which takes messages of at most `limit` bytes: produce() said so.
[[nodiscard]] Error refused_here(rd_kafka_resp_err_t err, const std::string& topic,
                                 const OutputRecord& output, std::int64_t limit);
// By the broker. `words`: what it said beside the code; empty: nothing.
[[nodiscard]] Error refused_there(rd_kafka_resp_err_t err, const std::string& topic,
                                  const OutputRecord& output, std::string_view words);

}  // namespace thalweg
