// echo: the ceiling of the transport. Bare librdkafka from topic to topic, doing what every contestant must: the key and the
// timestamp kept, one `thalweg` header of the usual size, at-least-once commits. Nothing of Thalweg's engine is in it.
//
// Written as well as we know how: one thread a worker; messages are taken as many at a time as there are; it sleeps on one eventfd; a
// payload above 1 KB goes out from the memory it came in. Values out have the size that the workload's have.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

#include "commands.h"
#include "kafka.h"

namespace thalweg::bench {
namespace {

using Steady = std::chrono::steady_clock;

struct Options {
  std::string brokers;
  std::string in;
  std::string out;
  std::string group;
  std::string workload = "tabular";
  int workers = 1;
  int linger_ms = 1;
  std::int64_t output_bytes = -1;
};

constexpr std::uint64_t one = 1;
constexpr std::size_t copy_below =
    1024;  // copying less costs less than keeping it until the broker answered
constexpr std::chrono::seconds commit_interval{1};
constexpr std::string_view header = "id=bench-tabular-1-1234567,model=tabular,version=1";

std::atomic<bool> stopping{false};

// Bytes of a value out; 0: what came in. Those of bench/README.md.
std::size_t output_bytes(const Options& o) {
  if (o.output_bytes >= 0) return static_cast<std::size_t>(o.output_bytes);
  if (o.workload == "tabular") return 64;
  if (o.workload == "image" || o.workload == "image-raw") return 128;
  return 0;
}

// What was taken at once, until it is acknowledged.
struct Batch {
  std::size_t open = 0;                       // outputs not acknowledged
  std::vector<rd_kafka_message_t*> kept;      // inputs whose memory the outputs use
  std::map<std::int32_t, std::int64_t> next;  // the offsets that may then be committed
};

class EchoWorker {
 public:
  explicit EchoWorker(const Options& o) : o_(o), bytes_(output_bytes(o)), value_(bytes_, 'x') {
    woken_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    make_producer();
    make_consumer();
  }
  ~EchoWorker() { ::close(woken_); }

  void run() {
    const kafka::ListHandle topics = kafka::make_list(1);
    kafka::add(*topics, o_.in, {RD_KAFKA_PARTITION_UA});
    if (const auto err = rd_kafka_subscribe(consumer_.get(), topics.get()))
      fail(rd_kafka_err2str(err));
    while (!stopping) {
      const bool worked = take();
      rd_kafka_poll(producer_.get(), 0);
      finish_batches();
      if (Steady::now() >= commit_at_) commit(true);
      if (!worked) doze();
    }
    finish_all();
    rd_kafka_consumer_close(consumer_.get());
    queue_.reset();
    topic_.reset();
  }

 private:
  void make_producer() {
    auto conf = make_conf(o_.brokers, {{"acks", "all"},
                                       {"enable.idempotence", "true"},
                                       {"message.timeout.ms", "0"},
                                       {"partitioner", "murmur2_random"},
                                       {"linger.ms", std::to_string(o_.linger_ms)},
                                       {"queue.buffering.max.kbytes", "65536"},
                                       {"queue.buffering.max.messages", "500000"}});
    rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
    producer_ = make_client(RD_KAFKA_PRODUCER, std::move(conf));
    topic_.reset(rd_kafka_topic_new(producer_.get(), o_.out.c_str(), nullptr));
  }

  void make_consumer() {
    auto conf = make_conf(o_.brokers, {{"group.id", o_.group},
                                       {"enable.auto.commit", "false"},
                                       {"enable.auto.offset.store", "false"},
                                       {"auto.offset.reset", "earliest"},
                                       // As Thalweg's source has them: more fell out of the cache.
                                       {"queued.min.messages", "10000"},
                                       {"queued.max.messages.kbytes", "4096"},
                                       {"fetch.queue.backoff.ms", "1"}});
    rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
    rd_kafka_conf_set_opaque(conf.get(), this);
    consumer_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
    rd_kafka_poll_set_consumer(consumer_.get());
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
    rd_kafka_queue_io_event_enable(queue_.get(), woken_, &one, sizeof one);
  }

