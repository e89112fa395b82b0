// The producer: messages out, acknowledgements back.
#include "sink/kafka_sink.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "kafka/errors.h"

namespace thalweg {
namespace {

using kafka::Role;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr std::uint64_t one = 1;  // what an eventfd wants written
// Copying a small payload costs less than keeping its memory in the cache until the broker answered.
constexpr std::size_t copy_below = 1024;
constexpr Millis again_after{100};

thread_local std::size_t told_here = 0;  // by the poll() of this thread

kafka::Pairs defaults(const KafkaSinkOptions& o) {
  return {
      {"client.id", o.client_id},
      {"partitioner", "murmur2_random"},  // Java's: the same key, the same partition
      {"linger.ms", "1"},                 // a third less CPU per output than 0, for at most 1 ms
      {"queue.buffering.max.kbytes", "65536"},  // 1 GiB otherwise
      {"queue.buffering.max.messages", "500000"},
      {"reconnect.backoff.max.ms", "2000"},
      {"statistics.interval.ms", "5000"},  // notices that a broker is back
      {"log.connection.close", "false"},
      {"socket.keepalive.enable", "true"},
  };
}

kafka::Pairs owned() {
  return {{"enable.idempotence", "true"}, {"acks", "all"}, {"message.timeout.ms", "0"}};
}

std::size_t size_of(const OutputRecord& output) {
  return (output.key ? output.key->size() : 0) + (output.value ? output.value->size() : 0);
}

// librdkafka copies names and values.
rd_kafka_headers_t* make_headers(const OutputRecord& output) {
  const std::size_t count = output.input_headers.size() + output.headers.size();
  if (count == 0) return nullptr;
  rd_kafka_headers_t* headers = rd_kafka_headers_new(count);
  for (const auto& part : {output.input_headers, output.headers}) {
    for (const Header& h : part) {
      rd_kafka_header_add(headers, h.name.data(), static_cast<ssize_t>(h.name.size()),
                          h.value ? h.value->data() : nullptr,
                          h.value ? static_cast<ssize_t>(h.value->size()) : 0);
    }
  }
  return headers;
}

rd_kafka_vu_t memory(rd_kafka_vtype_t type, const std::optional<std::string_view>& bytes) {
  rd_kafka_vu_t vu;
  vu.vtype = type;
  // Kafka tells "none" from "empty" by the pointer.
  vu.u.mem.ptr = bytes ? const_cast<char*>(bytes->data() != nullptr ? bytes->data() : "") : nullptr;
  vu.u.mem.size = bytes ? bytes->size() : 0;
  return vu;
}

// librdkafka 2.15 means to give the good messages of a batch with an invalid one the code _INVALID_DIFFERENT_RECORD, but then
// writes the batch's own code over it; what tells them from the guilty is the text it made up for them.
rd_kafka_resp_err_t true_error(rd_kafka_resp_err_t err, const char* words) {
  const bool company =
      words != nullptr &&
      std::string_view(words).find("because it was part of a batch") != std::string_view::npos;
  return company ? RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD : err;
}

Error refused(rd_kafka_resp_err_t err, const std::string& topic, const std::string& words) {
  return Error(kafka::delivery_code_of(err),
               "topic '" + topic + "': the output was not written; got " + words);
}

}  // namespace

KafkaSink::KafkaSink(KafkaSinkOptions options)
    : ClientContext(options.kafka.brokers(Role::producer), options.log),
      options_(std::move(options)) {}

Result<std::unique_ptr<KafkaSink>> KafkaSink::make(KafkaSinkOptions options) {
  std::unique_ptr<KafkaSink> sink(new KafkaSink(std::move(options)));
  if (Status s = sink->make_producer(); !s) return std::move(s).error();
  return sink;
}

Status KafkaSink::make_producer() {
  eventfd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (eventfd_ < 0)
    return Error(Code::io_failed,
                 std::string("sink: expected an eventfd; got ") + std::strerror(errno));
  auto conf = kafka::make_conf(options_.kafka, Role::producer, defaults(options_), owned());
  if (!conf) return std::move(conf).error();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  auto client = kafka::make_client(Role::producer, *std::move(conf), *this);
  if (!client) return std::move(client).error();
  client_ = *std::move(client);
  const kafka::QueueHandle queue(rd_kafka_queue_get_main(client_.get()));
  rd_kafka_queue_io_event_enable(queue.get(), eventfd_, &one, sizeof one);
  return {};
}

void KafkaSink::abandon() {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  // Calls back for each. A batch in flight comes back only when its request does, or the connection is given up.
  for (int i = 0; i < 100 && rd_kafka_outq_len(client_.get()) > 0; ++i)
    (void)rd_kafka_flush(client_.get(), 100);
  const Error stopped(Code::stopped, "the output was not acknowledged before the end");
  const std::scoped_lock lock(again_mutex_);
  for (const Again& a : again_) tell(*a.output, &stopped);
  again_.clear();
  again_count_.store(0, std::memory_order_relaxed);
}

KafkaSink::~KafkaSink() {
  if (client_) {
    abandon();
    const kafka::QueueHandle queue(rd_kafka_queue_get_main(client_.get()));
    rd_kafka_queue_io_event_enable(queue.get(), -1, nullptr, 0);
  }
  targets_ = {};
  client_.reset();
  if (eventfd_ >= 0) ::close(eventfd_);
}

// --- targets ---------------------------------------------------------------------------------------------------

void KafkaSink::allow_creation(const kafka::TopicSpec& spec) {
  const std::scoped_lock lock(targets_mutex_);
  creations_.push_back(spec);
}

Result<std::uint16_t> KafkaSink::add_target(const std::string& topic) {
  const std::scoped_lock lock(targets_mutex_);
  const auto it = std::find(target_names_.begin(), target_names_.end(), topic);
  if (it != target_names_.end()) return static_cast<std::uint16_t>(it - target_names_.begin());
  if (target_names_.size() == targets_max) {
    return Error(Code::config_invalid,
                 "sink: expected at most " + std::to_string(targets_max) + " output topics");
  }
  if (Status s = find_or_create(topic); !s) return std::move(s).error().at("sink");
  if (Status s = check_batch_size(topic); !s) return std::move(s).error().at("sink");
  kafka::TopicHandle handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  if (!handle)
    return kafka::error_of(rd_kafka_last_error(), "sink: topic '" + topic + "': cannot be written");
  targets_[target_names_.size()] = std::move(handle);
  target_names_.push_back(topic);
  return static_cast<std::uint16_t>(target_names_.size() - 1);
}

// A look that is only a precaution must not hold up the start.
static constexpr std::chrono::milliseconds setting_timeout{1000};

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

// The broker refuses a whole batch that is larger than the topic's max.message.bytes, and then good messages fail because of their
// company. So a batch must never become larger than one message may be.
Status KafkaSink::check_batch_size(const std::string& topic) {
  // librdkafka's mock brokers cannot be asked, and would only cost the time.
  char* id = rd_kafka_clusterid(client_.get(), 0);
  const bool mock = id != nullptr && std::string_view(id).starts_with("mockCluster");
  if (id != nullptr) rd_kafka_mem_free(client_.get(), id);
  if (mock) return {};
  if (settings_hidden_) return {};
  auto setting = kafka::topic_setting(client_.get(), topic, "max.message.bytes", setting_timeout);
  if (!setting) {  // we may not look, or this broker does not tell; most topics have the default, which fits
    settings_hidden_ = true;
    return {};
  }
  const std::string ours = options_.kafka.value(Role::producer, "batch.size");
  const auto number = [](const std::string& text, std::int64_t otherwise) {
    std::int64_t n = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
  };
  const std::int64_t limit = number(*setting, INT64_MAX);
  const std::int64_t batch = number(ours, 1000000);  // librdkafka's default
  if (batch <= limit) return {};
  return Error(Code::config_invalid, "topic '" + topic + "': it takes batches up to " + *setting +
                                         " bytes (max.message.bytes), ours may have " +
                                         std::to_string(batch) +
                                         "; set `kafka: { batch.size: " + *setting + " }` or less");
}

// --- the way of an output --------------------------------------------------------------------------------------

rd_kafka_resp_err_t KafkaSink::produce(OutputRecord& output) {
  std::array<rd_kafka_vu_t, 8> vus;
  std::size_t n = 0;
  const auto put = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    vus[n].vtype = type;
    return vus[n++];
  };
  put(RD_KAFKA_VTYPE_RKT).u.rkt = targets_[output.target].get();
  put(RD_KAFKA_VTYPE_PARTITION).u.i32 = RD_KAFKA_PARTITION_UA;
  vus[n++] = memory(RD_KAFKA_VTYPE_VALUE, output.value);
  vus[n++] = memory(RD_KAFKA_VTYPE_KEY, output.key);
  put(RD_KAFKA_VTYPE_OPAQUE).u.ptr = &output;
  const bool copy = !output.value || output.value->size() < copy_below;
  put(RD_KAFKA_VTYPE_MSGFLAGS).u.i = copy ? RD_KAFKA_MSG_F_COPY : 0;
  if (output.timestamp.ms >= 0) put(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = output.timestamp.ms;
  rd_kafka_headers_t* headers = make_headers(output);
  if (headers != nullptr) put(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;

  queued_bytes_.fetch_add(size_of(output),
                          std::memory_order_relaxed);  // before: the report may overtake us
  const kafka::ErrorHandle failed(rd_kafka_produceva(client_.get(), vus.data(), n));
  if (!failed) return RD_KAFKA_RESP_ERR_NO_ERROR;
  queued_bytes_.fetch_sub(size_of(output), std::memory_order_relaxed);
  if (headers != nullptr)
    rd_kafka_headers_destroy(headers);  // librdkafka takes them only when it takes the message
  return rd_kafka_error_code(failed.get());
}

Status KafkaSink::send(OutputRecord& output) {
  const rd_kafka_resp_err_t err = produce(output);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return Error(Code::queue_full, "sink: the producer's queue is full");
  return refused(err, rd_kafka_topic_name(targets_[output.target].get()),
                 kafka::words(err) + " (" + std::to_string(size_of(output)) + " bytes)");
}

void KafkaSink::on_delivery(rd_kafka_t* /*rk*/, const rd_kafka_message_t* message, void* opaque) {
  auto& self = *static_cast<KafkaSink*>(static_cast<kafka::ClientContext*>(opaque));
  self.delivered(*static_cast<OutputRecord*>(message->_private), message->err,
                 rd_kafka_message_produce_errstr(message));
}

void KafkaSink::delivered(OutputRecord& output, rd_kafka_resp_err_t err, const char* words) {
  queued_bytes_.fetch_sub(size_of(output), std::memory_order_relaxed);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    health.answered();
    return tell(output, nullptr);
  }
  err = true_error(err, words);
  const std::string topic = rd_kafka_topic_name(targets_[output.target].get());
  const bool more = words != nullptr && *words != '\0' && kafka::words(err) != words;
  const Error error =
      refused(err, topic, kafka::words(err) + (more ? " (" + std::string(words) + ")" : ""));
  if (error.code() != Code::delivery_failed) return tell(output, &error);
  log.from_client(4, "RESEND", error.message() + "; trying on");
  const auto wait = err == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD ? Millis(0) : again_after;
  const std::scoped_lock lock(again_mutex_);
  again_.push_back({&output, Steady::now() + wait});
  again_count_.store(again_.size(), std::memory_order_relaxed);
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
    const Error error =
        refused(err, rd_kafka_topic_name(targets_[output.target].get()), kafka::words(err));
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
    const auto err =
        rd_kafka_flush(client_.get(), static_cast<int>(std::min(left, again_after).count()));
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
