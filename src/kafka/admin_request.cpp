// Admin requests are asynchronous in librdkafka: each gets a queue of its own, on which its answer is awaited.
#include "kafka/admin_request.h"

#include <thread>

#include "kafka/errors.h"

namespace thalweg::kafka {

AdminRequest::AdminRequest(rd_kafka_t* client, rd_kafka_admin_op_t op,
                           std::chrono::milliseconds timeout)
    : timeout_(timeout),
      options_(rd_kafka_AdminOptions_new(client, op)),
      queue_(rd_kafka_queue_new(client)) {
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options_.get(), static_cast<int>(timeout.count()), text,
                                            sizeof text);
}

Result<EventHandle> AdminRequest::wait() {
  // librdkafka answers by itself when the time is over; a little more is given so that its words are heard.
  EventHandle event(rd_kafka_queue_poll(queue_.get(), static_cast<int>(timeout_.count()) + 1000));
  if (!event)
    return Error(Code::timed_out, "kafka: expected an answer from the broker; got none in time");
  if (const auto err = rd_kafka_event_error(event.get()); err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_of(err, std::string("kafka: ") + rd_kafka_event_error_string(event.get()));
  }
  return event;
}

namespace {

ListHandle list_of(const std::vector<TopicPartition>& partitions, std::int64_t offset) {
  ListHandle list = make_list(partitions.size());
  for (const TopicPartition& tp : partitions) add(*list, tp.topic, tp.partition).offset = offset;
  return list;
}

std::string named(const rd_kafka_topic_partition_t& p) {
  return std::string(p.topic) + "[" + std::to_string(p.partition) + "]";
}

}  // namespace

Result<std::vector<Offset>> list_offsets(rd_kafka_t* client,
                                         const std::vector<TopicPartition>& partitions,
                                         std::int64_t spec, std::chrono::milliseconds timeout) {
  const ListHandle asked = list_of(partitions, spec);
  AdminRequest request(client, RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout);
  rd_kafka_ListOffsets(client, asked.get(), request.options(), request.queue());
  auto event = request.wait();
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event->get()), &count);
  const ListHandle answers = make_list(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* p = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return error_of(p->err, named(*p) + ": " + words(p->err));
    add(*answers, p->topic, {p->partition}).offset = p->offset;
  }
  std::vector<Offset> offsets;
  for (const TopicPartition& tp : partitions) {
    const auto* p =
        rd_kafka_topic_partition_list_find(answers.get(), tp.topic.c_str(), tp.partition.value);
    if (p == nullptr) return Error(Code::timed_out, tp.to_string() + ": the broker gave no offset");
    offsets.push_back({p->offset});
  }
  return offsets;
}

void pause(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

}  // namespace thalweg::kafka
