#include "run/side_topics.h"

#include <algorithm>
#include <iterator>
#include <pthread.h>

#include <fmt/format.h>

#include "run/outputs.h"
#include "run/signal_mask.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto look_for_acks = 20ms;  // while something is under way
constexpr auto wait_at_the_end = 1s;

}  // namespace

std::size_t SideTopics::Sent::bytes() const noexcept {
  return sizeof(Sent) + record.value.size() + record.header.size() +
         (record.key ? record.key->size() : 0);
}

SideTopics::SideTopics(SideOptions options, Log& log) : options_(std::move(options)), log_(log) {}

SideTopics::~SideTopics() {
  close();
}

void SideTopics::close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
  }
  if (thread_.joinable()) {
    thread_.request_stop();
    changed_.notify_all();
    thread_.join();
  }
  (void)pump();
  if (sink_ != nullptr) {
    (void)sink_->flush(wait_at_the_end);
    (void)sink_->poll();
    sink_->abandon();
  }
  sink_.reset();  // before what it was given
  forget_done();
  for (const auto& sent : under_way_) lose(*sent, "the pipeline ended");
  sent_ = under_way_.size();
  forget_done();
  make_ = nullptr;
}

void SideTopics::open(MakeSink make, bool by_hand) {
  make_ = std::move(make);
  by_hand_ = by_hand;
}

Sink* SideTopics::sink() {
  if (sink_ != nullptr || !make_) return sink_.get();
  auto made = make_();
  if (made) sink_ = std::move(made).value();
  return sink_.get();
}

Status SideTopics::demand(const std::string& topic) {
  if (sink() == nullptr)
    return Error(Code::internal, options_.what + ": a producer was expected; none could be made");
  auto target = sink_->add_target(topic);
  if (!target) return std::move(target).error();
  topics_[topic].target = *target;
  return {};
}

bool SideTopics::put(SideRecord record) {
  auto sent = std::make_unique<Sent>();
  sent->record = std::move(record);
  const std::size_t bytes = sent->bytes();
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && bytes_ + bytes <= options_.bytes_max && records_ < options_.records_max) {
      bytes_ += bytes;
      ++records_;
      queue_.push_back(std::move(sent));
      changed_.notify_all();
      return true;
    }
  }
  drop(sent->record.topic, "the queue is full; is the broker slow, or away?");
  return false;
}

void SideTopics::tick() {
  if (by_hand_) {
    while (pump()) {
    }
    return;
  }
  if (thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return;
  }
  const SignalMask mask;
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  ::pthread_setname_np(thread_.native_handle(), "side-topics");
}

void SideTopics::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool more = pump();
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return !queue_.empty(); };
    if (more || woken()) continue;
    if (under_way_.empty()) {
      changed_.wait(lock, stop, woken);
    } else {
      changed_.wait_for(lock, stop, look_for_acks, woken);
    }
  }
}

// One round: what came back, what is new, what still waits.
bool SideTopics::pump() {
  {
    const std::lock_guard lock(mutex_);
    std::move(queue_.begin(), queue_.end(), std::back_inserter(under_way_));
    queue_.clear();
  }
  if (under_way_.empty()) return false;
  if (sink() == nullptr) {
    for (auto& sent : under_way_) lose(*sent, "its producer cannot be made");
    sent_ = under_way_.size();
  }
  while (sent_ < under_way_.size() && send(*under_way_[sent_])) ++sent_;
  const std::size_t came = sink_ == nullptr ? 0 : sink_->poll();
  forget_done();
  return came > 0 && sent_ < under_way_.size();
}

// False: not now.
bool SideTopics::send(Sent& sent) {
  auto target = target_of(sent.record.topic);
  if (!target) {
    if (target.error().retry() == Retry::backoff) {
      say(sent.record.topic, target.error().message());
      return false;
    }
    lose(sent, target.error().message());
    return true;
  }
  sent.target = *target;
  sent.key = sent.record.key;
  sent.value = sent.record.value;
  sent.timestamp = sent.record.timestamp;
  if (!sent.record.header.empty()) {
    sent.header = {output_header_name, sent.record.header};
    sent.headers = {&sent.header, 1};
  }
  sent.listener = this;
  const Status status = sink_->send(sent);
  if (status.ok()) return true;
  if (status.error().code() == Code::queue_full) return false;
  lose(sent, status.error().message());
  return true;
}

Result<std::uint16_t> SideTopics::target_of(const std::string& topic) {
  Topic& known = topics_[topic];
  if (known.target) return *known.target;
  const auto& forbidden = options_.forbidden;
  if (std::find(forbidden.begin(), forbidden.end(), topic) != forbidden.end())
    return Error(Code::config_invalid,
                 "expected a topic that the pipeline does not use otherwise; name another one");
  if (known.failure && Steady::now() < known.look_at) return *known.failure;
  auto target = sink_->add_target(topic);
  if (target) {
    known.target = *target;
  } else {
    known.failure = target.error();
    known.look_at = Steady::now() + options_.look_again;
  }
  return target;
}

void SideTopics::drop(const std::string& topic, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    ++counts_[topic].lost;
  }
  say(topic, why);
}

// Once, until something is written there again.
void SideTopics::say(const std::string& topic, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(said_[topic], true)) return;
  }
  log_.write(LogLevel::warning, "side_topic.lost",
             fmt::format("{}: topic '{}': {} are not written for now: {}", options_.pipeline, topic,
                         options_.what, why),
             {{"pipeline", options_.pipeline}, {"topic", topic}});
}

void SideTopics::lose(Sent& sent, std::string_view why) {
  drop(sent.record.topic, why);
  const std::lock_guard lock(mutex_);
  sent.done = true;
}

// On the thread that polls, or that abandons.
void SideTopics::delivered(OutputRecord& output, const Error* failure) noexcept {
  auto& sent = static_cast<Sent&>(output);
  if (failure != nullptr) return lose(sent, failure->message());
  const std::lock_guard lock(mutex_);
  ++counts_[sent.record.topic].written;
  said_[sent.record.topic] = false;
  sent.done = true;
}

void SideTopics::forget_done() {
  const std::lock_guard lock(mutex_);
  const auto is_done = [this](const std::unique_ptr<Sent>& sent) {
    if (!sent->done) return false;
    bytes_ -= sent->bytes();
    --records_;
    return true;
  };
  const auto end = under_way_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto kept = std::remove_if(under_way_.begin(), end, is_done);
  sent_ = static_cast<std::size_t>(kept - under_way_.begin());
  under_way_.erase(kept, end);
}

std::vector<SideTopics::Counts> SideTopics::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<Counts> all;
  for (const auto& [topic, counts] : counts_) {
    all.push_back(counts);
    all.back().topic = topic;
  }
  return all;
}

std::uint64_t SideTopics::lost() const {
  std::uint64_t sum = 0;
  for (const Counts& one : counts()) sum += one.lost;
  return sum;
}

std::size_t SideTopics::queued_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace thalweg
