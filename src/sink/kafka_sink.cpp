// The producer: messages out, acknowledgements back.
#include "sink/kafka_sink.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "kafka/errors.h"
#include "sink/kafka_producer.h"
#include "sink/kafka_refusals.h"
#include "sink/size_limits.h"

namespace thalweg {
namespace {

using kafka::Role;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr Millis again_after{100};

thread_local std::size_t told_here = 0;  // by the poll() of this thread

}  // namespace

KafkaSink::KafkaSink(KafkaSinkOptions options)
    : ClientContext(options.kafka.brokers(Role::producer), options.log),
      options_(std::move(options)) {}

Result<std::unique_ptr<KafkaSink>> KafkaSink::make(KafkaSinkOptions options) {
  std::unique_ptr<KafkaSink> sink(new KafkaSink(std::move(options)));
  if (Status s = sink->open(); !s) return std::move(s).error();
  return sink;
}

Status KafkaSink::open() {
  eventfd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (eventfd_ < 0)
    return Error(Code::io_failed,
                 std::string("sink: expected an eventfd; got ") + std::strerror(errno));
  batch_bytes_ = static_cast<std::size_t>(batch_bytes_of(options_.kafka));
  return connect();
}

ProducerEnds KafkaSink::producer_ends() noexcept {
  return {*this, eventfd_, on_delivery, refusal_words_};
}

Status KafkaSink::connect() {
  auto client = make_producer(options_, Batching::many, producer_ends());
  if (!client) return std::move(client).error();
  client_ = *std::move(client);
  const std::scoped_lock lock(targets_mutex_);
  for (std::size_t i = 0; i < target_names_.size(); ++i)
    targets_[i].reset(rd_kafka_topic_new(client_.get(), target_names_[i].c_str(), nullptr));
  return {};
}

void KafkaSink::disconnect() {
  if (!client_) return;
  abandon();
  forget_eventfd(client_.get());
  targets_ = {};
  client_.reset();
  if (!single_owner_) refusal_words_.forget();
}

void KafkaSink::abandon() {
  const auto purge = [](rd_kafka_t* client) {
    if (client == nullptr) return;
    rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    // Calls back for each. A batch in flight comes back only when its request does, or the connection is given up.
    for (int i = 0; i < 100 && rd_kafka_outq_len(client) > 0; ++i)
      (void)rd_kafka_flush(client, 100);
  };
  purge(client_.get());
  purge(single_.load(std::memory_order_acquire));
  const Error stopped(Code::stopped, "the output was not acknowledged before the end");
  const std::scoped_lock lock(again_mutex_);
  for (const Again& a : again_) tell(*a.output, &stopped);
  again_.clear();
  again_count_.store(0, std::memory_order_relaxed);
}

KafkaSink::~KafkaSink() {
  disconnect();
  if (single_owner_) forget_eventfd(single_owner_.get());
  single_owner_.reset();
  if (eventfd_ >= 0) ::close(eventfd_);
}

// --- targets ---------------------------------------------------------------------------------------------------

void KafkaSink::allow_creation(const kafka::TopicSpec& spec) {
  const std::scoped_lock lock(targets_mutex_);
  creations_.push_back(spec);
}

// A look that is only a precaution must not hold up the start.
static constexpr std::chrono::milliseconds setting_timeout{1000};

Result<std::uint16_t> KafkaSink::add_target(const std::string& topic) {
  const std::scoped_lock lock(targets_mutex_);
  const auto it = std::find(target_names_.begin(), target_names_.end(), topic);
  if (it != target_names_.end()) return static_cast<std::uint16_t>(it - target_names_.begin());
  if (target_names_.size() == targets_max) {
    return Error(Code::config_invalid,
                 "sink: expected at most " + std::to_string(targets_max) + " output topics");
  }
  if (Status s = find_or_create(topic); !s) return std::move(s).error().at("sink");
  if (Status s = check_limits(topic); !s) return std::move(s).error().at("sink");
  kafka::TopicHandle handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  if (!handle)
    return kafka::error_of(rd_kafka_last_error(), "sink: topic '" + topic + "': cannot be written");
  targets_[target_names_.size()] = std::move(handle);
  if (target_names_.empty()) ask_for_producer_id(topic);
  target_names_.push_back(topic);
  return static_cast<std::uint16_t>(target_names_.size() - 1);
}

// librdkafka asks for its producer id whenever metadata comes, if a connection by a broker's own name stands by then. The first
// answer often comes earlier, by the bootstrap address; the next try would be half a second later, and no output goes before. By
// now, the topic's settings have been asked for, so that connection stands; where they were not, the leader is asked for something
// else. What this answer says was looked at before.
void KafkaSink::ask_for_producer_id(const std::string& topic) {
  if (!options_.transactional_id.empty())
    return;  // has a connection of its own, to its coordinator
  std::int64_t first = 0, end = 0;
  if (is_mock())
    (void)rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), 0, &first, &end,
                                           static_cast<int>(setting_timeout.count()));
  (void)kafka::topic_info(client_.get(), health, topic, setting_timeout);
}

