// Opening, serving and closing the consumer.
#include "source/kafka_source.h"

#include <algorithm>
#include <utility>

#include "kafka/admin.h"
#include "kafka/errors.h"
#include "source/start_offsets.h"

namespace thalweg {
namespace {

using kafka::Role;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr std::uint64_t one = 1;  // what an eventfd wants written

// A member hears of a rebalance with the answer to a heartbeat. Every 3 s, as librdkafka has it, a partition that moves between two workers
// stood still for two such times. A third of the session at most, as Kafka wants it.
std::int64_t heartbeat_ms(const kafka::Config& config) {
  constexpr std::int64_t usual = 500;
  const auto session = config.number(Role::consumer, "session.timeout.ms");
  return session ? std::clamp<std::int64_t>(*session / 3, 1, usual) : usual;
}

}  // namespace

// A static member that is killed between the halves of a cooperative rebalance leaves a partition to nobody (docs/decisions/0038).
std::string assignment_strategy(const kafka::Config& config) {
  std::string chosen = config.value(Role::consumer, "partition.assignment.strategy");
  if (!chosen.empty()) return chosen;
  const bool is_static = !config.value(Role::consumer, "group.instance.id").empty();
  return is_static ? "range" : "cooperative-sticky";
}

// For latency and for bounded memory; the user may set others.
kafka::Pairs consumer_defaults(const KafkaSourceOptions& o) {
  kafka::Pairs pairs{
      {"client.id", o.client_id + "-" + std::to_string(o.worker)},
      {"queued.min.messages",
       "10000"},  // 100,000 otherwise: small records cost more than their bytes
      // For all partitions, since they share a queue; 64 MiB otherwise. What was fetched should still be in the cache when it is read: 16 MiB
      // cost half of the rate.
      {"queued.max.messages.kbytes", "4096"},
      // 1 s otherwise: a full queue that was drained would stand still. A queue this small is drained in milliseconds.
      {"fetch.queue.backoff.ms", "1"},
      {"fetch.error.backoff.ms", "100"},
      {"reconnect.backoff.max.ms", "2000"},
      {"topic.metadata.refresh.interval.ms", "60000"},  // finds added partitions
      {"statistics.interval.ms", "5000"},               // notices that a broker is back
      {"log.connection.close", "false"},
      {"socket.keepalive.enable", "true"},
  };
  // The broker chooses the assignor and the heartbeats of the new protocol, and librdkafka refuses to be told.
  if (o.kafka.value(Role::consumer, "group.protocol") != "consumer") {
    pairs.emplace_back("partition.assignment.strategy", assignment_strategy(o.kafka));
    pairs.emplace_back("heartbeat.interval.ms", std::to_string(heartbeat_ms(o.kafka)));
  }
  return pairs;
}

namespace {

// Static membership: every worker is a member of its own.
std::string instance_of(const KafkaSourceOptions& o) {
  const std::string name = o.kafka.value(Role::consumer, "group.instance.id");
  return name.empty() ? name : name + "-" + std::to_string(o.worker);
}

// What at-least-once rests on.
kafka::Pairs owned(const KafkaSourceOptions& o) {
  kafka::Pairs pairs{
      {"group.id",
       o.dry_run ? "thalweg-dry-run" : o.group},  // librdkafka wants one even where none is joined
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", o.dry_run ? "true" : "false"},
  };
  if (const std::string name = instance_of(o); !name.empty())
    pairs.emplace_back("group.instance.id", name);
  return pairs;
}

}  // namespace

std::string KafkaSource::instance() const {
  return instance_of(options_);
}

Status try_consumer(const KafkaSourceOptions& options) {
  kafka::Pairs last = owned(options);
  last.insert(last.end(), {{"bootstrap.servers", ""}, {"security.protocol", "plaintext"}});
  auto conf = kafka::make_conf(options.kafka, Role::consumer, consumer_defaults(options), last);
  if (!conf) return std::move(conf).error();
  kafka::ClientContext context("", [](kafka::LogLevel, std::string_view) {});
  auto made = kafka::make_client(Role::consumer, *std::move(conf), context);
  return made ? Status() : Status(std::move(made).error());
}

KafkaSource::KafkaSource(KafkaSourceOptions options)
    : options_(std::move(options)),
      table_(options_.topics),
      life_(std::make_shared<Life>(options_.kafka.brokers(Role::consumer), options_.log)) {
  life_->source = this;
  broker_assigns_ = options_.kafka.value(Role::consumer, "group.protocol") == "consumer";
}

KafkaSource::~KafkaSource() {
  close();
  for (std::size_t i = taken_begin_; i < taken_.size(); ++i) rd_kafka_message_destroy(taken_[i]);
  // The client may outlive us, the waker need not.
  for (rd_kafka_queue_t* queue : {events_.get(), data_.get()}) {
    if (queue != nullptr) rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
  }
}

Status KafkaSource::open(Waker& waker, SourceListener& listener) {
  waker_ = &waker;
  listener_ = &listener;
  if (client() == nullptr) {
    if (Status s = make_consumer(waker); !s) return s;
  }
  if (Status s = check_topics(); !s) return s;
  opened_ = true;
  return options_.dry_run ? assign_for_dry_run() : subscribe();
}

Status KafkaSource::make_consumer(Waker& waker) {
  auto conf = kafka::make_conf(options_.kafka, Role::consumer, consumer_defaults(options_),
                               owned(options_));
  if (!conf) return std::move(conf).error();
  rd_kafka_conf_set_rebalance_cb(conf->get(), on_rebalance);
  rd_kafka_conf_set_offset_commit_cb(conf->get(), on_commit);
  auto made = kafka::make_client(Role::consumer, *std::move(conf), *life_);
  if (!made) return std::move(made).error();
  life_->client = *std::move(made);
  rd_kafka_poll_set_consumer(client());
  events_.reset(rd_kafka_queue_get_consumer(client()));
  data_.reset(rd_kafka_queue_new(client()));
  {
    const std::lock_guard lock(presence_mutex_);
    presence_.reset(rd_kafka_queue_new(client()));
  }
  watch(events_.get(), waker);
  watch(data_.get(), waker);
  return {};
}

void KafkaSource::watch(rd_kafka_queue_t* queue, Waker& waker) {
  if (waker.fd() >= 0) {
    rd_kafka_queue_io_event_enable(queue, waker.fd(), &one, sizeof one);
  } else {
    const auto wake = [](rd_kafka_t*, void* w) { static_cast<Waker*>(w)->wake(); };
    rd_kafka_queue_cb_event_enable(queue, wake, &waker);
  }
}

Status KafkaSource::check_topics() {
  for (TopicState& topic : table_.topics()) {
    if (Status s = check_topic(topic); !s) return std::move(s).error().at("source");
  }
  return {};
}

Status KafkaSource::check_topic(TopicState& topic) {
  const auto look = [&] {
    const auto serve_events = [&] {
      while (rd_kafka_message_t* m = rd_kafka_consumer_poll(client(), 0))
        rd_kafka_message_destroy(m);
    };
    return kafka::await_topic(client(), life_->health, topic.name, options_.open_timeout,
                              serve_events, options_.stop);
  };
  auto info = look();
  if (info && !*info && options_.create_missing) {
    kafka::TopicSpec spec = *options_.create_missing;
    spec.name = topic.name;
    if (Status s = kafka::create_topic(client(), spec, options_.open_timeout); !s) return s;
    info = look();
  }
  if (!info) return std::move(info).error();
  if (!*info) {
    return kafka::topic_missing_error(client(), topic.name, options_.kafka.brokers(Role::consumer),
                                      "Create it, or set from.topic.");
  }
  topic.partitions.resize(static_cast<std::size_t>((*info)->partitions));
  return {};
}

Status KafkaSource::subscribe() {
  const kafka::ListHandle list = kafka::make_list();
  for (const TopicState& topic : table_.topics())
    kafka::add(*list, topic.name, {RD_KAFKA_PARTITION_UA});
  const auto err = rd_kafka_subscribe(client(), list.get());
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka::error_of(err, "source: cannot subscribe: " + kafka::words(err));
}

Status KafkaSource::assign_for_dry_run() {
  std::vector<TopicPartition> all;
  for (const TopicState& topic : table_.topics()) {
    for (int p = 0; p < static_cast<int>(topic.partitions.size()); ++p)
      all.push_back({topic.name, {p}});
  }
  auto offsets = offsets_of_start(client(), options_.start, all, options_.lookup_timeout);
  if (!offsets) return std::move(offsets).error().at("source");
  const kafka::ListHandle list = kafka::make_list(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    kafka::add(*list, all[i].topic, all[i].partition).offset = (*offsets)[i].value;
    table_.hold(all[i].topic, all[i].partition.value);
  }
  forward(*list);
  const auto err = rd_kafka_assign(client(), list.get());
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka::error_of(err, "source: cannot read: " + kafka::words(err));
  listener_->assigned(all);
  return {};
}

void KafkaSource::serve() {
  if (!opened_ || closed_) return;
  if (begin_anew_at_) wait_for_name();
  poll_events();
  if (!astray_.empty()) take_astray();
  tell_health();
  if ((commit_again_ || starts_pending_) && Steady::now() >= next_retry_) {
    next_retry_ = Steady::now() + Millis(1000);
    if (commit_again_) commit_again();
    if (starts_pending_) retry_pending_starts();
  }
  if (broker_assigns_ && Steady::now() >= look_at_) look_for_topics();
}

void KafkaSource::poll_events() {
  while (rd_kafka_message_t* m = rd_kafka_consumer_poll(client(), 0)) event(m);
}

// The consumer's own queue. Callbacks have been called already; what is left are errors.
void KafkaSource::event(rd_kafka_message_t* message) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return astray_.push_back(message);
  if (message->rkt != nullptr && message->partition >= 0) {
    partition_error(*message);
  } else if (message->err == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_error(rd_kafka_message_errstr(message));
  } else {
    std::string words = std::string("source: ") + rd_kafka_message_errstr(message);
    if (message->err == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)
      words +=
          "; expected another partition.assignment.strategy, one that the other members of "
          "group '" +
          options_.group + "' have too; got " + assignment_strategy(options_.kafka) +
          " (a static member has range where none is set, others cooperative-sticky); set the "
          "same one for all";
    Error error = kafka::error_of(message->err, std::move(words));
    const bool group_only = message->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    if (!(options_.dry_run && group_only)) tell(error);
  }
  rd_kafka_message_destroy(message);
}

