#include "cli/demo_feed.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// Records leave in small bursts, as events do; the pipeline then has batches to show.
constexpr auto burst_every = 50ms;

}  // namespace

DemoFeed::DemoFeed(std::string topic, std::vector<std::string> lines, double rate)
    : context_(*this), topic_(std::move(topic)), lines_(std::move(lines)), rate_(rate) {}

Result<std::unique_ptr<DemoFeed>> DemoFeed::make(const kafka::Config& config, std::string topic,
                                                 std::vector<std::string> lines, double rate) {
  std::unique_ptr<DemoFeed> feed(new DemoFeed(std::move(topic), std::move(lines), rate));
  auto conf = kafka::make_conf(config, kafka::Role::producer, {},
                               {{"linger.ms", "0"}, {"enable.idempotence", "true"}});
  if (!conf) return std::move(conf).error();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  auto client = kafka::make_client(kafka::Role::producer, std::move(conf).value(), feed->context_);
  if (!client) return std::move(client).error();
  feed->client_ = std::move(client).value();
  return feed;
}

DemoFeed::~DemoFeed() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

void DemoFeed::start() {
  thread_ = std::thread([this] { run(); });
}

void DemoFeed::run() {
  const auto began = Steady::now();
  std::size_t next = 0;
  while (next < lines_.size() && !stop_.load()) {
    const std::chrono::duration<double> since = Steady::now() - began + burst_every;
    const std::size_t due =
        rate_ <= 0 ? lines_.size()
                   : std::min(lines_.size(), static_cast<std::size_t>(since.count() * rate_) + 1);
    while (next < due && send(lines_[next])) ++next;
    rd_kafka_poll(client_.get(), 0);
    if (next < lines_.size()) std::this_thread::sleep_for(burst_every);
  }
  while (rd_kafka_outq_len(client_.get()) > 0 && !stop_.load()) rd_kafka_poll(client_.get(), 50);
}

// False: the queue is full, try again.
bool DemoFeed::send(const std::string& line) {
  const rd_kafka_resp_err_t err =
      rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()),
                        RD_KAFKA_V_VALUE(const_cast<char*>(line.data()), line.size()),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(err));
  return true;
}

void DemoFeed::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  DemoFeed& feed = static_cast<Context*>(static_cast<kafka::ClientContext*>(opaque))->feed;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    feed.sent_.fetch_add(1);
  } else {
    feed.fail(rd_kafka_message_errstr(message));
  }
}

void DemoFeed::fail(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!failure_)
    failure_ =
        Error(Code::delivery_failed,
              fmt::format("demo: a sample line could not be written to '{}': {}", topic_, why));
}

std::optional<Error> DemoFeed::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace thalweg::cli
