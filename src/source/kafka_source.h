// Records out of Kafka: one consumer of a group, belonging to one worker.
//
// On assignment the queues of the partitions are forwarded to one data queue, which drain() empties; the consumer's own queue carries
// only events (rebalances, errors, commits) and is served always, so a pipeline that is slow, or not draining because of
// back-pressure, keeps its membership. Both queues write to the waker's descriptor when they become non-empty.
//
// Payloads are not copied: each message is pinned in the batch and handed back to librdkafka when the batch is reset.
// A batch that outlives the source keeps the client alive (librdkafka would wait for its messages for ever); only the names
// of the topics die with the source.
//
//   committed offset ──▶ where reading begins; without one: `start` (start_offsets.h)
//   out of range     ──▶ fatal, never a silent reset
//   broker away      ──▶ broker_unreachable, told once; librdkafka reconnects for ever
//   lost, not revoked──▶ never committed
//   a topic deleted  ──▶ topic_missing, fatal
//   a static member whose name is still taken (KIP-848, after a kill) ──▶ tried again until the broker ends its predecessor's session
//
// Threads: one at a time, as a rule the worker's own; still_here() any. librdkafka's threads only fill the queues.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "config/pipeline.h"
#include "kafka/admin.h"
#include "kafka/client.h"
#include "kafka/group_member.h"
#include "source/partition_table.h"

namespace thalweg {

// Reading without a group: all partitions from `start`, committing nothing, until `limit` records or the ends that were found.
struct DryRun {
  std::size_t limit = 0;  // 0: no limit
};

struct KafkaSourceOptions {
  kafka::Config kafka;
  std::vector<std::string> topics;
  std::string group;
  Start start;
  std::string from_beginning{};  // one of them for which `start` does not count
  int worker = 0;                // makes client.id, and group.instance.id where it is set, unique
  std::string client_id = "thalweg";
  // Offsets go with a sink's transactions, and never otherwise; starting points are committed before the first record is read.
  bool transactional = false;
  std::optional<DryRun> dry_run;
  std::optional<kafka::TopicSpec> create_missing;     // none: a topic that is missing is an error
  std::chrono::milliseconds open_timeout{10000};      // for the brokers' first answer
  std::chrono::milliseconds lookup_timeout{10000};    // for committed offsets, inside a rebalance
  std::chrono::milliseconds commit_timeout{10000};    // for commits that wait
  std::chrono::milliseconds close_timeout{10000};     // for leaving the group
  std::chrono::milliseconds release_timeout{120000};  // for the name of a static member to be free
  std::stop_token stop;                               // ends waiting for answers
  kafka::LogSink log;                                 // none: spdlog
};

// What its consumer is given where the user has set nothing: for latency and for bounded memory.
[[nodiscard]] kafka::Pairs consumer_defaults(const KafkaSourceOptions& options);

// How a group of the classic protocols shares its partitions out, by these settings.
[[nodiscard]] std::string assignment_strategy(const kafka::Config& config);

// Would librdkafka make this consumer? What settings contradict each other it says only then. No broker is called, and nothing of TLS or SASL is
// begun: `check` asks this without a network. Errors: config_invalid.
[[nodiscard]] Status try_consumer(const KafkaSourceOptions& options);

class KafkaSource final : public Source, public kafka::GroupMember {
 public:
  explicit KafkaSource(KafkaSourceOptions options);
  ~KafkaSource() override;

  // Also broker_unreachable, when no broker answered in open_timeout: it may be called again.
  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override;
  void serve() override;
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override;
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset> next, bool wait) override;
  [[nodiscard]] std::unique_ptr<GroupOffsets> offsets_for_transaction(
      std::span<const TopicPartitionOffset> next) override;
  [[nodiscard]] Result<std::vector<TopicPartitionOffset>> committed() override;
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override;
  [[nodiscard]] bool ended() const noexcept override;
  void lag(std::vector<Lag>& out) const override;
  void close() override;
  void still_here() noexcept override;

  // For tests.
  [[nodiscard]] rd_kafka_t* client() const noexcept { return life_->client.get(); }