// To librdkafka a poll of any queue is a sign of life; this one never holds anything that somebody could be called back for.
void KafkaSource::still_here() noexcept {
  rd_kafka_message_t* none = nullptr;
  const std::lock_guard lock(presence_mutex_);
  if (presence_) (void)rd_kafka_consume_batch_queue(presence_.get(), 0, &none, 1);
}

void KafkaSource::tell_health() {
  if (auto error = life_->health.take()) tell(*error);
}

// A trouble that passes is told once, until records flow again; librdkafka finds new words for it at every try, and those go
// to the log.
void KafkaSource::tell(const Error& error) {
  const bool passes = error.retry() != Retry::fatal;
  if (passes && std::find(told_.begin(), told_.end(), error.code()) != told_.end()) {
    return life_->log.from_client(6, "SOURCE", error.message());
  }
  if (passes) told_.push_back(error.code());
  listener_->source_error(error);
}

bool KafkaSource::ended() const noexcept {
  if (closed_) return true;
  if (!options_.dry_run || !opened_) return false;
  if (options_.dry_run->limit > 0 && delivered_ >= options_.dry_run->limit) return true;
  if (taken_begin_ < taken_.size()) return false;
  bool all = true;
  table_.for_each_held([&](const TopicState&, std::int32_t, const PartitionState& state) {
    all = all && state.at_end;
  });
  return all;
}