Status KafkaSink::find_or_create(const std::string& topic) {
  auto info = kafka::await_topic(
      client_.get(), health, topic, options_.topic_timeout,
      [&] { rd_kafka_poll(client_.get(), 0); }, options_.stop);
  if (!info) return std::move(info).error();
  if (*info) return {};
  auto spec = options_.create_missing;
  for (const kafka::TopicSpec& own : creations_) {
    if (own.name == topic) spec = own;
  }
  if (!spec) {
    return kafka::topic_missing_error(client_.get(), topic, options_.kafka.brokers(Role::producer),
                                      "Create it, or set create_topics.");
  }
  spec->name = topic;
  log.say(kafka::LogLevel::info, "creating topic '" + topic + "'");
  return kafka::create_topic(client_.get(), *spec, options_.topic_timeout);
}

bool KafkaSink::is_mock() const {
  char* id = rd_kafka_clusterid(client_.get(), 0);
  const bool mock = id != nullptr && std::string_view(id).starts_with("mockCluster");
  if (id != nullptr) rd_kafka_mem_free(client_.get(), id);
  return mock;
}

Status KafkaSink::check_limits(const std::string& topic) {
  // librdkafka's mock brokers cannot be asked, and would only cost the time.
  if (is_mock() || settings_hidden_) return {};
  const auto limit = topic_message_bytes(client_.get(), topic, setting_timeout);
  settings_hidden_ = !limit;  // most topics have the default, which fits; else see go_single
  return limit ? check_batch_size(options_.kafka, topic, *limit) : Status{};
}

// --- the way of an output --------------------------------------------------------------------------------------

rd_kafka_resp_err_t KafkaSink::produce(OutputRecord& output) {
  rd_kafka_topic_t* topic = targets_[output.target].get();
  const bool single = single_targets_[output.target].load(std::memory_order_acquire);
  queued_bytes_.fetch_add(payload_size(output),
                          std::memory_order_relaxed);  // before: the report may overtake us
  const auto err = single ? produce_output(single_.load(std::memory_order_acquire), nullptr,
                                           rd_kafka_topic_name(topic), output)
                          : produce_output(client_.get(), topic, nullptr, output);
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
    queued_bytes_.fetch_sub(payload_size(output), std::memory_order_relaxed);
  return err;
}

Status KafkaSink::send(OutputRecord& output) {
  const rd_kafka_resp_err_t err = produce(output);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return Error(Code::queue_full, "sink: the producer's queue is full");
  return refused_here(err, topic_of(output), output, limit_bytes());
}

std::int64_t KafkaSink::limit_bytes() const {
  return producer_limits(options_.kafka, options_.value_bytes_max).message_bytes;
}

const char* KafkaSink::topic_of(const OutputRecord& output) const {
  return rd_kafka_topic_name(targets_[output.target].get());
}

void KafkaSink::on_delivery(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque) {
  auto& self = *static_cast<KafkaSink*>(static_cast<kafka::ClientContext*>(opaque));
  const bool single = rk == self.single_.load(std::memory_order_acquire);
  self.delivered(*static_cast<OutputRecord*>(message->_private), message->err, single);
}

void KafkaSink::delivered(OutputRecord& output, rd_kafka_resp_err_t err, bool single) {
  queued_bytes_.fetch_sub(payload_size(output), std::memory_order_relaxed);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    health.answered();
    return tell(output, nullptr);
  }
  const std::string words = refusal_words_.take(&output);
  not_delivered(output, true_error(err, words), words, single);
}

void KafkaSink::not_delivered(OutputRecord& output, rd_kafka_resp_err_t err,
                              const std::string& words, bool single) {
  // What is as large as a batch may be stood in one alone.
  const bool company = !single && size_with_headers(output) < batch_bytes_;
  if (company && kafka::refused_for_size(err) && go_single(output)) return again(output, Millis(0));
  const Error error = refused_there(err, topic_of(output), output, words);
  if (error.code() != Code::delivery_failed) return tell(output, &error);
  log.from_client(4, "RESEND", error.message() + "; trying on");
  again(output, err == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD ? Millis(0) : again_after);
}