  static void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* /*o*/) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      fail(std::string("echo: an output was not written: ") + rd_kafka_err2str(message->err));
    --static_cast<Batch*>(message->_private)->open;
  }

  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t err,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque) {
    auto& self = *static_cast<EchoWorker*>(opaque);
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      rd_kafka_assign(client, partitions);
      return;
    }
    // What they gave us is finished and committed before they go.
    if (rd_kafka_assignment_lost(client) == 0) self.finish_all();
    self.next_.clear();
    rd_kafka_assign(client, nullptr);
  }

  // Takes what has arrived and sends it on. False: nothing had.
  bool take() {
    eventfd_t count = 0;
    (void)::eventfd_read(woken_,
                         &count);  // emptied first: what comes later makes it readable again
    rd_kafka_message_t* messages[1024];
    const auto n = rd_kafka_consume_batch_queue(queue_.get(), 0, messages, std::size(messages));
    if (n <= 0) return false;
    if (pool_.empty()) pool_.push_back(std::make_unique<Batch>());
    flying_.push_back(std::move(pool_.back()));
    pool_.pop_back();
    Batch& batch = *flying_.back();
    for (ssize_t i = 0; i < n; ++i) echo(messages[i], batch);
    return true;
  }

  void echo(rd_kafka_message_t* message, Batch& batch) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::fprintf(stderr, "echo: %s\n", rd_kafka_message_errstr(message));
      rd_kafka_message_destroy(message);
      return;
    }
    const bool keep = bytes_ == 0 && message->len >= copy_below;
    batch.next[message->partition] = message->offset + 1;
    ++batch.open;
    send(*message, batch, keep);
    if (keep) {
      batch.kept.push_back(message);
    } else {
      rd_kafka_message_destroy(message);
    }
  }

  void send(const rd_kafka_message_t& in, Batch& batch, bool keep) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "thalweg", 7, header.data(), static_cast<ssize_t>(header.size()));
    void* const value = bytes_ == 0 ? in.payload : value_.data();
    const std::size_t size = bytes_ == 0 ? in.len : bytes_;
    rd_kafka_timestamp_type_t type{};
    const std::int64_t timestamp = rd_kafka_message_timestamp(&in, &type);
    rd_kafka_vu_t vus[7];
    vus[0].vtype = RD_KAFKA_VTYPE_RKT, vus[0].u.rkt = topic_.get();
    vus[1].vtype = RD_KAFKA_VTYPE_VALUE, vus[1].u.mem = {value, size};
    vus[2].vtype = RD_KAFKA_VTYPE_KEY, vus[2].u.mem = {in.key, in.key_len};
    vus[3].vtype = RD_KAFKA_VTYPE_OPAQUE, vus[3].u.ptr = &batch;
    vus[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS, vus[4].u.i = keep ? 0 : RD_KAFKA_MSG_F_COPY;
    vus[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP, vus[5].u.i64 = timestamp;
    vus[6].vtype = RD_KAFKA_VTYPE_HEADERS, vus[6].u.headers = headers;
    for (;;) {
      const kafka::ErrorHandle failed(rd_kafka_produceva(producer_.get(), vus, std::size(vus)));
      if (!failed) return;
      if (rd_kafka_error_code(failed.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        fail(std::string("echo: ") + rd_kafka_error_string(failed.get()));
      rd_kafka_poll(producer_.get(), 10);
    }
  }

  // In the order they were taken: what is committed is what every record before it was acknowledged for.
  void finish_batches() {
    while (!flying_.empty() && flying_.front()->open == 0) {
      Batch& done = *flying_.front();
      for (const auto& [partition, offset] : done.next) next_[partition] = offset;
      done.next.clear();
      for (rd_kafka_message_t* message : done.kept) rd_kafka_message_destroy(message);
      done.kept.clear();
      pool_.push_back(std::move(flying_.front()));
      flying_.pop_front();
    }
  }

  void commit(bool in_background) {
    commit_at_ = Steady::now() + commit_interval;
    if (next_.empty()) return;
    const kafka::ListHandle list = kafka::make_list(next_.size());
    for (const auto& [partition, offset] : next_)
      kafka::add(*list, o_.in, {partition}).offset = offset;
    next_.clear();
    const auto err = rd_kafka_commit(consumer_.get(), list.get(), in_background ? 1 : 0);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
      std::fprintf(stderr, "echo: commit: %s\n", rd_kafka_err2str(err));
  }

  void finish_all() {
    rd_kafka_flush(producer_.get(), 10000);
    finish_batches();
    commit(false);
  }

  void doze() const {
    const bool pending = !flying_.empty() || !next_.empty();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(commit_at_ - Steady::now());
    pollfd fd{woken_, POLLIN, 0};
    (void)::poll(&fd, 1, pending ? std::max<int>(1, static_cast<int>(left.count())) : 200);
  }

  const Options& o_;
  const std::size_t bytes_;
  std::string value_;
  int woken_ = -1;
  std::deque<std::unique_ptr<Batch>> flying_;
  std::vector<std::unique_ptr<Batch>> pool_;
  std::map<std::int32_t, std::int64_t> next_;  // acknowledged, not committed
  Steady::time_point commit_at_ = Steady::now() + commit_interval;
  kafka::ClientHandle producer_;
  kafka::TopicHandle topic_;
  kafka::ClientHandle consumer_;
  kafka::QueueHandle queue_;
};

void stop(int /*signal*/) {
  stopping = true;
}

void run(const Options& o) {
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  std::vector<std::thread> others;
  for (int i = 1; i < o.workers; ++i) others.emplace_back([&o] { EchoWorker(o).run(); });
  EchoWorker(o).run();
  for (std::thread& other : others) other.join();
}

}  // namespace

void add_echo_command(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("echo", "A contestant: bare librdkafka");
  const auto order = [&](const char* name, auto& value, const char* env, const char* what) {
    return command->add_option(name, value, what)->envname(env);
  };
  order("--brokers", o->brokers, "BENCH_BROKERS", "Bootstrap servers")->required();
  order("--input", o->in, "BENCH_INPUT", "Topic to read")->required();
  order("--output", o->out, "BENCH_OUTPUT", "Topic to write")->required();
  order("--group", o->group, "BENCH_GROUP", "Consumer group")->required();
  order("--workload", o->workload, "BENCH_WORKLOAD", "Decides the size of a value out");
  order("--workers", o->workers, "BENCH_WORKERS", "Threads");
  order("--linger-ms", o->linger_ms, "BENCH_ECHO_LINGER_MS", "linger.ms of the producer")
      ->capture_default_str();
  command->add_option("--output-bytes", o->output_bytes, "Size of a value out; 0: as it came in");
  command->callback([o] { run(*o); });
}

}  // namespace thalweg::bench
