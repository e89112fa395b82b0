// A whole pipeline started and stopped a hundred times in one process: what a start takes, its stop gives back. With the model that
// needs no library, and with the real ones.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <malloc.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kafka/embedded_cluster.h"
#include "model/native.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "support/mock_cluster.h"

namespace thalweg {
namespace {

std::string pipeline_with(std::string_view model, std::string_view output) {
  return fmt::format(R"(
pipeline: numbers
workers: 2
models: {{ m: {} }}
from: {{ topic: in, start: earliest, fields: {{ x: "float32[4]" }} }}
steps:
  - infer: {{ model: m, outputs: {{ {}: score }} }}
to: {{ topic: out, value: {{ score: score }} }}
dead_letters: dead
http: {{ port: 0 }}
)",
                     model, output);
}

struct Taken {
  std::size_t threads = 0, files = 0, resident_bytes = 0;
};

std::size_t entries(const char* folder) {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

Taken taken() {
  ::malloc_trim(0);  // what the allocator only keeps for later is no leak
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return {entries("/proc/self/task"), entries("/proc/self/fd"),
          resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))};
}

// Reads 100 records, writes 100, ends when told to.
void start_and_stop(const std::string& pipeline, const Registry& registry, Log& log) {
  MemoryLog records;
  records.create("in", 2);
  for (int i = 0; i < 100; ++i) records.append("in", i % 2, {.value = R"({"x": [1, 2, 3, 4]})"});
  std::atomic<MemorySink*> sink = nullptr;
  Ports ports;
  ports.source = [&](const PipelineFile&, std::size_t worker) -> Result<std::unique_ptr<Source>> {
    auto source = std::make_unique<MemorySource>(records, std::vector<std::string>{"in"}, false);
    source->assign({{"in", {static_cast<std::int32_t>(worker)}}});
    return std::unique_ptr<Source>(std::move(source));
  };
  ports.sink = [&](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
    auto made = std::make_unique<MemorySink>();
    sink = made.get();
    return std::unique_ptr<Sink>(std::move(made));
  };
  Process process(registry, log);
  auto file = read_pipeline_text(pipeline, "numbers.yaml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  ASSERT_TRUE(process.add(std::move(file).value()).ok());
  auto running = std::async(std::launch::async, [&] { return process.run(ports); });
  while (!process.started()) std::this_thread::yield();
  while (sink.load()->acknowledged("out").size() < 100) std::this_thread::yield();
  process.request_stop();
  EXPECT_TRUE(running.get().ok());
}

#ifdef THALWEG_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// Ten cycles are for what is made once and kept: thread pools of libraries, pages of the allocator.
void expect_flat(const std::function<void()>& cycle, std::size_t growth_max) {
  for (int i = 0; i < 10; ++i) cycle();
  const Taken ten = taken();
  for (int i = 10; i < 100; ++i) cycle();
  // A joined thread stands in /proc for a moment more: the kernel wakes first who waits for it. So does the other end of a connection, which
  // is why there may be fewer now than there were after ten.
  Taken hundred;
  (void)test::eventually([&] {
    hundred = taken();
    return hundred.threads <= ten.threads && hundred.files <= ten.files;
  });
  EXPECT_LE(hundred.threads, ten.threads);
  EXPECT_LE(hundred.files, ten.files);
  // The sanitizers keep memory of their own for what was freed.
  if (!sanitized) {
    EXPECT_LT(hundred.resident_bytes, ten.resident_bytes + growth_max);
  }
  testing::Test::RecordProperty("grown_kib",
                                static_cast<int>((static_cast<long>(hundred.resident_bytes) -
                                                  static_cast<long>(ten.resident_bytes)) /
                                                 1024));
}

constexpr std::size_t mib = std::size_t{1} << 20;

void expect_flat(const std::string& pipeline, std::size_t growth_max) {
  Registry registry;
  register_builtins(registry);
  Log log{LogLevel::error, LogFormat::json};
  expect_flat([&] { start_and_stop(pipeline, registry, log); }, growth_max);
}

TEST(StartStop, A_hundred_cycles_take_no_more_threads_files_or_memory_than_ten) {
  // A batch's columns kept by each cycle would be more than 4 MiB.
  expect_flat(
      pipeline_with(
          R"({ runtime: fake, inputs: { x: "float32[?,4]" }, outputs: { y: "float32[?]" } })", "y"),
      4 * mib);
}

std::string kafka_pipeline(const std::string& brokers, std::string_view delivery, int number) {
  // A group of its own for each cycle, so that each reads from the beginning. One worker: the mock coordinator makes who is left wait for a
  // session to end when another one has left. Acknowledgements are collected when a commit is due, and the test waits for those.
  return fmt::format(R"(
pipeline: numbers
group: g{}
delivery: {}
commit_interval: 5ms
kafka: {{ bootstrap.servers: "{}", fetch.wait.max.ms: 5 }}
models: {{ m: {{ runtime: fake, inputs: {{ x: "float32[?,4]" }}, outputs: {{ y: "float32[?]" }} }} }}
from: {{ topic: in, start: earliest, fields: {{ x: "float32[4]" }} }}
steps:
  - infer: {{ model: m, outputs: {{ y: score }} }}
to: {{ topic: out, value: {{ score: score }} }}
dead_letters: dead
http: {{ port: 0 }}
)",
                     number, delivery, brokers);
}

