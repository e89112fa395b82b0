// What a pipeline writes beside its outputs: events, and what shadows say. No record waits for it, and no offset.
//
//   put (any thread) ─▶ queue, bounded ─▶ producer of its own, on a thread of its own ─▶ topic
//        └─ full: lost, counted
//
// Best effort by design: what is lost (the queue is full, the topic is not there, the process ends) is counted, and said once until it works
// again. Part of no transaction. A broker that is away is waited for, as long as the queue has room. Producer and thread come into being
// with the first record, or with a topic that is demanded at the start.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/ports.h"

#include "run/log.h"

namespace thalweg {

struct SideRecord {
  std::string topic;
  std::optional<std::string> key{};
  std::string value;
  std::string header{};  // the value of `thalweg`; "": none
  Timestamp timestamp{};
};

struct SideOptions {
  std::string pipeline{};
  std::string what{};  // in words: "the shadow's answers"
  std::size_t bytes_max = std::size_t{16} << 20;
  std::size_t records_max = SIZE_MAX;
  std::vector<std::string> forbidden{};        // topics that are never written from here
  std::chrono::milliseconds look_again{5000};  // for a topic that was not there
};

class SideTopics final : private DeliveryListener {
 public:
  using MakeSink = std::function<Result<std::unique_ptr<Sink>>()>;

  // `log` outlives it.
  SideTopics(SideOptions options, Log& log);
  ~SideTopics() override;  // closes

  // Before the first put. by_hand: no thread, tick() does the work.
  void open(MakeSink make, bool by_hand);
  // Is the topic there (or made, where that is allowed)? Before the first put; blocks. Errors: those of Sink::add_target.
  [[nodiscard]] Status demand(const std::string& topic);
  // Any thread, never waits. False: it is lost.
  bool put(SideRecord record);
  // Now and then, from one thread.
  void tick();
  // The end: gives what waits a second, then loses it, and all that comes later. From tick's thread. Idempotent.
  void close();

  struct Counts {
    std::string topic;
    std::uint64_t written = 0, lost = 0;
  };
  // Any thread; by topic.
  [[nodiscard]] std::vector<Counts> counts() const;
  [[nodiscard]] std::uint64_t lost() const;
  [[nodiscard]] std::size_t queued_bytes() const;

 private:
  struct Sent : OutputRecord {
    SideRecord record;
    Header header;
    bool done = false;  // mutex_
    [[nodiscard]] std::size_t bytes() const noexcept;
  };
  struct Topic {
    std::optional<std::uint16_t> target;
    std::optional<Error> failure;
    std::chrono::steady_clock::time_point look_at{};
  };

  void delivered(OutputRecord& output, const Error* failure) noexcept override;
  void serve(const std::stop_token& stop);
  bool pump();  // true: it sends on at once
  [[nodiscard]] Sink* sink();
  [[nodiscard]] Result<std::uint16_t> target_of(const std::string& topic);
  [[nodiscard]] bool send(Sent& sent);
  void drop(const std::string& topic, std::string_view why);
  void say(const std::string& topic, std::string_view why);
  void lose(Sent& sent, std::string_view why);
  void forget_done();

  const SideOptions options_;
  Log& log_;
  MakeSink make_;
  bool by_hand_ = false;

  // The sending thread's, or tick's.
  std::unique_ptr<Sink> sink_;
  std::map<std::string, Topic> topics_;
  std::deque<std::unique_ptr<Sent>>
      under_way_;  // [0, sent_) are the sink's, the others wait for it
  std::size_t sent_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::unique_ptr<Sent>> queue_;  // mutex_
  std::size_t bytes_ = 0, records_ = 0;      // mutex_; of everything that is not done
  std::map<std::string, Counts> counts_;     // mutex_
  std::map<std::string, bool> said_;         // mutex_; topics of which a loss was told
  bool closed_ = false;                      // mutex_
  std::jthread thread_;
};

}  // namespace thalweg
