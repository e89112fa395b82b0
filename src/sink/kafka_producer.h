// One producer client of the Kafka sink: its settings, and the way of one output into it.
#pragma once

#include "thalweg/ports.h"

#include "kafka/client.h"
#include "sink/refusal_words.h"

namespace thalweg {

struct KafkaSinkOptions;

// For outputs as they come, or for one message a batch: what is refused then is refused for its own sake.
enum class Batching : bool { many, one };

using DeliveryCallback = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

// What a producer tells and whom; all but the descriptor outlives it.
struct ProducerEnds {
  kafka::ClientContext& context;
  int eventfd;  // events are written there
  DeliveryCallback on_delivery;
  RefusalWords& refusals;
};

// Errors: config_invalid.
[[nodiscard]] Result<kafka::ClientHandle> make_producer(const KafkaSinkOptions& options,
                                                        Batching batching,
                                                        const ProducerEnds& ends);
// The descriptor may go before the client.
void forget_eventfd(rd_kafka_t* client);

// `handle`: the topic of this client, or null; then the topic is found by its name. The output is the message's opaque.
[[nodiscard]] rd_kafka_resp_err_t produce_output(rd_kafka_t* client, rd_kafka_topic_t* handle,
                                                 const char* name, OutputRecord& output);

// Key and value.
[[nodiscard]] std::size_t payload_size(const OutputRecord& output);
// Key, value and headers: less than it has on the wire, by some framing.
[[nodiscard]] std::size_t size_with_headers(const OutputRecord& output);

}  // namespace thalweg
