#include <algorithm>
#include <map>

#include "thalweg/app.h"
#include "thalweg/testing.h"

#include "config/pipeline.h"
#include "run/models_of.h"
#include "run/pipeline_run.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw TestError(result.error());
  return std::move(result).value();
}

void or_throw(Status status) {
  if (!status.ok()) throw TestError(status.error());
}

TestOutput to_output(const SentRecord& record) {
  TestOutput output{record.topic, record.key, record.value, {}, record.timestamp};
  for (const auto& [name, value] : record.headers)
    output.headers.emplace_back(name, value.value_or(""));
  return output;
}

std::unique_ptr<Registry> builtins() {
  auto registry = std::make_unique<Registry>();
  register_builtins(*registry);
  return registry;
}

// Turns without progress before a run counts as finished: retries wait for the clock, not for us.
constexpr int idle_turns = 3;

}  // namespace

std::optional<std::string> TestOutput::header(std::string_view name) const {
  const auto it = std::find_if(headers.rbegin(), headers.rend(),
                               [&](const auto& h) { return h.first == name; });
  if (it == headers.rend()) return std::nullopt;
  return it->second;
}

std::string TestOutput::dead_code() const {
  return header("__thalweg.errors.code").value_or("");
}

struct TestDriver::Impl {
  MemoryLog topics;  // first: outlives every batch
  ManualClock clock;
  Log log{LogLevel::error, LogFormat::human};
  std::unique_ptr<Registry> own_registry;  // from_file, from_text
  std::unique_ptr<ModelProvider> models;
  std::unique_ptr<PipelineRun> run;
  MemorySource* source = nullptr;       // owned by the worker
  MemorySink* sink = nullptr;           // owned by the run
  std::vector<MemorySink*> side_sinks;  // of what is written beside the outputs; owned by the run
  std::string dead_topic;
  std::map<std::string, std::size_t> read;  // outputs read so far, by topic
  TestOptions options;

  void build(PipelineFile file, const Registry& registry);
  Ports ports();
  [[nodiscard]] Worker& worker() const { return *run->workers().front(); }
  std::vector<TestOutput> take(std::string_view topic);
};

void TestDriver::Impl::build(PipelineFile file, const Registry& registry) {
  // One worker: cuts and orders are then the test's alone.
  PipelineFile one = or_throw(read_pipeline_node(
      std::move(file.root),
      {{"workers", "1"}, {"batch.rows_max", std::to_string(options.batch_records)}}));
  one.path = file.path;
  one.folder = file.folder;
  if (one.values.given("dead_letters"))
    dead_topic = one.values.section("dead_letters").string("topic");
  for (const std::string& topic : input_topics(one.values.section("from"))) {
    topics.create(topic, static_cast<int>(options.partitions));
  }
  models = or_throw(models_of(one, registry));
  run = or_throw(PipelineRun::build(std::move(one), registry, *models, clock, log));
  if (options.open) or_throw(run->open(ports()));
}

Ports TestDriver::Impl::ports() {
  Ports ports;
  ports.source = [this](const PipelineFile& file, std::size_t) -> Result<std::unique_ptr<Source>> {
    auto made = std::make_unique<MemorySource>(topics, input_topics(file.values.section("from")));
    source = made.get();
    return std::unique_ptr<Source>(std::move(made));
  };
  ports.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
    auto made = std::make_unique<MemorySink>();
    sink = made.get();
    return std::unique_ptr<Sink>(std::move(made));
  };
  ports.side_sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
    auto made = std::make_unique<MemorySink>();
    side_sinks.push_back(made.get());
    return std::unique_ptr<Sink>(std::move(made));
  };
  return ports;
}

