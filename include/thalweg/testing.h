// The test kit: runs a pipeline in a test, without a broker and without waiting.
//
//   thalweg::TestDriver driver(app);                         // or TestDriver::from_file("fraud.yaml")
//   driver.send("payments", R"({"amount": 12.5, "card": "c1"})");
//   driver.run();
//   EXPECT_EQ(driver.read("fraud_scores").at(0).value, R"({"card":"c1","score":0.01})");
//   EXPECT_EQ(driver.counts().forwarded, 1);
//
// The engine is the real one (decode, steps, models, encode, progress, commit); only the ends are in memory and the clock stands still
// until it is told to move. One thread: the test's. Functions that can fail throw TestError, which a test framework reports.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"
#include "thalweg/ports.h"
#include "thalweg/registry.h"

namespace thalweg {

class App;
struct PipelineFile;

class TestError : public std::runtime_error {
 public:
  explicit TestError(const Error& error)
      : std::runtime_error(error.message()), code_(error.code()) {}
  [[nodiscard]] Code code() const noexcept { return code_; }

 private:
  Code code_;
};

// A clock that stands still. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = {1'700'000'000'000}) : now_ms_(start.ms) {}
  [[nodiscard]] Timestamp now() const noexcept override { return {now_ms_}; }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept override { return monotonic_; }
  // Both clocks go on.
  void advance(std::chrono::milliseconds by) {
    now_ms_ += by.count();
    monotonic_ += by;
  }

 private:
  std::int64_t now_ms_;
  std::chrono::nanoseconds monotonic_{std::chrono::hours(1)};
};

// What goes into a topic; only the value is needed.
struct TestInput {
  std::optional<std::string> value{};  // none: a tombstone
  std::optional<std::string> key{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::optional<Timestamp> timestamp{};  // none: the clock's now
  Partition partition{};
};

// What came out of one.
struct TestOutput {
  std::string topic;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;  // the input's, then ours
  Timestamp timestamp;
  // The last header of that name, or nothing.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  // The code of a dead letter; empty for other outputs.
  [[nodiscard]] std::string dead_code() const;
};

struct TestCounts {
  std::uint64_t in = 0, forwarded = 0, absorbed = 0, filtered = 0, dead = 0;
  std::uint64_t batches = 0, model_calls = 0;
  // in == forwarded + absorbed + filtered + dead; true whenever nothing is under way.
  [[nodiscard]] bool add_up() const noexcept {
    return in == forwarded + absorbed + filtered + dead;
  }
};

struct TestOptions {
  std::size_t partitions = 1;        // of every input topic
  std::size_t batch_records = 1024;  // where batches are cut; outputs must not depend on it
  bool open = true;                  // false: call open() later (to script the ends first)
};

class TestDriver {
 public:
  explicit TestDriver(App& app, TestOptions options = {});
  TestDriver(PipelineFile file, const Registry& registry, TestOptions options = {});
  // A pipeline file, with the parts that come with Thalweg.
  [[nodiscard]] static TestDriver from_file(
      const std::string& path,
      const std::vector<std::pair<std::string, std::string>>& overrides = {},
      TestOptions options = {});
  [[nodiscard]] static TestDriver from_text(std::string_view yaml, TestOptions options = {});
  TestDriver(TestDriver&&) noexcept;
  TestDriver& operator=(TestDriver&&) noexcept;
  ~TestDriver();

  // Queues a record; nothing happens before run().
  void send(std::string_view topic, std::string_view value);
  void send(std::string_view topic, TestInput input);
  // Turns the worker until nothing is left to do (records queued, batches under way, retries due now).
  // Throws TestError when the pipeline stops with an error.
  void run();
  // The same, but hands the error over instead of throwing.
  [[nodiscard]] Status try_run();
  // What was written to the topic since the last read, in order.
  [[nodiscard]] std::vector<TestOutput> read(std::string_view topic);
  // What was written to the pipeline's dead-letter topic since the last read.
  [[nodiscard]] std::vector<TestOutput> dead_letters();

  [[nodiscard]] TestCounts counts() const;
  [[nodiscard]] ManualClock& clock() noexcept;
  // The last committed offsets, as (partition, next offset to read). advance the clock past the commit interval and run() first, or close().
  [[nodiscard]] std::map<TopicPartition, Offset> committed() const;

  // --- faults ------------------------------------------------------------------------------------------------
  // Takes partitions away and gives them back, as a rebalance does.
  void revoke(std::string_view topic, Partition partition);
  void lose(std::string_view topic, Partition partition);
  void assign(std::string_view topic, Partition partition);
  // Acknowledgements are held back, as with a broker that is slow.
  void hold_deliveries(bool held);
  // Outputs larger than this are refused, as by the broker's message.max.bytes.
  void refuse_outputs_over(std::size_t bytes);

  // Drains, commits, leaves. Also done by the destructor.
  void close();

 private:
  struct Impl;
  explicit TestDriver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg
