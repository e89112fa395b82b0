// librdkafka's objects as unique_ptrs: each dies by its own destroy function, on every way out.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <librdkafka/rdkafka.h>

#include "thalweg/ids.h"

namespace thalweg::kafka {

template <class T, void (*destroy)(T*)>
struct Destroy {
  void operator()(T* p) const noexcept { destroy(p); }
};
template <class T, void (*destroy)(T*)>
using Handle = std::unique_ptr<T, Destroy<T, destroy>>;

using ConfHandle = Handle<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using QueueHandle = Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using TopicHandle = Handle<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using ListHandle = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using ErrorHandle = Handle<rd_kafka_error_t, rd_kafka_error_destroy>;
using EventHandle = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using AdminOptionsHandle = Handle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;

// A consumer leaves its group before this (KafkaSource::close), a producer is flushed before it: what is left then
// must not hold up the end of the process.
struct DestroyClient {
  void operator()(rd_kafka_t* rk) const noexcept {
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};
using ClientHandle = std::unique_ptr<rd_kafka_t, DestroyClient>;

inline ListHandle make_list(std::size_t size = 4) {
  return ListHandle(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}
inline rd_kafka_topic_partition_t& add(rd_kafka_topic_partition_list_t& list,
                                       const std::string& topic, Partition partition) {
  return *rd_kafka_topic_partition_list_add(&list, topic.c_str(), partition.value);
}
inline std::span<rd_kafka_topic_partition_t> elements(rd_kafka_topic_partition_list_t& list) {
  return {list.elems, static_cast<std::size_t>(list.cnt)};
}
inline std::span<const rd_kafka_topic_partition_t> elements(
    const rd_kafka_topic_partition_list_t& list) {
  return {list.elems, static_cast<std::size_t>(list.cnt)};
}

}  // namespace thalweg::kafka
