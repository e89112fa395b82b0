// open-loop: latency at a fixed rate, each record timed from when it *should* have been sent.
//
// The schedule is fixed beforehand and never slows down: when the sender or the contestant is late, the records behind are late
// too, as they would be for the users of a stream. One thread sends, one reads the output; nothing is added to a value, a record is
// found again by its key.
//
//   1. probes until the contestant answers        {"event":"ready"}
//   2. a warm-up at the same rate, not counted    {"event":"measuring"}
//   3. the records that count                     {"event":"sent"}, then the result
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <memory>
#include <sys/prctl.h>
#include <thread>

#include "commands.h"
#include "kafka.h"
#include "quantiles.h"
#include "records.h"

namespace thalweg::bench {
namespace {

struct Options {
  std::string brokers;
  std::string in;
  std::string out;
  std::string file;
  std::size_t record_bytes = 0;
  double rate = 1000;
  double seconds = 10;
  double warm_up_seconds = 3;
  double ready_seconds = 120;
  double patience_seconds = 10;
};

constexpr std::uint64_t probe_bit = std::uint64_t{1}
                                    << 63;  // of a sequence number: not on the schedule
constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * second_ns + t.tv_nsec;
}
void sleep_until(std::int64_t ns) {
  const timespec t{ns / second_ns, ns % second_ns};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}
void say(const char* event) {
  std::printf(R"({"event":"%s","t":%.6f})"
              "\n",
              event, static_cast<double>(now_ns()) / 1e9);
  std::fflush(stdout);
}

// When each record is due. Read by both threads; set before the first record of it is sent.
struct Schedule {
  std::atomic<std::int64_t> began_ns{0};
  double interval_ns = 0;
  std::uint64_t warm_up = 0;  // records that do not count
  std::uint64_t all = 0;
  [[nodiscard]] std::int64_t due(std::uint64_t n) const noexcept {
    return began_ns.load(std::memory_order_relaxed) +
           static_cast<std::int64_t>(static_cast<double>(n) * interval_ns);
  }
};

class Receiver {
 public:
  Receiver(const Options& o, const Schedule& schedule, int partitions)
      : schedule_(schedule),
        client_(make_client(RD_KAFKA_CONSUMER,
                            make_conf(o.brokers, {{"group.id", "bench-open-loop"},
                                                  {"enable.auto.commit", "false"},
                                                  {"enable.auto.offset.store", "false"},
                                                  {"fetch.wait.max.ms", "100"},
                                                  {"fetch.queue.backoff.ms", "1"},
                                                  {"queued.max.messages.kbytes", "16384"}}))),
        latencies_(schedule.all - schedule.warm_up, std::numeric_limits<float>::quiet_NaN()) {
    // From the present end, found before anything is sent.
    const auto ends = end_offsets(client_.get(), o.out, partitions);
    const kafka::ListHandle list = kafka::make_list();
    for (int p = 0; p < partitions; ++p)
      kafka::add(*list, o.out, {p}).offset = ends[static_cast<std::size_t>(p)];
    rd_kafka_assign(client_.get(), list.get());
    queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
    thread_ = std::thread([this] { run(); });
  }
  ~Receiver() { stop(); }

  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] bool probe_came() const noexcept { return probed_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t twice() const noexcept { return twice_; }
  // While records were sent that count, also of those before them: what the contestant did under the load. What it caught up with
  // afterwards, nobody else wanting the machine, says nothing of that. After stop().
  [[nodiscard]] std::uint64_t answered() const noexcept { return answered_; }
  [[nodiscard]] double received_per_second() const noexcept {
    const auto span =
        static_cast<double>(schedule_.due(schedule_.all) - schedule_.due(schedule_.warm_up)) / 1e9;
    return span > 0 ? static_cast<double>(answered_) / span : 0;
  }
  // After stop().
  [[nodiscard]] std::vector<float>& latencies() noexcept { return latencies_; }

 private:
  void run() {
    rd_kafka_message_t* messages[256];
    while (!stop_) {
      // Blocks for the first, then takes what else is there.
      if (rd_kafka_message_t* first = rd_kafka_consumer_poll(client_.get(), 50)) take(first);
      const auto n = rd_kafka_consume_batch_queue(queue_.get(), 0, messages, std::size(messages));
      for (ssize_t i = 0; i < n; ++i) take(messages[i]);
    }
  }

  void take(rd_kafka_message_t* message) {
    std::uint64_t sequence = 0;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        read_key({static_cast<const char*>(message->key), message->key_len}, sequence))
      note(sequence);
    rd_kafka_message_destroy(message);
  }