 private:
  // What batches keep alive.
  struct Life final : kafka::ClientContext {
    using ClientContext::ClientContext;
    KafkaSource* source = nullptr;
    kafka::ClientHandle client;
  };
  using List = rd_kafka_topic_partition_list_t;

  // kafka_source.cpp
  [[nodiscard]] Status make_consumer(Waker& waker);
  void watch(rd_kafka_queue_t* queue, Waker& waker);
  [[nodiscard]] Status check_topics();
  [[nodiscard]] Status check_topic(TopicState& topic);
  [[nodiscard]] Status subscribe();
  [[nodiscard]] Status assign_for_dry_run();
  void event(rd_kafka_message_t* message);
  void poll_events();
  void take_astray();
  void tell_health();
  void tell(const Error& error);

  // kafka_source_read.cpp
  [[nodiscard]] rd_kafka_message_t* peek(std::size_t wanted);
  std::size_t take_from_data(std::size_t at_most);
  bool deliver(rd_kafka_message_t* message, Batch& batch);
  void partition_error(const rd_kafka_message_t& message);
  void drop_queued(std::string_view topic, std::int32_t partition);

  // kafka_source_seek.cpp: offsets_for_transaction, committed, seek

  // kafka_source_static.cpp
  [[nodiscard]] std::string instance() const;
  [[nodiscard]] bool name_is_taken() const;
  void fatal_error(const std::string& words);
  void let_in();
  void wait_for_name();
  void begin_anew();

  // kafka_source_topics.cpp
  [[nodiscard]] bool holds_any() const;
  void look_for_topics();
  void look_soon();

  // kafka_source_group.cpp
  void leave_without_partitions();
  static void on_rebalance(rd_kafka_t* rk, rd_kafka_resp_err_t err, List* partitions, void* opaque);
  static void on_commit(rd_kafka_t* rk, rd_kafka_resp_err_t err, List* offsets, void* opaque);
  [[nodiscard]] bool ending() const;
  [[nodiscard]] Status resolve(List& partitions, List& starts);
  void assigned(List& partitions);
  void revoked(List& partitions);
  void forward(const List& partitions);
  void assign(List& partitions);
  void unassign(List& partitions);
  void restart(List& partitions);
  void retry_pending_starts();
  void commit_starts(const List& starts);
  void commit_starts_first(const List& starts, List& partitions);
  void offset_reset(const rd_kafka_message_t& message, PartitionState& state);
  [[nodiscard]] kafka::ListHandle to_commit(std::span<const TopicPartitionOffset> next);
  [[nodiscard]] Status commit_and_wait(const List& list);
  void commit_finished(rd_kafka_resp_err_t err, const List& offsets);
  void commit_again();
  [[nodiscard]] std::vector<TopicPartitionOffset> not_committed();

  KafkaSourceOptions options_;
  PartitionTable table_;
  Waker* waker_ = nullptr;
  SourceListener* listener_ = nullptr;
  std::shared_ptr<Life> life_;
  kafka::QueueHandle events_;  // the queues die before the client
  kafka::QueueHandle data_;
  std::mutex presence_mutex_;
  kafka::QueueHandle presence_;  // always empty: to be polled from outside; presence_mutex_
  std::vector<rd_kafka_message_t*>
      taken_;  // from the data queue, not delivered yet: [taken_begin_, size)
  std::size_t taken_begin_ = 0;
  std::vector<rd_kafka_message_t*> astray_;  // came among the events; empty between calls
  bool queue_empty_ = false;                 // when last looked at
  bool opened_ = false;
  bool closing_ = false;
  bool closed_ = false;
  bool commit_again_ = false;       // an asynchronous commit failed
  bool commit_unanswered_ = false;  // the last one that was waited for
  bool starts_pending_ = false;
  std::chrono::steady_clock::time_point next_retry_{};
  // kafka_source_static.cpp
  std::optional<std::chrono::steady_clock::time_point> name_taken_since_, begin_anew_at_;
  // kafka_source_topics.cpp
  bool broker_assigns_ = false;
  std::chrono::steady_clock::time_point look_at_{};
  std::optional<std::chrono::steady_clock::time_point> missing_since_;
  std::size_t delivered_ = 0;  // counted in a dry run
  std::vector<Code> told_;     // troubles that pass, told since records last flowed
};

}  // namespace thalweg
