// What Kafka alone costs us: records of 200 bytes from one topic to another through KafkaSource and KafkaSink, at least once,
// with no decoding in between. CPU is the whole process's, librdkafka's threads included; the broker is another process.
//
//   script/kafka run -- build/bench/bench_echo_bench [records]      needs THALWEG_TEST_KAFKA
//
// Prints: consume only, then echo, each in µs of CPU and of wall time per record, with the number of batches.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/must.h"
#include "kafka/admin.h"
#include "sink/kafka_sink.h"
#include "source/kafka_source.h"

namespace {

using namespace thalweg;
using bench::must;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

double cpu_seconds() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  const auto s = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return s(r.ru_utime) + s(r.ru_stime);
}

class EventFd final : public Waker {
 public:
  void wake() noexcept override { ::eventfd_write(fd_, 1); }
  [[nodiscard]] int fd() const noexcept override { return fd_; }
  void wait() const {
    eventfd_t n = 0;
    ::eventfd_read(fd_, &n);
  }

 private:
  int fd_ = ::eventfd(0, 0);
};

class Listener final : public SourceListener {
 public:
  void assigned(std::span<const TopicPartition> /*p*/) override {}
  void revoked(std::span<const TopicPartition> /*p*/) override {}
  void lost(std::span<const TopicPartition> /*p*/) override {}
  void source_error(const Error& e) override { std::fprintf(stderr, "%s\n", e.message().c_str()); }
};

// A batch that waits for its acknowledgements.
struct Flight final : DeliveryListener {
  void delivered(OutputRecord& /*output*/, const Error* failure) noexcept override {
    if (failure != nullptr) std::abort();
    --open;
  }
  Batch batch;
  std::size_t open = 0;
};

struct Setup {
  kafka::Config config;
  std::string in;
  std::string out;
};

KafkaSourceOptions source_options(const Setup& setup, const std::string& group) {
  KafkaSourceOptions o;
  o.kafka = setup.config;
  o.topics = {setup.in};
  o.group = group;
  return o;
}

KafkaSinkOptions sink_options(const Setup& setup) {
  KafkaSinkOptions o;
  o.kafka = setup.config;
  return o;
}

void fill(const Setup& setup, std::size_t records) {
  auto sink = must(KafkaSink::make(sink_options(setup)));
  const std::uint16_t target = must(sink->add_target(setup.in));
  const std::string value(200, 'x');
  Flight flight;
  OutputRecord o;
  o.target = target;
  o.value = value;
  o.listener = &flight;
  flight.open = records;
  const double began = cpu_seconds();
  for (std::size_t i = 0; i < records; ++i) {
    while (!sink->send(o)) (void)sink->poll();
  }
  must(sink->flush(60s));
  std::printf("produce  %6.2f µs CPU per record\n",
              (cpu_seconds() - began) / static_cast<double>(records) * 1e6);
}

void report(const char* what, double cpu, Steady::duration wall, std::size_t records,
            std::size_t batches) {
  const double n = static_cast<double>(records);
  std::printf("%s  %6.2f µs CPU, %6.2f µs wall per record, %zu batches\n", what, cpu / n * 1e6,
              std::chrono::duration<double, std::micro>(wall).count() / n, batches);
}

void consume(const Setup& setup, std::size_t records) {
  EventFd waker;
  Listener listener;
  KafkaSource source(source_options(setup, setup.in + "-consume"));
  must(source.open(waker, listener));
  Batch batch;
  std::size_t read = 0;
  std::size_t batches = 0;
  double cpu = 0;
  Steady::time_point began;
  while (read < records) {
    source.serve();
    batch.reset();
    const std::size_t n = source.drain(batch, {.records = 4096});
    if (n == 0) {
      waker.wait();
      continue;
    }
    if (batches++ == 0)
      cpu = cpu_seconds(), began = Steady::now();  // joining the group is not what we measure
    read += n;
  }
  report("consume", cpu_seconds() - cpu, Steady::now() - began, records, batches);
}

void echo(const Setup& setup, std::size_t records) {
  EventFd waker;
  Listener listener;
  auto sink = must(KafkaSink::make(sink_options(setup)));
  const std::uint16_t target = must(sink->add_target(setup.out));
  KafkaSource source(source_options(setup, setup.in + "-echo"));
  must(source.open(waker, listener));
  std::deque<std::unique_ptr<Flight>> flying;
  std::vector<std::unique_ptr<Flight>> pool;
  std::map<TopicPartition, Offset> next;
  std::size_t read = 0;
  std::size_t batches = 0;
  double cpu = 0;
  Steady::time_point began;
  auto commit_at = Steady::now();
  const auto commit = [&](bool wait) {
    std::vector<TopicPartitionOffset> offsets;
    for (const auto& [at, offset] : next) offsets.push_back({at, offset});
    must(source.commit(offsets, wait));
  };
  while (read < records || !flying.empty()) {
    source.serve();
    (void)sink->poll();
    while (!flying.empty() && flying.front()->open == 0) {
      Batch& done = flying.front()->batch;
      for (std::size_t i = 0; i < done.size(); ++i) {
        // The last record of each run of a partition is enough.
        if (i + 1 < done.size() && done.record(i + 1).partition == done.record(i).partition)
          continue;
        next[{setup.in, done.record(i).partition}] = done.record(i).offset.next();
      }
      done.reset();
      pool.push_back(std::move(flying.front()));
      flying.pop_front();
    }
    if (Steady::now() >= commit_at) {
      commit(false);
      commit_at = Steady::now() + 1s;
    }
    if (pool.empty()) pool.push_back(std::make_unique<Flight>());
    Flight& flight = *pool.back();
    const std::size_t n = source.drain(flight.batch, {.records = 4096});
    if (n == 0) {
      if (flying.empty()) waker.wait();
      continue;
    }
    if (batches++ == 0) cpu = cpu_seconds(), began = Steady::now();
    read += n;
    flight.open = n;
    auto& outputs = flight.batch.outputs();
    outputs.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const SourceRecord& r = flight.batch.record(i);
      outputs[i].target = target;
      outputs[i].key = r.key;
      outputs[i].value = r.value;
      outputs[i].timestamp = r.timestamp;
      outputs[i].input_headers = flight.batch.headers_of(i);
      outputs[i].listener = &flight;
      while (!sink->send(outputs[i])) (void)sink->poll();
    }
    flying.push_back(std::move(pool.back()));
    pool.pop_back();
  }
  commit(true);
  report("echo    ", cpu_seconds() - cpu, Steady::now() - began, records, batches);
}

}  // namespace

int main(int argc, char** argv) {
  const char* brokers = std::getenv("THALWEG_TEST_KAFKA");
  if (brokers == nullptr) {
    std::fprintf(
        stderr,
        "echo_bench: THALWEG_TEST_KAFKA names no broker; run it through: script/kafka run -- %s\n",
        argv[0]);
    return 2;
  }
  const std::size_t records = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::string run = std::to_string(std::random_device{}());
  kafka::Pairs pairs{{"bootstrap.servers", brokers}};
  for (int i = 2; i + 1 < argc; i += 2)
    pairs.emplace_back(argv[i], argv[i + 1]);  // more properties, to compare
  const Setup setup{must(kafka::make_config(pairs)), "echo-in-" + run, "echo-out-" + run};
  kafka::Admin admin = must(kafka::Admin::make(setup.config));
  for (const std::string& topic : {setup.in, setup.out}) must(admin.create({topic, 4, 1, {}}, 30s));
  fill(setup, records);
  consume(setup, records);
  echo(setup, records);
  return 0;
}