  void note(std::uint64_t sequence) {
    if ((sequence & probe_bit) != 0) probed_ = true;
    if (sequence >= schedule_.all) return;
    const std::int64_t now = now_ns();
    if (now >= schedule_.due(schedule_.warm_up) && now < schedule_.due(schedule_.all)) ++answered_;
    if (sequence < schedule_.warm_up) return;
    float& latency = latencies_[sequence - schedule_.warm_up];
    if (!std::isnan(latency)) {
      ++twice_;
      return;
    }
    latency = static_cast<float>(now - schedule_.due(sequence)) / 1e6F;
    ++received_;
  }

  const Schedule& schedule_;
  kafka::ClientHandle client_;
  kafka::QueueHandle queue_;
  std::vector<float> latencies_;  // ms; NaN: not there yet. The thread's until it ended
  std::uint64_t answered_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<bool> probed_{false};
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> twice_{0};
  std::thread thread_;
};

class Sender {
 public:
  explicit Sender(const Options& o) : records_(o.file, o.record_bytes) {
    auto conf = make_conf(o.brokers, {{"acks", "all"},
                                      {"enable.idempotence", "true"},
                                      {"linger.ms", "0"},
                                      {"queue.buffering.max.messages", "1000000"}});
    rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
    rd_kafka_conf_set_opaque(conf.get(), this);
    client_ = make_client(RD_KAFKA_PRODUCER, std::move(conf));
    topic_.reset(rd_kafka_topic_new(client_.get(), o.in.c_str(), nullptr));
    kafka::Admin admin = make_admin(o.brokers);
    partitions_ = partitions_of(admin, o.in);
  }

  void send(std::uint64_t sequence) {
    char key[key_size];
    write_key(sequence, key);
    const std::string_view value = records_[sequence & ~probe_bit];
    const auto partition = static_cast<std::int32_t>((sequence & ~probe_bit) %
                                                     static_cast<std::uint64_t>(partitions_));
    while (rd_kafka_produce(topic_.get(), partition, 0, const_cast<char*>(value.data()),
                            value.size(), key, key_size, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        fail(std::string("open-loop: ") + rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(client_.get(), 1);
    }
  }
  void poll() { rd_kafka_poll(client_.get(), 0); }
  void finish() { (void)rd_kafka_flush(client_.get(), 10000); }
  // ms from hand-over to the broker's acknowledgement, of one in sixteen: tells a slow broker from a slow contestant.
  [[nodiscard]] std::vector<float>& acknowledged() noexcept { return acknowledged_; }

 private:
  static void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
    auto& self = *static_cast<Sender*>(opaque);
    if (self.reports_++ % 16 == 0)
      self.acknowledged_.push_back(static_cast<float>(rd_kafka_message_latency(message)) / 1e3F);
  }

  std::uint64_t reports_ = 0;
  std::vector<float> acknowledged_;
  Records records_;
  kafka::ClientHandle client_;
  kafka::TopicHandle topic_;
  int partitions_ = 0;
};

void print_percentiles(const char* name, std::vector<float>& values) {
  std::sort(values.begin(), values.end());
  if (values.empty()) {
    std::printf(R"("%s":null)", name);
    return;
  }
  std::printf(R"("%s":{"p50":%.4f,"p90":%.4f,"p99":%.4f,"p999":%.4f,"max":%.4f})", name,
              quantile(values, .5), quantile(values, .9), quantile(values, .99),
              quantile(values, .999), static_cast<double>(values.back()));
}

class OpenLoop {
 public:
  explicit OpenLoop(const Options& o) : o_(o), sender_(o) {
    const auto records = [&](double seconds) {
      return static_cast<std::uint64_t>(std::llround(seconds * o.rate));
    };
    schedule_.interval_ns = static_cast<double>(second_ns) / o.rate;
    schedule_.warm_up = records(o.warm_up_seconds);
    schedule_.all = schedule_.warm_up + records(o.seconds);
    lateness_.reserve(schedule_.all - schedule_.warm_up);
  }

