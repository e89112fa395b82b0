// librdkafka's and the broker's error codes as ours: one table decides what is retried, what stops, what is one record's
// fault.
//
// The same broker code can mean different things to a reader and to a writer, so there are two questions.
#pragma once

#include <string>

#include <librdkafka/rdkafka.h>

#include "thalweg/error.h"

namespace thalweg::kafka {

// For everything but a delivery: metadata, group membership, fetching, admin requests.
[[nodiscard]] Code code_of(rd_kafka_resp_err_t err) noexcept;
[[nodiscard]] Error error_of(rd_kafka_resp_err_t err, const std::string& message);

// For one message that was not written: output_refused when no other try of the same message can succeed and others can;
// delivery_failed when the same message may be sent again; a fatal code when no message will get through.
[[nodiscard]] Code delivery_code_of(rd_kafka_resp_err_t err) noexcept;

// For a transaction that could not be begun, committed or aborted: delivery_failed when another one, if need be of another client, may
// succeed; a fatal code when none will.
[[nodiscard]] Code transaction_code_of(rd_kafka_resp_err_t err) noexcept;

// Refused for its size: the message's own, or that of the batch it stood in.
[[nodiscard]] bool refused_for_size(rd_kafka_resp_err_t err) noexcept;

// The partitions are not ours any more: a commit that fails so has nothing left to say.
[[nodiscard]] bool membership_is_over(rd_kafka_resp_err_t err) noexcept;

// "Broker: Unknown topic or partition"
[[nodiscard]] std::string words(rd_kafka_resp_err_t err);

}  // namespace thalweg::kafka
