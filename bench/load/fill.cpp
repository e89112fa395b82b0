// fill: N records into a topic, as fast as the broker takes them.
//
// Record n goes to partition n mod P: every contestant finds the same records in the same partitions.
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "kafka.h"
#include "records.h"

namespace thalweg::bench {
namespace {

using Steady = std::chrono::steady_clock;

struct Options {
  std::string brokers;
  std::string topic;
  std::string file;
  std::uint64_t records = 0;
  std::size_t record_bytes = 0;
};

constexpr std::size_t batch = 1000;

void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail(std::string("fill: a record was not written: ") + rd_kafka_err2str(message->err));
}

kafka::ClientHandle make_producer(const std::string& brokers) {
  auto conf = make_conf(brokers, {{"acks", "all"},
                                  {"enable.idempotence", "true"},
                                  {"linger.ms", "20"},
                                  {"queue.buffering.max.messages", "200000"},
                                  {"queue.buffering.max.kbytes", "131072"}});
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

// Hands over messages [from, from + count) of a batch; returns how many were taken.
int hand_over(rd_kafka_topic_t* topic, std::span<rd_kafka_message_t> messages) {
  // The values stay mapped, so they are not copied; keys always are.
  const int taken = rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_PARTITION,
                                           messages.data(), static_cast<int>(messages.size()));
  for (const rd_kafka_message_t& m : messages) {
    if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR && m.err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
      fail(std::string("fill: ") + rd_kafka_err2str(m.err));
  }
  return taken;
}

class Filler {
 public:
  explicit Filler(const Options& o)
      : o_(o), records_(o.file, o.record_bytes), client_(make_producer(o.brokers)) {
    kafka::Admin admin = make_admin(o.brokers);
    partitions_ = partitions_of(admin, o.topic);
    topic_.reset(rd_kafka_topic_new(client_.get(), o.topic.c_str(), nullptr));
  }

  void run() {
    const auto began = Steady::now();
    auto say_at = began + std::chrono::seconds(2);
    for (std::uint64_t sequence = 0; sequence < o_.records; sequence += batch) {
      send(sequence, std::min<std::uint64_t>(batch, o_.records - sequence));
      if (Steady::now() < say_at) continue;
      say_at += std::chrono::seconds(2);
      std::fprintf(stderr, "fill: %s %lu of %lu\n", o_.topic.c_str(), sequence, o_.records);
    }
    if (rd_kafka_flush(client_.get(), 120000) != RD_KAFKA_RESP_ERR_NO_ERROR)
      fail("fill: the broker did not acknowledge every record in two minutes");
    const std::chrono::duration<double> took = Steady::now() - began;
    std::printf(R"({"topic":"%s","records":%lu,"partitions":%d,"seconds":%.3f})"
                "\n",
                o_.topic.c_str(), o_.records, partitions_, took.count());
    topic_.reset();
  }

 private:
  void send(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      rd_kafka_message_t& m = messages_[i];
      const std::string_view value = records_[first + i];
      write_key(first + i, &keys_[i * key_size]);
      m = {};
      m.partition =
          static_cast<std::int32_t>((first + i) % static_cast<std::uint64_t>(partitions_));
      m.payload = const_cast<char*>(value.data());
      m.len = value.size();
      m.key = &keys_[i * key_size];
      m.key_len = key_size;
    }
    std::span<rd_kafka_message_t> rest(messages_.data(), count);
    for (;;) {
      const int taken = hand_over(topic_.get(), rest);
      rd_kafka_poll(client_.get(), 0);
      if (static_cast<std::size_t>(taken) == rest.size()) return;
      rest = keep_refused(rest);
      rd_kafka_poll(client_.get(), 50);
    }
  }

  // The queue was full for some of them: those to the front, in order. Per partition the first refused is followed by refused
  // ones only if the queue stayed full, so records of one partition may change places; no contestant depends on that.
  static std::span<rd_kafka_message_t> keep_refused(std::span<rd_kafka_message_t> all) {
    std::size_t kept = 0;
    for (rd_kafka_message_t& m : all) {
      if (m.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      m.err = RD_KAFKA_RESP_ERR_NO_ERROR;
      all[kept++] = m;
    }
    return all.first(kept);
  }

  const Options& o_;
  Records records_;
  kafka::ClientHandle client_;
  kafka::TopicHandle topic_;
  int partitions_ = 0;
  std::array<rd_kafka_message_t, batch> messages_{};
  std::array<char, batch * key_size> keys_{};
};

}  // namespace

void add_fill_command(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("fill", "Writes records of a file to a topic");
  command->add_option("--brokers", o->brokers, "Bootstrap servers")
      ->envname("BENCH_BROKERS")
      ->required();
  command->add_option("topic", o->topic, "Topic; it exists")->required();
  command->add_option("--file", o->file, "Records, one a line")->required();
  command->add_option("--record-bytes", o->record_bytes, "Records of this size, not lines");
  command->add_option("--records", o->records, "How many; the file is repeated")->required();
  command->callback([o] { Filler(*o).run(); });
}

}  // namespace thalweg::bench
