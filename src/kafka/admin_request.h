// One admin request and its answer, waited for.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"

#include "kafka/handles.h"

namespace thalweg::kafka {

class AdminRequest {
 public:
  AdminRequest(rd_kafka_t* client, rd_kafka_admin_op_t op, std::chrono::milliseconds timeout);

  [[nodiscard]] const rd_kafka_AdminOptions_t* options() const noexcept { return options_.get(); }
  [[nodiscard]] rd_kafka_queue_t* queue() const noexcept { return queue_.get(); }
  // After the request was made. Errors of the request as a whole; those of its parts stand in the event.
  [[nodiscard]] Result<EventHandle> wait();

 private:
  std::chrono::milliseconds timeout_;
  AdminOptionsHandle options_;
  QueueHandle queue_;
};

// The offset that `spec` (earliest, latest, or a time in ms) means in each partition; -1 where a time is after the last record.
[[nodiscard]] Result<std::vector<Offset>> list_offsets(
    rd_kafka_t* client, const std::vector<TopicPartition>& partitions, std::int64_t spec,
    std::chrono::milliseconds timeout);

// Between two tries of a question that the cluster cannot answer yet.
void pause(std::chrono::milliseconds time);

}  // namespace thalweg::kafka
