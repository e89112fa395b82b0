#include "kafka/committed.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "kafka/admin_request.h"
#include "kafka/errors.h"

namespace thalweg::kafka {
namespace {

using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;
using List = rd_kafka_topic_partition_list_t;

constexpr Millis second_look{1000};
constexpr std::size_t named_max = 3;

// In growing slices, to see a stop: one that is too short for a slow coordinator would never get an answer.
template <class Ask>
Status ask_until(Millis timeout, const std::stop_token& stop, const Ask& ask) {
  const auto until = Steady::now() + timeout;
  for (Millis slice(1000);; slice = std::min(2 * slice, timeout)) {
    if (stop.stop_requested())
      return Error(Code::stopped, "committed offsets: stopped before the coordinator answered");
    const auto left = std::chrono::duration_cast<Millis>(until - Steady::now());
    Status answered = ask(std::max(Millis(1), std::min(left, slice)));
    if (answered.ok() || answered.error().retry() == Retry::fatal) return answered;
    if (until - Steady::now() <= Millis(100)) return answered;
    // A coordinator that moves, or is only just being made, or our own epoch that the broker has not seen yet.
    pause(Millis(50));
  }
}

Error untold(rd_kafka_resp_err_t err) {
  return error_of(
      err, "committed offsets: expected them from the group's coordinator; got " + words(err));
}

rd_kafka_resp_err_t first_error(const List& list) {
  for (const auto& p : elements(list)) {
    if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR) return p.err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string names_of(const List& list) {
  std::string names;
  std::size_t n = 0;
  for (const auto& p : elements(list)) {
    if (++n > named_max) break;
    names += fmt::format("{}{}[{}]", n > 1 ? ", " : "", p.topic, p.partition);
  }
  const std::size_t all = elements(list).size();
  return all > named_max ? fmt::format("{} and {} more", names, all - named_max) : names;
}

// To librdkafka offsets that a transaction holds back and a coordinator that is silent are both a time that has run out.
bool answers_who_does_not_wait(rd_kafka_t* consumer, const std::string& group, const List& list,
                               const std::stop_token& stop) {
  return committed_so_far(consumer, group, list, second_look, stop).ok();
}

Error held_back(const std::string& group, const List& list, Millis timeout) {
  return Error(
      Code::timed_out,
      fmt::format("committed offsets: expected those of {} from the coordinator of group '{}' "
                  "within {} ms; it answers, and holds them back: a transaction that has offsets "
                  "of theirs is open. Reading begins there when it has ended, by its producer or, "
                  "if that is gone, by the brokers after its transaction.timeout.ms. Where that "
                  "takes minutes, look with kafka-transactions --bootstrap-server BROKER list",
                  names_of(list), group, timeout.count()));
}

Result<ListHandle> ask_so_far(rd_kafka_t* consumer, const std::string& group, const List& list,
                              Millis timeout) {
  using Question =
      Handle<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;
  const Question question(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), &list));
  AdminRequest request(consumer, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout);
  rd_kafka_ListConsumerGroupOffsets_t* questions[] = {question.get()};
  rd_kafka_ListConsumerGroupOffsets(consumer, questions, 1, request.options(), request.queue());
  auto event = request.wait();
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event->get()), &count);
  if (count != 1) return untold(RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0]))
    return untold(rd_kafka_error_code(error));
  ListHandle found(rd_kafka_topic_partition_list_copy(rd_kafka_group_result_partitions(groups[0])));
  if (const auto err = first_error(*found); err != RD_KAFKA_RESP_ERR_NO_ERROR) return untold(err);
  return found;
}

}  // namespace

Status fetch_committed(rd_kafka_t* consumer, const std::string& group, List& list, Millis timeout,
                       const std::stop_token& stop) {
  if (list.cnt == 0) return {};
  Status fetched = ask_until(timeout, stop, [&](Millis wait) -> Status {
    auto err = rd_kafka_committed(consumer, &list, static_cast<int>(wait.count()));
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) err = first_error(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return untold(err);
  });
  if (!fetched.ok() && fetched.error().code() == Code::timed_out &&
      answers_who_does_not_wait(consumer, group, list, stop))
    return held_back(group, list, timeout);
  return fetched;
}

Result<ListHandle> committed_so_far(rd_kafka_t* consumer, const std::string& group,
                                    const List& list, Millis timeout, const std::stop_token& stop) {
  ListHandle found = make_list();
  if (list.cnt == 0) return found;
  Status asked = ask_until(timeout, stop, [&](Millis wait) -> Status {
    auto answer = ask_so_far(consumer, group, list, wait);
    if (!answer) return std::move(answer).error();
    found = std::move(answer).value();
    return {};
  });
  if (!asked.ok()) return std::move(asked).error();
  return found;
}

Result<std::vector<std::optional<Offset>>> group_offsets(
    rd_kafka_t* consumer, const std::string& group, const std::vector<TopicPartition>& partitions,
    Millis timeout) {
  const ListHandle asked = make_list(partitions.size());
  for (const TopicPartition& tp : partitions) add(*asked, tp.topic, tp.partition);
  auto found = committed_so_far(consumer, group, *asked, timeout);
  if (!found) return std::move(found).error();
  std::vector<std::optional<Offset>> offsets;
  for (const TopicPartition& tp : partitions) {
    const auto* p =
        rd_kafka_topic_partition_list_find(found->get(), tp.topic.c_str(), tp.partition.value);
    const bool has = p != nullptr && p->offset >= 0;
    offsets.push_back(has ? std::optional(Offset{p->offset}) : std::nullopt);
  }
  return offsets;
}

}  // namespace thalweg::kafka
