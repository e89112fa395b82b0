#include "cli/topic_reader.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "kafka/errors.h"
#include "source/start_offsets.h"

namespace thalweg::cli {
namespace {

using kafka::Millis;
using kafka::Role;

const kafka::LogSink silent = [](kafka::LogLevel, std::string_view) {};

Error unread(const std::string& topic, rd_kafka_resp_err_t err) {
  return kafka::error_of(
      err, fmt::format("topic '{}': expected to read it; got {}", topic, kafka::words(err)));
}

struct DestroyMessage {
  void operator()(rd_kafka_message_t* m) const noexcept { rd_kafka_message_destroy(m); }
};

}  // namespace

TopicReader::TopicReader(const kafka::Config& config, std::string topic, const std::string& name,
                         Millis timeout)
    : config_(config),
      topic_(std::move(topic)),
      group_("thalweg-" + name),
      timeout_(timeout),
      context_(config.brokers(), silent) {}

TopicReader::~TopicReader() {
  if (client_) rd_kafka_consumer_close(client_.get());
}

Status TopicReader::open() {
  auto admin = kafka::Admin::make(config_, silent);
  if (!admin) return std::move(admin).error();
  auto info = admin->topic(topic_, timeout_);
  if (!info) return std::move(info).error();
  if (!*info)
    return kafka::topic_missing_error(admin->client(), topic_, config_.brokers(),
                                      "Was anything ever written there?");
  partitions_ = (*info)->partitions;
  std::vector<TopicPartition> places;
  for (int p = 0; p < partitions_; ++p) places.push_back({topic_, {p}});
  auto found = ranges(admin->client(), places);
  if (!found) return std::move(found).error();
  const kafka::ListHandle list = kafka::make_list(places.size());
  for (std::size_t p = 0; p < places.size(); ++p) {
    const auto [low, high] = (*found)[p];
    ends_.push_back(high);
    if (low >= high) continue;
    kafka::add(*list, topic_, places[p].partition).offset = low.value;
    offsets_ += high.value - low.value;
    ++open_;
  }
  return assign(*list);
}

void TopicReader::between(const TopicPlace& from, const TopicPlace& to) {
  from_ = from;
  to_ = to;
}

// What there is, and of that what was asked for.
Result<std::vector<kafka::OffsetRange>> TopicReader::ranges(
    rd_kafka_t* client, const std::vector<TopicPartition>& places) const {
  auto all = kafka::offset_ranges(client, places, timeout_);
  if (!all) return all;
  const auto cut = [&](const TopicPlace& place, const auto& put) -> Status {
    if (place.kind == TopicPlace::Kind::edge) return {};
    std::vector<Offset> offsets(places.size(), Offset{place.value});
    if (place.kind == TopicPlace::Kind::time) {
      auto found = offsets_of_start(client, {Start::Kind::time, {place.value}}, places, timeout_);
      if (!found) return std::move(found).error();
      offsets = std::move(found).value();
    }
    for (std::size_t p = 0; p < places.size(); ++p) put((*all)[p], offsets[p]);
    return {};
  };
  Status done = cut(from_, [](kafka::OffsetRange& r, Offset o) { r.low = std::max(r.low, o); });
  if (done) done = cut(to_, [](kafka::OffsetRange& r, Offset o) { r.high = std::min(r.high, o); });
  if (!done) return std::move(done).error();
  return all;
}

Status TopicReader::read(const std::function<bool(const rd_kafka_message_t&)>& take) {
  std::vector<bool> done(ends_.size());
  while (open_ > 0) {
    const std::unique_ptr<rd_kafka_message_t, DestroyMessage> m(
        rd_kafka_consumer_poll(client_.get(), static_cast<int>(timeout_.count())));
    if (!m)
      return Error(Code::timed_out,
                   fmt::format("topic '{}': expected to read it to its end; nothing came within "
                               "{} s; raise --timeout, or is a transaction open?",
                               topic_, timeout_.count() / 1000));
    const bool ended = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && !ended) {
      if (kafka::error_of(m->err, "").retry() == Retry::backoff) continue;
      return unread(topic_, m->err);
    }
    const auto p = static_cast<std::size_t>(m->partition);
    if (done[p]) continue;
    const bool within = !ended && m->offset < ends_[p].value;
    if (within && !take(*m)) return {};
    if (!within || m->offset + 1 >= ends_[p].value) {
      done[p] = true;
      --open_;
    }
  }
  return {};
}

Status TopicReader::assign(const rd_kafka_topic_partition_list_t& list) {
  auto conf =
      kafka::make_conf(config_, Role::consumer, {{"group.id", group_}, {"fetch.wait.max.ms", "50"}},
                       {{"enable.auto.commit", "false"},
                        {"enable.auto.offset.store", "false"},
                        {"enable.partition.eof", "true"},
                        {"isolation.level", "read_committed"},
                        {"auto.offset.reset", "earliest"}});
  if (!conf) return std::move(conf).error();
  auto client = kafka::make_client(Role::consumer, *std::move(conf), context_);
  if (!client) return std::move(client).error();
  client_ = *std::move(client);
  rd_kafka_poll_set_consumer(client_.get());
  const auto err = rd_kafka_assign(client_.get(), &list);
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) return unread(topic_, err);
  return {};
}

}  // namespace thalweg::cli