  void run() {
    kafka::Admin admin = make_admin(o_.brokers);
    Receiver receiver(o_, schedule_, partitions_of(admin, o_.out));
    await_ready(receiver);
    send_all();
    const std::int64_t until = now_ns() + static_cast<std::int64_t>(o_.patience_seconds * 1e9);
    const std::uint64_t wanted = schedule_.all - schedule_.warm_up;
    while (receiver.received() < wanted && now_ns() < until) sleep_until(now_ns() + 10'000'000);
    receiver.stop();
    report(receiver, wanted);
  }

 private:
  void await_ready(const Receiver& receiver) {
    const std::int64_t until = now_ns() + static_cast<std::int64_t>(o_.ready_seconds * 1e9);
    for (std::uint64_t n = 0; !receiver.probe_came(); ++n) {
      if (now_ns() > until) fail("open-loop: the contestant answered none of the probes");
      sender_.send(probe_bit | n);
      sender_.poll();
      sleep_until(now_ns() + 100'000'000);
    }
    say("ready");
  }

  void send_all() {
    ::prctl(PR_SET_TIMERSLACK, 1000);
    schedule_.began_ns = now_ns() + 10'000'000;
    for (std::uint64_t n = 0; n < schedule_.all;) {
      sleep_until(schedule_.due(n));
      const std::int64_t now = now_ns();
      for (; n < schedule_.all && schedule_.due(n) <= now; ++n) {
        if (n == schedule_.warm_up) say("measuring");
        sender_.send(n);
        if (n >= schedule_.warm_up)
          lateness_.push_back(static_cast<float>(now_ns() - schedule_.due(n)) / 1e6F);
      }
      sender_.poll();
    }
    say("sent");
    sender_.finish();
  }

  void report(Receiver& receiver, std::uint64_t wanted) {
    std::erase_if(receiver.latencies(), [](float ms) { return std::isnan(ms); });
    const std::uint64_t received = receiver.latencies().size();
    std::printf(
        R"({"event":"result","rate":%.1f,"sent":%lu,"count":%lu,"lost":%lu,"twice":%lu,"answered":%lu,"received_per_second":%.1f,)",
        o_.rate, wanted, received, wanted - received, receiver.twice(), receiver.answered(),
        receiver.received_per_second());
    print_percentiles("latency_ms", receiver.latencies());
    std::printf(",");
    print_percentiles("late_ms", lateness_);
    std::printf(",");
    print_percentiles("acknowledged_ms", sender_.acknowledged());
    std::printf("}\n");
  }

  const Options& o_;
  Sender sender_;
  Schedule schedule_;
  std::vector<float> lateness_;  // ms between due and handed to the client
};

}  // namespace

void add_open_loop_command(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("open-loop", "Latency at a fixed rate");
  command->add_option("--brokers", o->brokers, "Bootstrap servers")
      ->envname("BENCH_BROKERS")
      ->required();
  command->add_option("in", o->in, "Topic the contestant reads")->required();
  command->add_option("out", o->out, "Topic it writes")->required();
  command->add_option("--file", o->file, "Records, one a line")->required();
  command->add_option("--record-bytes", o->record_bytes, "Records of this size, not lines");
  command->add_option("--rate", o->rate, "Records a second")->check(CLI::PositiveNumber);
  command->add_option("--seconds", o->seconds, "How long is measured")->capture_default_str();
  command->add_option("--warm-up", o->warm_up_seconds, "Seconds that do not count")
      ->capture_default_str();
  command->add_option("--ready", o->ready_seconds, "Most seconds until the first answer")
      ->capture_default_str();
  command->add_option("--patience", o->patience_seconds, "Seconds to wait for the last outputs")
      ->capture_default_str();
  command->callback([o] { OpenLoop(*o).run(); });
}

}  // namespace thalweg::bench