void KafkaSink::again(OutputRecord& output, Millis wait) {
  const std::scoped_lock lock(again_mutex_);
  again_.push_back({&output, Steady::now() + wait});
  again_count_.store(again_.size(), std::memory_order_relaxed);
}

// A batch was refused for its size, so this topic takes less than our batches may have: its limit was lowered, or was hidden from us.
// From now on its outputs go one by one; what is refused then is refused for its own sake. False: there can be no second client.
bool KafkaSink::go_single(const OutputRecord& output) {
  const std::scoped_lock lock(single_mutex_);
  if (single_targets_[output.target].load(std::memory_order_relaxed)) return true;
  if (!single_owner_) {
    auto client = make_producer(options_, Batching::one, producer_ends());
    if (!client) return false;
    single_owner_ = *std::move(client);
    single_.store(single_owner_.get(), std::memory_order_release);
  }
  single_targets_[output.target].store(true, std::memory_order_release);
  log.say(
      kafka::LogLevel::warn,
      "topic '" + std::string(topic_of(output)) + "': expected it to take batches up to " +
          std::to_string(batch_bytes_) +
          " bytes; got a refusal (was its max.message.bytes lowered?); its outputs go one by "
          "one now, which is slower: set batch.size under `kafka` to less than the topic takes, "
          "and restart");
  return true;
}

void KafkaSink::tell(OutputRecord& output, const Error* failure) {
  ++told_here;
  if (output.listener != nullptr) output.listener->delivered(output, failure);
}

// In the order they failed; those behind an output that is not due, or does not fit into the queue, wait with it.
void KafkaSink::send_again() {
  if (again_count_.load(std::memory_order_relaxed) == 0) return;
  const std::scoped_lock lock(again_mutex_);
  const auto now = Steady::now();
  std::size_t done = 0;
  while (done < again_.size() && again_[done].due <= now) {
    OutputRecord& output = *again_[done].output;
    const rd_kafka_resp_err_t err = produce(output);
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) break;
    ++done;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const Error error = refused_here(err, topic_of(output), output, limit_bytes());
    tell(output, &error);
  }
  again_.erase(again_.begin(), again_.begin() + static_cast<std::ptrdiff_t>(done));
  again_count_.store(again_.size(), std::memory_order_relaxed);
}

std::size_t KafkaSink::poll() {
  const std::size_t before = told_here;
  std::uint64_t ignored = 0;
  // Emptied first: what comes later makes it readable again.
  [[maybe_unused]] const ssize_t n = ::read(eventfd_, &ignored, sizeof ignored);
  rd_kafka_poll(client_.get(), 0);
  if (rd_kafka_t* single = single_.load(std::memory_order_acquire)) rd_kafka_poll(single, 0);
  tell_outage();
  send_again();
  return told_here - before;
}

// Once; what ends the producer is fatal().
void KafkaSink::tell_outage() {
  const auto error = health.take();
  if (!error || error->retry() == Retry::fatal) return;
  std::string_view text = error->message();
  if (text.starts_with("kafka: ")) text.remove_prefix(7);  // as every line of this log is
  log.say(kafka::LogLevel::warn, std::string(text));
}

Status KafkaSink::flush(Millis timeout) {
  const auto until = Steady::now() + timeout;
  for (;;) {
    send_again();
    const auto left =
        std::max(Millis(0), std::chrono::duration_cast<Millis>(until - Steady::now()));
    const int slice = static_cast<int>(std::min(left, again_after).count());
    auto err = rd_kafka_flush(client_.get(), slice);
    rd_kafka_t* single = single_.load(std::memory_order_acquire);
    if (single != nullptr && rd_kafka_flush(single, slice) != RD_KAFKA_RESP_ERR_NO_ERROR)
      err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    tell_outage();
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && again_count_.load(std::memory_order_relaxed) == 0)
      return {};
    if (left == Millis(0)) {
      return Error(Code::timed_out,
                   "sink: expected every output to be acknowledged; got none of the last " +
                       std::to_string(queued_bytes()) + " bytes in time");
    }
  }
}

std::optional<Error> KafkaSink::fatal() const {
  return health.fatal();
}

}  // namespace thalweg
