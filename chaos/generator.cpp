#include "chaos/generator.h"

#include "chaos/clock.h"
#include "chaos/random.h"

namespace thalweg::chaos {
namespace {

constexpr int refused_per_mille = 10;
constexpr int broken_per_mille = 3;
constexpr Millis tick{10};
constexpr int waiting_max = 20'000;  // records that are not acknowledged yet
constexpr int lie_partition = 0;
constexpr std::int64_t lie_number = 500;

}  // namespace

Generator::Generator(const std::string& brokers, std::string topic, int partitions, int per_second,
                     Lie lie)
    : topic_(std::move(topic)),
      per_second_(per_second),
      lie_(lie),
      client_(bench::make_client(RD_KAFKA_PRODUCER,
                                 bench::make_conf(brokers, {{"enable.idempotence", "true"},
                                                            {"message.timeout.ms", "0"},
                                                            {"linger.ms", "5"},
                                                            {"reconnect.backoff.max.ms", "500"},
                                                            {"topic.metadata.refresh.interval.ms",
                                                             "1000"},  // sees added partitions
                                                            {"log_level", "0"}}))),
      partitions_(partitions),
      refused_(refused_per_mille),
      next_(partitions_max) {
  thread_ = std::thread([this] { serve(); });
}

Generator::~Generator() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

void Generator::add_partition() {
  partitions_.fetch_add(1);
}

Kind Generator::kind_of(int partition, std::int64_t number) {
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    for (int left = wanted_[kind].load(); left > 0;) {
      if (wanted_[kind].compare_exchange_weak(left, left - 1)) return static_cast<Kind>(kind);
    }
  }
  Random dice(static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(partition));
  const auto drawn = dice.between(0, 999);
  if (drawn < broken_per_mille) return Kind::broken;
  return drawn < broken_per_mille + refused_.load() ? Kind::refused : Kind::good;
}

void Generator::write(int partition) {
  auto& next = next_[static_cast<std::size_t>(partition)];
  const std::int64_t number = next.load();
  if (lie_ != Lie::none && partition == lie_partition && number == lie_number) {
    write_lie(partition, number);
    next.store(number + 2);
  } else if (send({partition, number, kind_of(partition, number)})) {
    next.store(number + 1);
  }
}

void Generator::write_lie(int partition, std::int64_t number) {
  const Record record{partition, number, Kind::good}, successor{partition, number + 1, Kind::good};
  if (lie_ == Lie::repeated) send(record), send(record);
  send(successor);
  if (lie_ == Lie::order) send(record);
}

bool Generator::send(const Record& record) {
  const int partition = record.partition;
  const std::string value = value_of(record), header = header_of(record);
  const std::string key = std::to_string(partition);  // one key: its outputs stay in one partition
  while (rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()),
                           RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key.data(), key.size()),
                           RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                           RD_KAFKA_V_HEADER(header_name.data(), header.data(),
                                             static_cast<ssize_t>(header.size())),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END) != 0) {
    if (stop_.load()) return false;
    rd_kafka_poll(client_.get(), 50);  // its queue is full, or it does not know the partition yet
  }
  return true;
}

void Generator::serve() {
  TimePoint last = now();
  double due = 0;
  int turn = 0;
  while (!stop_.load()) {
    const TimePoint at = now();
    due += per_second_ * seconds(at - last);
    last = at;
    if (rd_kafka_outq_len(client_.get()) > waiting_max) due = 0;
    for (; due >= 1; due -= 1) write(turn++ % partitions_.load());
    rd_kafka_poll(client_.get(), static_cast<int>(tick.count()));
  }
}

void Generator::finish() {
  stop_.store(true);
  thread_.join();
  if (rd_kafka_flush(client_.get(), 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    bench::fail("generator: expected the broker to take all records; it did not within 120 s");
}

std::vector<std::int64_t> Generator::next() const {
  std::vector<std::int64_t> all;
  for (int p = 0; p < partitions_.load(); ++p)
    all.push_back(next_[static_cast<std::size_t>(p)].load());
  return all;
}

std::int64_t Generator::written() const {
  std::int64_t all = 0;
  for (const std::int64_t n : next()) all += n;
  return all;
}

}  // namespace thalweg::chaos
