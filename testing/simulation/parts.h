// What a simulated worker is made of: the ends in memory, behind a wrapper that may crash at any call, and small stages that make every
// output tell its record and its count.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "kafka/group_member.h"
#include "run/chain.h"
#include "run/helper.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "state/memory_store.h"
#include "testing/simulation/forwarding_source.h"

namespace thalweg::testing_kit {

// Thrown out of a worker's call of one of its ends: the process is gone at this point.
struct Crash {};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // 0 … below - 1
  [[nodiscard]] std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  [[nodiscard]] std::size_t between(std::size_t low, std::size_t high) {
    return low + below(high - low + 1);
  }
  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

// Counts down calls, and crashes at the last.
class Fuse {
 public:
  void light(std::size_t calls) { left_ = calls; }
  void put_out() { left_.reset(); }
  void burn() {
    if (left_ && (*left_)-- == 0) {
      left_.reset();
      throw Crash{};
    }
  }

 private:
  std::optional<std::size_t> left_;
};

// The worker's blocking calls wait here until the simulation runs them, or until the worker itself waits for them.
class HeldHelper final : public Helper {
 public:
  void run(std::function<void()> job) override { job_ = std::move(job); }
  void join() override { go_on(); }
  [[nodiscard]] bool busy() const { return job_ != nullptr; }
  void go_on() {
    if (auto job = std::exchange(job_, nullptr)) job();
  }
  void forget() { job_ = nullptr; }

 private:
  std::function<void()> job_;
};

// Every call may be the last.
class FusedSource final : public ForwardingSource, public kafka::GroupMember {
 public:
  FusedSource(std::unique_ptr<Source> inner, Fuse& fuse)
      : ForwardingSource(std::move(inner)), fuse_(fuse) {}
  void still_here() noexcept override {}
  void serve() override { fuse_.burn(), ForwardingSource::serve(), fuse_.burn(); }
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override {
    fuse_.burn();
    return ForwardingSource::drain(batch, limits);
  }
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset> next, bool wait) override {
    fuse_.burn();
    Status done = ForwardingSource::commit(next, wait);
    fuse_.burn();
    return done;
  }
  [[nodiscard]] std::unique_ptr<GroupOffsets> offsets_for_transaction(
      std::span<const TopicPartitionOffset> next) override {
    fuse_.burn();
    return ForwardingSource::offsets_for_transaction(next);
  }
  [[nodiscard]] Result<std::vector<TopicPartitionOffset>> committed() override {
    fuse_.burn();
    return ForwardingSource::committed();
  }
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override {
    fuse_.burn();
    Status done = ForwardingSource::seek(to);
    fuse_.burn();
    return done;
  }

 private:
  Fuse& fuse_;
};

class FusedSink final : public Sink, public Transaction {
 public:
  FusedSink(Sink& inner, Fuse& fuse) : inner_(inner), fuse_(fuse) {}
  [[nodiscard]] Result<std::uint16_t> add_target(const std::string& topic) override {
    return inner_.add_target(topic);
  }
  [[nodiscard]] Status send(OutputRecord& output) override {
    fuse_.burn();
    return inner_.send(output);
  }
  std::size_t poll() override { return fuse_.burn(), inner_.poll(); }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] Status flush(std::chrono::milliseconds t) override { return inner_.flush(t); }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }
  void abandon() override { inner_.abandon(); }
  [[nodiscard]] Transaction* transaction() noexcept override {
    return inner_.transaction() == nullptr ? nullptr : this;
  }
  [[nodiscard]] Status open() override { return inner_.transaction()->open(); }
  [[nodiscard]] Status begin() override {
    fuse_.burn();
    return inner_.transaction()->begin();
  }
  [[nodiscard]] Status commit(GroupOffsets& o) override { return inner_.transaction()->commit(o); }
  [[nodiscard]] Status recover() override { return inner_.transaction()->recover(); }

 private:
  Sink& inner_;
  Fuse& fuse_;
};

// A store for each partition, as tasks have; a partition that comes is given what its committed outputs say.
class TaskStores final : public Store {
 public:
  void restore(const TopicPartition& at, const std::map<std::string, int>& counts);
  void begin() override;
  [[nodiscard]] Status commit(Offset changelog) override;
  void abort() noexcept override;
  [[nodiscard]] Result<std::optional<std::string_view>> get(std::string_view key) override;
  [[nodiscard]] Status put(std::string_view key, std::string_view value) override;
  [[nodiscard]] Status erase(std::string_view key) override;
  [[nodiscard]] Offset changelog() const noexcept override { return {}; }

 private:
  // Keys begin with "topic[0]/".
  [[nodiscard]] MemoryStore& of(std::string_view key);
  std::map<std::string, std::unique_ptr<MemoryStore>, std::less<>> stores_;
  bool open_ = false;
};

// Steps that give a batch back later, when the simulation says so.
struct HeldSteps {
  std::vector<Resume> held;
};

// Decodes text; passes it on; counts the records of each key, if there are `stores`; writes "key:count:value".
struct StageParts {
  TaskStores* stores = nullptr;
  HeldSteps* held = nullptr;
  std::function<bool()> hold = [] { return false; };  // this call answers later
  std::function<void()> inside = [] {};               // what happens while it runs
  std::function<bool()> stumble = [] {
    return false;
  };  // this call fails for all, and passes later
};
[[nodiscard]] std::unique_ptr<Chain> make_counting_chain(StageParts parts, Sink& sink);

}  // namespace thalweg::testing_kit
