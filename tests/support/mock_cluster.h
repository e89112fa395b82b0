// What the tests of source and sink share: the cluster inside the process, a listener that remembers, a plain producer and
// consumer that are not the code under test, and waiting for a condition without sleeping blindly.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "thalweg/ports.h"

#include "kafka/client.h"
#include "kafka/embedded_cluster.h"

namespace thalweg::test {

// True as soon as `condition` is; false when the time is over. `condition` usually turns the thing under test.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds within = std::chrono::seconds(30)) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class TestWaker final : public Waker {
 public:
  TestWaker() : fd_(::eventfd(0, EFD_NONBLOCK)) {}
  ~TestWaker() override { ::close(fd_); }
  void wake() noexcept override { ::eventfd_write(fd_, 1); }
  [[nodiscard]] int fd() const noexcept override { return fd_; }
  // Was it woken since the last call?
  [[nodiscard]] bool woken() {
    eventfd_t n = 0;
    return ::eventfd_read(fd_, &n) == 0;
  }

 private:
  int fd_;
};

// Remembers what a source said; the test may add what is to happen on revocation.
class RecordingListener final : public SourceListener {
 public:
  void assigned(std::span<const TopicPartition> p) override { add(held, p), ++assignments; }
  void revoked(std::span<const TopicPartition> p) override {
    if (on_revoked) on_revoked(p);
    remove(p);
    add(revoked_partitions, p);
  }
  void lost(std::span<const TopicPartition> p) override {
    if (on_lost) on_lost(p);
    remove(p);
    add(lost_partitions, p);
  }
  void source_error(const Error& error) override { errors.push_back(error); }

  [[nodiscard]] std::size_t count(Code code) const {
    return static_cast<std::size_t>(std::count_if(
        errors.begin(), errors.end(), [&](const Error& e) { return e.code() == code; }));
  }

  std::vector<TopicPartition> held;
  std::vector<TopicPartition> revoked_partitions;
  std::vector<TopicPartition> lost_partitions;
  std::vector<Error> errors;
  int assignments = 0;
  std::function<void(std::span<const TopicPartition>)> on_revoked;
  std::function<void(std::span<const TopicPartition>)> on_lost;

 private:
  static void add(std::vector<TopicPartition>& to, std::span<const TopicPartition> p) {
    to.insert(to.end(), p.begin(), p.end());
  }
  void remove(std::span<const TopicPartition> p) {
    for (const TopicPartition& tp : p) std::erase(held, tp);
  }
};

// Counts and keeps what a sink reported.
class RecordingDelivery final : public DeliveryListener {
 public:
  void delivered(OutputRecord& output, const Error* failure) noexcept override {
    const std::scoped_lock lock(mutex_);
    if (failure == nullptr) {
      ++ok_;
    } else {
      failures_.emplace_back(&output, *failure);
    }
  }
  [[nodiscard]] std::size_t ok() const {
    const std::scoped_lock lock(mutex_);
    return ok_;
  }
  [[nodiscard]] std::vector<std::pair<OutputRecord*, Error>> failures() const {
    const std::scoped_lock lock(mutex_);
    return failures_;
  }

 private:
  mutable std::mutex mutex_;
  std::size_t ok_ = 0;
  std::vector<std::pair<OutputRecord*, Error>> failures_;
};

// Log lines, remembered.
class LogLines {
 public:
  [[nodiscard]] kafka::LogSink sink() {
    return [this](kafka::LogLevel level, std::string_view text) {
      const std::scoped_lock lock(mutex_);
      lines_.emplace_back(level, text);
    };
  }
  [[nodiscard]] std::size_t count(kafka::LogLevel at_least, std::string_view part = {}) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const auto& l) {
      return l.first >= at_least && l.second.find(part) != std::string::npos;
    }));
  }
  [[nodiscard]] std::vector<std::pair<kafka::LogLevel, std::string>> lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<kafka::LogLevel, std::string>> lines_;
};

// One message as a test writes or reads it.
struct TestMessage {
  std::optional<std::string> value;
  std::optional<std::string> key{};
  std::int32_t partition = -1;
  std::int64_t timestamp = 0;  // 0: now
  std::vector<std::pair<std::string, std::optional<std::string>>> headers{};
  std::int64_t offset = -1;
};

[[nodiscard]] TestMessage read_message(const rd_kafka_message_t& message);

// Straight librdkafka, so that a mistake in source or sink cannot hide behind the same mistake in the test.
void produce(const std::string& brokers, const std::string& topic,
             const std::vector<TestMessage>& messages);
// Reads `count` messages from the beginning, or what there is when the time is over. Ordered by partition and offset.
[[nodiscard]] std::vector<TestMessage> consume(
    const std::string& brokers, const std::string& topic, std::size_t count,
    std::chrono::milliseconds within = std::chrono::seconds(20));

// The address of a real broker, or empty (then skip).
[[nodiscard]] std::string real_broker();
// A name that no other test of this run, or of the last one, has used.
[[nodiscard]] std::string unique(const std::string& stem);

}  // namespace thalweg::test
