#include "run/control_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "control/file_log.h"
#include "control/kafka_log.h"
#include "run/kafka_ports.h"
#include "run/process_id.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

LogLevel level_of(control::ControlNews::Level level) {
  switch (level) {
    case control::ControlNews::Level::info: return LogLevel::info;
    case control::ControlNews::Level::warning: return LogLevel::warning;
    default: return LogLevel::error;
  }
}

}  // namespace

Result<std::unique_ptr<control::ControlLog>> control_log_of(const PipelineFile& file,
                                                            ControlTopics topics,
                                                            kafka::LogSink log,
                                                            const std::stop_token& stop,
                                                            std::chrono::milliseconds timeout) {
  const Values& settings = file.values.section("control");
  const std::string pipeline = file.values.string("pipeline");
  if (settings.has("topic")) {
    auto config = kafka_config_of(file);
    if (!config) return std::move(config).error();
    control::KafkaLogOptions options;
    options.kafka = *std::move(config);
    options.topic = settings.string("topic");
    options.audit_topic = audit_topic(settings);
    options.client_id = "thalweg-control-" + pipeline;
    options.create_missing = topic_creation_of(file);
    if (!options.create_missing && topics == ControlTopics::create)
      options.create_missing = kafka::TopicSpec{};
    if (topics == ControlTopics::leave) options.create_missing.reset();
    options.timeout = timeout;
    options.log = std::move(log);
    options.stop = stop;
    return std::unique_ptr<control::ControlLog>(
        std::make_unique<control::KafkaLog>(std::move(options)));
  }
  if (!file.values.has("state_directory")) return std::unique_ptr<control::ControlLog>();
  return std::unique_ptr<control::ControlLog>(
      std::make_unique<control::FileLog>(file.values.string("state_directory"), pipeline));
}

Result<std::unique_ptr<ControlRun>> ControlRun::make(
    const PipelineFile& file, std::vector<std::unique_ptr<control::ControlledModel>> models,
    const Clock& clock, Log& log, const std::stop_token& stop) {
  std::unique_ptr<ControlRun> run(new ControlRun(clock, log, stop));
  auto entries = control_log_of(file, ControlTopics::as_configured, kafka_log_sink(log), stop);
  if (!entries) return std::move(entries).error();
  run->entries_ = *std::move(entries);
  if (!run->entries_) run->entries_ = std::make_unique<control::MemoryLog>();
  run->desk_ = std::make_unique<control::Desk>(*run->entries_, clock);
  run->models_ = std::move(models);

  const Values& settings = file.values.section("control");
  control::ControllerOptions options;
  options.pipeline = file.values.string("pipeline");
  // A process that shares nothing takes its own place after a restart.
  options.process = run->entries_->shared() ? ProcessId::random().text() : "only";
  options.host = host_name();
  options.pid = ::getpid();
  options.alive = std::chrono::milliseconds(settings.integer("alive"));
  options.ready_share = settings.number("ready_share");
  options.news = [&log, pipeline = options.pipeline](const control::ControlNews& news) {
    log.write(level_of(news.level), news.event, news.text, {{"pipeline", pipeline}});
  };
  options.on_pause = [run = run.get()](bool yes) { run->on_pause_(yes); };
  options.ab = [run = run.get()] {
    return run->ab_ ? run->ab_() : std::map<std::string, std::string>();
  };
  options.each_round = [run = run.get()] {
    if (run->guards_) run->guards_->round();
  };
  std::vector<control::ControlledModel*> steered;
  for (const auto& model : run->models_) steered.push_back(model.get());
  run->controller_ = std::make_unique<control::Controller>(std::move(options), *run->desk_,
                                                           std::move(steered), clock);
  return run;
}

ControlRun::~ControlRun() {
  stop();
}

// A broker that does not answer is waited for, as the streams wait for it. Said once.
Status ControlRun::begin(control::StartFrom from) {
  bool said = false;
  for (auto pause = 200ms; true; pause = std::min<std::chrono::milliseconds>(pause * 2, 5s)) {
    Status status = entries_->open();
    if (status) status = controller_->begin(from);
    if (status || status.error().retry() != Retry::backoff) return status;
    const std::string& pipeline = controller_->options().pipeline;
    if (!said)
      log_.write(LogLevel::warning, "control.waiting", pipeline + ": " + status.error().message(),
                 {{"pipeline", pipeline}});
    said = true;
    for (auto slept = 0ms; slept < pause; slept += 50ms) {
      if (stop_.stop_requested())
        return Error(Code::stopped, pipeline + ": stopped before a broker answered");
      std::this_thread::sleep_for(50ms);
    }
  }
}

void ControlRun::guard(std::vector<control::GuardedModel> models, control::Guards::Totals totals) {
  if (models.empty()) return;
  const control::ControllerOptions& options = controller_->options();
  guards_ = std::make_unique<control::Guards>(options.pipeline, *desk_, clock_, std::move(models),
                                              std::move(totals), options.news);
}

void ControlRun::start(std::function<void(bool)> on_pause) {
  on_pause_ = std::move(on_pause);
  controller_->turn();  // a pipeline that is to rest does so from its first record on
  controller_->start();
}

void ControlRun::stop() {
  if (controller_) controller_->stop();
}

ControlView ControlRun::view() const {
  ControlView view;
  const control::ControlCounts counts = controller_->counts();
  view.records_broken = counts.records_broken;
  view.failures = counts.failures;
  view.processes = counts.processes;
  for (const auto& model : models_) {
    const control::ModelReport report = controller_->report(*model);
    view.models.push_back({model->name(), report.wish, report.active,
                           report.prepared == report.wish, !report.refused.empty(),
                           guards_ ? guards_->rollbacks(model->name()) : 0});
  }
  return view;
}

}  // namespace thalweg
