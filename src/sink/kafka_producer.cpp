// Defaults for latency and bounded memory; what at-least-once rests on is not the user's to change.
#include "sink/kafka_producer.h"

#include <array>
#include <utility>

#include "sink/kafka_sink.h"
#include "sink/size_limits.h"

namespace thalweg {
namespace {

using kafka::Role;

constexpr std::uint64_t one = 1;  // what an eventfd wants written
// Copying a small payload costs less than keeping its memory in the cache until the broker answered.
constexpr std::size_t copy_below = 1024;

kafka::Pairs defaults(const KafkaSinkOptions& o) {
  const ProducerLimits limits = producer_limits(o.kafka, o.value_bytes_max);
  kafka::Pairs pairs{
      {"client.id", o.client_id},
      {"partitioner", "murmur2_random"},  // Java's: the same key, the same partition
      {"linger.ms", "1"},                 // a third less CPU per output than 0, for at most 1 ms
      {"queue.buffering.max.kbytes", std::to_string(limits.queue_kbytes)},  // 1 GiB otherwise
      {"queue.buffering.max.messages", "500000"},
      // 1 MB otherwise, which is less than topics take.
      {"message.max.bytes", std::to_string(limits.message_bytes)},
      {"reconnect.backoff.max.ms", "2000"},
      // 30 s otherwise: for so long a topic that was deleted counts as one that is only just being made. We wait for new ones.
      {"topic.metadata.propagation.max.ms", "10000"},
      {"statistics.interval.ms", "5000"},  // notices that a broker is back
      {"log.connection.close", "false"},
      {"socket.keepalive.enable", "true"},
  };
  // No output may outlast its transaction: its client would not know any more whether the broker still waits.
  if (!o.transactional_id.empty()) {
    const auto own = o.kafka.number(Role::producer, "transaction.timeout.ms");
    const std::string timeout = std::to_string(own.value_or(o.transaction_timeout.count()));
    pairs.emplace_back("transaction.timeout.ms", timeout);
    pairs.emplace_back("message.timeout.ms", timeout);
  }
  return pairs;
}

kafka::Pairs owned(const KafkaSinkOptions& o, Batching batching) {
  kafka::Pairs pairs{{"enable.idempotence", "true"}, {"acks", "all"}};
  if (o.transactional_id.empty()) {
    pairs.emplace_back("message.timeout.ms", "0");
  } else {
    pairs.emplace_back("transactional.id", o.transactional_id);
  }
  if (batching == Batching::one) pairs.emplace_back("batch.num.messages", "1");
  return pairs;
}

template <typename F>
void for_each_header(const OutputRecord& output, const F& f) {
  for (const auto& part : {output.input_headers, output.headers}) {
    for (const Header& h : part) f(h);
  }
}

// librdkafka copies names and values.
rd_kafka_headers_t* make_headers(const OutputRecord& output) {
  const std::size_t count = output.input_headers.size() + output.headers.size();
  if (count == 0) return nullptr;
  rd_kafka_headers_t* headers = rd_kafka_headers_new(count);
  for_each_header(output, [&](const Header& h) {
    rd_kafka_header_add(headers, h.name.data(), static_cast<ssize_t>(h.name.size()),
                        h.value ? h.value->data() : nullptr,
                        h.value ? static_cast<ssize_t>(h.value->size()) : 0);
  });
  return headers;
}

rd_kafka_vu_t memory(rd_kafka_vtype_t type, const std::optional<std::string_view>& bytes) {
  rd_kafka_vu_t vu;
  vu.vtype = type;
  // Kafka tells "none" from "empty" by the pointer.
  vu.u.mem.ptr = bytes ? const_cast<char*>(bytes->data() != nullptr ? bytes->data() : "") : nullptr;
  vu.u.mem.size = bytes ? bytes->size() : 0;
  return vu;
}

}  // namespace

Result<kafka::ClientHandle> make_producer(const KafkaSinkOptions& options, Batching batching,
                                          const ProducerEnds& ends) {
  auto conf =
      kafka::make_conf(options.kafka, Role::producer, defaults(options), owned(options, batching));
  if (!conf) return std::move(conf).error();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), ends.on_delivery);
  ends.refusals.listen(**conf);
  auto client = kafka::make_client(Role::producer, *std::move(conf), ends.context);
  if (!client) return client;
  const kafka::QueueHandle queue(rd_kafka_queue_get_main(client->get()));
  rd_kafka_queue_io_event_enable(queue.get(), ends.eventfd, &one, sizeof one);
  return client;
}

void forget_eventfd(rd_kafka_t* client) {
  const kafka::QueueHandle queue(rd_kafka_queue_get_main(client));
  rd_kafka_queue_io_event_enable(queue.get(), -1, nullptr, 0);
}

rd_kafka_resp_err_t produce_output(rd_kafka_t* client, rd_kafka_topic_t* handle, const char* name,
                                   OutputRecord& output) {
  std::array<rd_kafka_vu_t, 8> vus;
  std::size_t n = 0;
  const auto put = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    vus[n].vtype = type;
    return vus[n++];
  };
  if (handle != nullptr) {
    put(RD_KAFKA_VTYPE_RKT).u.rkt = handle;
  } else {
    put(RD_KAFKA_VTYPE_TOPIC).u.cstr = name;
  }
  put(RD_KAFKA_VTYPE_PARTITION).u.i32 = RD_KAFKA_PARTITION_UA;
  vus[n++] = memory(RD_KAFKA_VTYPE_VALUE, output.value);
  vus[n++] = memory(RD_KAFKA_VTYPE_KEY, output.key);
  put(RD_KAFKA_VTYPE_OPAQUE).u.ptr = &output;
  const bool copy = !output.value || output.value->size() < copy_below;
  put(RD_KAFKA_VTYPE_MSGFLAGS).u.i = copy ? RD_KAFKA_MSG_F_COPY : 0;
  if (output.timestamp.ms >= 0) put(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = output.timestamp.ms;
  rd_kafka_headers_t* headers = make_headers(output);
  if (headers != nullptr) put(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;
  const kafka::ErrorHandle failed(rd_kafka_produceva(client, vus.data(), n));
  if (!failed) return RD_KAFKA_RESP_ERR_NO_ERROR;
  if (headers != nullptr)
    rd_kafka_headers_destroy(headers);  // librdkafka takes them only when it takes the message
  return rd_kafka_error_code(failed.get());
}

std::size_t payload_size(const OutputRecord& output) {
  return (output.key ? output.key->size() : 0) + (output.value ? output.value->size() : 0);
}

std::size_t size_with_headers(const OutputRecord& output) {
  std::size_t size = payload_size(output);
  for_each_header(
      output, [&](const Header& h) { size += h.name.size() + (h.value ? h.value->size() : 0); });
  return size;
}

}  // namespace thalweg