// The sink keeps everything; what was read before is skipped.
std::vector<TestOutput> TestDriver::Impl::take(std::string_view topic) {
  auto all = sink->acknowledged(std::string(topic));
  for (const MemorySink* side : side_sinks) {
    auto more = side->acknowledged(std::string(topic));
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  std::size_t& already = read[std::string(topic)];
  std::vector<TestOutput> taken;
  for (; already < all.size(); ++already) taken.push_back(to_output(all[already]));
  return taken;
}

TestDriver::TestDriver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TestDriver::TestDriver(TestDriver&&) noexcept = default;
TestDriver& TestDriver::operator=(TestDriver&&) noexcept = default;
TestDriver::~TestDriver() = default;

TestDriver::TestDriver(App& app, TestOptions options)
    : TestDriver(or_throw(app.pipeline_file()), app.registry(), options) {}

TestDriver::TestDriver(PipelineFile file, const Registry& registry, TestOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  impl_->build(std::move(file), registry);
}

TestDriver TestDriver::from_file(const std::string& path,
                                 const std::vector<std::pair<std::string, std::string>>& overrides,
                                 TestOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->own_registry = builtins();
  impl->build(or_throw(read_pipeline(path, overrides)), *impl->own_registry);
  return TestDriver(std::move(impl));
}

TestDriver TestDriver::from_text(std::string_view yaml, TestOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->own_registry = builtins();
  impl->build(or_throw(read_pipeline_text(yaml, "pipeline.yaml")), *impl->own_registry);
  return TestDriver(std::move(impl));
}

void TestDriver::send(std::string_view topic, std::string_view value) {
  send(topic, {.value = std::string(value)});
}

void TestDriver::send(std::string_view topic, TestInput input) {
  MemoryRecord record{.value = std::move(input.value),
                      .key = std::move(input.key),
                      .timestamp = input.timestamp.value_or(impl_->clock.now())};
  for (auto& [name, value] : input.headers)
    record.headers.emplace_back(std::move(name), std::move(value));
  impl_->topics.append(std::string(topic), input.partition.value, std::move(record));
}

Status TestDriver::try_run() {
  Worker& worker = impl_->worker();
  for (int idle = 0; idle < idle_turns;) {
    const bool did = worker.turn();
    if (worker.failure()) {
      worker.close();
      return *worker.failure();
    }
    if (!did && worker.step_pending()) {
      worker.doze(10ms);  // an asynchronous step answers from its own thread, and wakes us
      continue;
    }
    idle = did ? 0 : idle + 1;
  }
  impl_->run->tick();
  return {};
}

void TestDriver::run() {
  or_throw(try_run());
}

std::vector<TestOutput> TestDriver::read(std::string_view topic) {
  return impl_->take(topic);
}

std::vector<TestOutput> TestDriver::dead_letters() {
  return impl_->take(impl_->dead_topic);
}

TestCounts TestDriver::counts() const {
  const WorkerMetrics& m = impl_->worker().metrics();
  return {m.records_in.get(), m.forwarded.get(), m.absorbed.get(),   m.filtered.get(),
          m.dead.get(),       m.batches.get(),   m.model_calls.get()};
}

ManualClock& TestDriver::clock() noexcept {
  return impl_->clock;
}

std::map<TopicPartition, Offset> TestDriver::committed() const {
  std::map<TopicPartition, Offset> last;
  for (const auto& [at, offset] : impl_->topics.commits()) last[at] = offset;
  return last;
}

void TestDriver::revoke(std::string_view topic, Partition partition) {
  impl_->source->revoke({{std::string(topic), partition}});
}

void TestDriver::lose(std::string_view topic, Partition partition) {
  impl_->source->lose({{std::string(topic), partition}});
}

void TestDriver::assign(std::string_view topic, Partition partition) {
  impl_->source->assign({{std::string(topic), partition}});
}

void TestDriver::hold_deliveries(bool held) {
  held ? impl_->sink->cork() : impl_->sink->uncork();
}

void TestDriver::refuse_outputs_over(std::size_t bytes) {
  impl_->sink->fail_if([bytes](const SentRecord& output) -> std::optional<Error> {
    const std::size_t size = output.value ? output.value->size() : 0;
    if (size <= bytes) return std::nullopt;
    return Error(Code::output_refused, "sink: an output of at most " + std::to_string(bytes) +
                                           " bytes was expected; got " + std::to_string(size));
  });
}

void TestDriver::close() {
  if (impl_->run) impl_->worker().close();
}

}  // namespace thalweg