void KafkaSource::lag(std::vector<Lag>& out) const {
  table_.for_each_held(
      [&](const TopicState& topic, std::int32_t partition, const PartitionState& state) {
        Lag lag{{topic.name, {partition}}, -1};
        std::int64_t low = -1;
        std::int64_t high = -1;
        const auto err =
            rd_kafka_get_watermark_offsets(client(), topic.name.c_str(), partition, &low, &high);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0) {
          // The client's position also counts transaction markers, which are never delivered.
          const kafka::ListHandle list = kafka::make_list(1);
          auto& p = kafka::add(*list, topic.name, {partition});
          (void)rd_kafka_position(client(), list.get());
          const std::int64_t next = std::max({p.offset, state.next.value, low});
          lag.records = std::max<std::int64_t>(0, high - next);
        }
        out.push_back(std::move(lag));
      });
}

void KafkaSource::close() {
  if (closed_ || client() == nullptr) return;
  closing_ = true;
  if (opened_) {
    // A static member is not to leave: its place is kept for who comes again under its name.
    if (!holds_any() && instance().empty()) leave_without_partitions();
    const kafka::QueueHandle queue(rd_kafka_queue_new(client()));
    const auto until = Steady::now() + options_.close_timeout;
    const kafka::ErrorHandle failed(rd_kafka_consumer_close_queue(client(), queue.get()));
    // The last revocation is called back from here.
    while (!failed && rd_kafka_consumer_closed(client()) == 0 && Steady::now() < until) {
      rd_kafka_queue_poll_callback(queue.get(), 50);
    }
  }
  closed_ = true;
  table_.for_each_held([](const TopicState&, std::int32_t, const PartitionState& state) {
    const_cast<PartitionState&>(state).held = false;
  });
}

}  // namespace thalweg