// Reads 100 records of a cluster, writes 100, ends when told to.
void start_and_stop_with_kafka(const std::string& pipeline, const Registry& registry, Log& log) {
  Process process(registry, log);
  auto file = read_pipeline_text(pipeline, "numbers.yaml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  ASSERT_TRUE(process.add(std::move(file).value()).ok());
  auto running = std::async(std::launch::async, [&] { return process.run(); });
  EXPECT_TRUE(test::eventually([&] {
    if (!process.started()) return false;
    const auto& worker = process.pipelines().front()->workers().front();
    return worker->metrics().forwarded.get() == 100;
  }));
  process.request_stop();
  const Status ended = running.get();
  EXPECT_TRUE(ended.ok()) << ended.error().message();
}

// A consumer, a producer, and what the admin calls of the start make, in each cycle.
void expect_flat_with_kafka(std::string_view delivery) {
  auto cluster = kafka::EmbeddedCluster::start();
  ASSERT_TRUE(cluster.ok());
  for (const char* topic : {"in", "out", "dead"})
    ASSERT_TRUE((*cluster)->create_topic(topic, 2).ok());
  std::vector<test::TestMessage> messages;
  for (int i = 0; i < 100; ++i)
    messages.push_back({.value = R"({"x": [1, 2, 3, 4]})", .partition = i % 2});
  test::produce((*cluster)->bootstrap(), "in", messages);
  Registry registry;
  register_builtins(registry);
  Log log{LogLevel::error, LogFormat::json};
  int number = 0;
  const auto cycle = [&] {
    start_and_stop_with_kafka(kafka_pipeline((*cluster)->bootstrap(), delivery, number++), registry,
                              log);
  };
  expect_flat(cycle, 8 * mib);
}

TEST(StartStop, A_hundred_cycles_with_Kafka_clients_take_no_more_threads_files_or_memory_than_ten) {
  expect_flat_with_kafka("at_least_once");
}

TEST(StartStop, A_hundred_cycles_with_transactions_take_no_more_threads_files_or_memory_than_ten) {
  expect_flat_with_kafka("exactly_once");
}

std::string real_model(std::string_view runtime) {
  return pipeline_with(fmt::format("{{ path: {}/tests/models/keras_export, runtime: {} }}",
                                   THALWEG_SOURCE_DIR, runtime),
                       "output_0");
}

TEST(StartStopSlowNative, A_hundred_cycles_with_TensorFlow_take_no_more_than_ten) {
  THALWEG_NEEDS_TENSORFLOW;
  expect_flat(real_model("tensorflow"), 8 * mib);
}

TEST(StartStopSlowNative, A_hundred_cycles_with_OpenVINO_take_no_more_than_ten) {
  THALWEG_NEEDS_OPENVINO;
  expect_flat(real_model("openvino"), 8 * mib);
}

}  // namespace
}  // namespace thalweg
