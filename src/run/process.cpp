#include "run/process.h"

#include <algorithm>
#include <chrono>
#include <unistd.h>

#include <fmt/format.h>

#include "model/resident.h"
#include "run/controlled_models.h"
#include "run/exit_code.h"
#include "run/kafka_ports.h"
#include "run/models_of.h"
#include "run/signal_mask.h"
#include "run/signals.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds peek_time = 5s;
// After shutdown_timeout: ten seconds for the last commit, five in which librdkafka waits for the answer of a group that it leaves.
constexpr std::chrono::milliseconds commit_and_leave = 15s;

bool in_a_call(const Worker& worker) {
  return worker.metrics().call_began_ns.load(std::memory_order_relaxed) != 0;
}

// Threads that start a pipeline are joined whatever happens.
void join_all(std::vector<std::thread>& threads) {
  for (std::thread& thread : threads) thread.join();
  threads.clear();
}

}  // namespace

LogLevel log_level_of(const Values& pipeline) {
  const std::string& level = pipeline.section("log").string("level");
  if (level == "debug") return LogLevel::debug;
  if (level == "warning") return LogLevel::warning;
  return level == "error" ? LogLevel::error : LogLevel::info;
}

LogFormat log_format_of(const Values& pipeline) {
  const std::string& format = pipeline.section("log").string("format");
  if (format == "human") return LogFormat::human;
  return format == "json" ? LogFormat::json : LogFormat::automatic;
}

Process::Process(const Registry& registry, Log& log) : registry_(registry), log_(log) {}

Process::~Process() {
  request_stop();
  join_all(starts_);
  if (http_) http_->stop();
  controls_.clear();
  pipelines_.clear();
}

bool Process::started() const noexcept {
  return std::all_of(pipelines_.begin(), pipelines_.end(),
                     [](const auto& p) { return p->started(); });
}

void Process::request_stop() noexcept {
  stop_.request_stop();
  // Pipelines are only added before run(), so the list is still.
  for (auto& pipeline : pipelines_) pipeline->request_stop();
  changed_.notify_all();
  if (stop_deadline_) stop_deadline_->arm(stop_time());
}

void Process::end_in_time() {
  stop_deadline_ = std::make_unique<StopDeadline>([this](std::chrono::milliseconds time) {
    const bool hung = in_call_.load();
    log_.error("process.overdue",
               Error(hung ? Code::model_hung : Code::timed_out,
                     fmt::format("stop: expected to be done {} s after it was asked for; {}; the "
                                 "process ends, and what is not committed will be read again",
                                 time.count() / 1000,
                                 hung ? "a step still runs" : "the brokers have not answered")));
    ::_exit(hung ? exit_hung : exit_external);
  });
}

std::chrono::milliseconds Process::stop_time() const {
  std::int64_t longest = 0;
  for (const auto& pipeline : pipelines_)
    longest = std::max(longest, pipeline->file().values.integer("shutdown_timeout"));
  return std::chrono::milliseconds(longest) + commit_and_leave;
}

Status Process::add(PipelineFile file, ScoreObserver* observer) {
  const std::string name = file.values.string("pipeline");
  for (const auto& other : pipelines_) {
    if (other->name() == name) {
      return config_error(file.values.where("pipeline"),
                          fmt::format("pipeline: a name of its own was expected; '{}' is another "
                                      "pipeline of this process; rename one",
                                      name));
    }
  }
  const SignalMask mask;  // loading a model starts threads
  using control::StartFrom;
  // A record that the steps cannot follow must not keep the process from starting, which a running one would have refused.
  for (const StartFrom from : {StartFrom::record, StartFrom::before, StartFrom::file}) {
    const std::size_t controls = controls_.size();
    const Status added = add_from(file, observer, from);
    if (added.ok()) break;
    const bool by_record = controls_.size() > controls && controls_.back() != nullptr &&
                           controls_.back()->controller().began_with_record();
    controls_.resize(controls);
    if (!by_record) return added;
    log_.write(LogLevel::error, "control.refused",
               fmt::format("{}: expected to follow its control records; got: {}; what was wanted "
                           "before is tried",
                           name, added.error().message()),
               {{"pipeline", name}});
  }
  say_models(*pipelines_.back());
  follow_models(*pipelines_.back());
  return {};
}

Status Process::add_from(const PipelineFile& file, ScoreObserver* observer,
                         control::StartFrom from) {
  auto models = models_of(file, registry_);
  if (!models) return std::move(models).error();
  const auto check = std::make_shared<StateCheck>();
  if (follows_control_) {
    if (Status s = add_control(file, **models, check, from); !s) return s;
  }
  auto pipeline = PipelineRun::build(file, registry_, **models, clock_, log_, observer);
  if (!pipeline) return std::move(pipeline).error();
  *check = state_check_of((*pipeline)->chain());
  if (follows_control_ && controls_.back() != nullptr)
    controls_.back()->tell_ab([run = pipeline->get()] { return run->monitoring().ab(); });
  models_.push_back(std::move(models).value());
  pipelines_.push_back(std::move(pipeline).value());
  return {};
}

Status Process::add_control(const PipelineFile& file, Models& models,
                            std::shared_ptr<const StateCheck> check, control::StartFrom from) {
  // Nobody could change anything: no thread for that.
  const Values& v = file.values;
  if (!v.section("control").has("topic") && !v.has("state_directory") && !v.given("http") &&
      !any_guarded(models)) {
    controls_.push_back(nullptr);
    return {};
  }
  auto control = ControlRun::make(file, controlled_models(models, std::move(check)), clock_, log_,
                                  stop_.get_token());
  if (!control) return std::move(control).error();
  controls_.push_back(*std::move(control));
  return controls_.back()->begin(from);
}

void Process::start_controls() {
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    if (!controls_[i]) continue;
    controls_[i]->guard(guarded_models(*models_[i], controls_[i]->controller()),
                        [pipeline = pipelines_[i].get()] { return pipeline->version_totals(); });
    controls_[i]->start([pipeline = pipelines_[i].get()](bool yes) { pipeline->pause(yes); });
  }
}

Result<Node> Process::peek(const std::string& pipeline, const std::string& step, std::size_t rows,
                           const std::stop_token& stop) {
  for (const auto& p : pipelines_) {
    if (p->name() == pipeline) return p->peek().look(step, rows, peek_time, stop);
  }
  return Error(Code::config_invalid,
               "peek: expected a pipeline of this process; got '" + pipeline + "'");
}

// What a person wants to know at start: which model, and what a row of it costs.
void Process::say_models(const PipelineRun& pipeline) {
  for (const std::string& name : models_.back()->names()) {
    auto handle = models_.back()->model(name);
    if (!handle) continue;
    const auto version = (*handle)->current();
    std::string costs;
    for (const BatchCost& cost : version->costs) {
      costs += fmt::format("{}{:.1f} us at {}", costs.empty() ? "" : ", ", cost.cpu_us_per_row,
                           cost.rows);
    }
    for (const std::string& warning : version->warnings) {
      log_.write(LogLevel::warning, "model.warning",
                 fmt::format("{}: model '{}': {}", pipeline.name(), name, warning),
                 {{"pipeline", pipeline.name()}, {"model", name}});
    }
    log_.write(LogLevel::info, "model.ready",
               fmt::format("{}: model '{}' version {} ({}) is warm{}{}", pipeline.name(), name,
                           version->version, version->runtime,
                           costs.empty() ? "" : "; CPU a row: ", costs),
               {{"pipeline", pipeline.name()},
                {"model", name},
                {"version", version->version},
                {"runtime", version->runtime},
                {"cost", costs}});
  }
}

// New versions are looked for from now on, and what becomes of them is said.
void Process::follow_models(const PipelineRun& pipeline) {
  models_.back()->on_news([this, name = pipeline.name()](const VersionNews& news) {
    log_.write(news.warning ? LogLevel::warning : LogLevel::info, news.event,
               fmt::format("{}: model '{}': {}", name, news.model, news.text),
               {{"pipeline", name}, {"model", news.model}, {"version", news.version}});
  });
  models_.back()->start();
}

Status Process::run() {
  return run(kafka_ports(log_, stop_.get_token()));
}

Status Process::run(const Ports& ports) {
  const SignalWatch signals([this](int signal) {
    log_.write(LogLevel::info, "process.stopping",
               signal == SIGINT
                   ? "stopping: finishing what is under way (Ctrl-C again to stop at once)"
                   : "stopping: finishing what is under way");
    request_stop();
  });
  if (Status http = start_http(); !http.ok()) return http;
  start_controls();
  start_pipelines(ports);
  wait_for_end();
  join_all(starts_);
  // Their ends may have come in another order.
  if (first_failed_ != nullptr) {
    if (Status ended = first_failed_->join(); !ended.ok())
      failed(*first_failed_, std::move(ended).error());
  }
  for (auto& pipeline : pipelines_) {
    if (Status ended = pipeline->join(); !ended.ok()) failed(*pipeline, std::move(ended).error());
  }
  if (http_) http_->stop();
  for (const auto& control : controls_)
    if (control) control->stop();
  if (failure_) return *failure_;
  return {};
}

HttpHandlers Process::handlers() {
  HttpHandlers handlers;
  handlers.metrics = [this] {
    std::vector<PipelineView> views;
    for (std::size_t i = 0; i < pipelines_.size(); ++i) {
      if (!pipelines_[i]->started()) continue;
      views.push_back(pipelines_[i]->view());
      for (const std::string& name : models_[i]->names()) {
        if (const auto model = models_[i]->served(name))
          views.back().changes.push_back({name, model->swaps(), model->failed_loads()});
      }
      if (i < controls_.size() && controls_[i]) views.back().control = controls_[i]->view();
    }
    return metrics_page(views);
  };
  handlers.monitoring = [this] {
    std::string all = "[";
    for (const auto& p : pipelines_) all += (all.size() > 1 ? "," : "") + p->monitoring().json();
    return all + "]";
  };
  handlers.not_ready = [this]() -> std::string {
    if (stop_.stop_requested()) return "stopping";
    for (const auto& p : pipelines_) {
      if (std::string why = p->not_ready(); !why.empty()) return why;
    }
    return {};
  };
  handlers.not_live = [this]() -> std::string {
    for (const auto& p : pipelines_) {
      if (std::string why = p->not_live(watchdog_); !why.empty()) return why;
    }
    return {};
  };
  handlers.remark = [this] {
    std::string text;
    for (const auto& p : pipelines_)
      if (p->paused()) text += p->name() + ": paused\n";
    return text;
  };
  handlers.fault = [this](std::string_view path, std::string_view what) {
    log_.write(LogLevel::error, "http.fault",
               fmt::format("http: {}: expected an answer of its handler; got: {}; the caller heard "
                           "500; please report it",
                           path, what),
               {{"path", std::string(path)}});
  };
  std::vector<control::Controller*> controllers;
  for (const auto& control : controls_)
    if (control) controllers.push_back(&control->controller());
  if (controllers.empty()) return handlers;
  api_ = std::make_unique<control::Api>(
      std::move(controllers),
      [this](const std::string& pipeline, const std::string& step, std::size_t rows,
             const std::stop_token& stop) { return peek(pipeline, step, rows, stop); });
  handlers.api = [this](const control::ApiRequest& request) { return api_->handle(request); };
  return handlers;
}

Status Process::start_http() {
  for (const auto& pipeline : pipelines_) {
    const Values& values = pipeline->file().values;
    if (!values.given("http")) continue;
    const Values& section = values.section("http");
    HttpHandlers served = handlers();
    if (section.has("token")) served.token = section.string("token");
    http::Limits limits;
    limits.connections_max = static_cast<std::size_t>(section.integer("connections_max"));
    http_ = std::make_unique<HttpServer>(section.string("address"),
                                         static_cast<std::uint16_t>(section.integer("port")),
                                         std::move(served), limits);
    if (Status started = http_->start(); !started.ok()) return started;
    log_.write(LogLevel::info, "http.listening",
               fmt::format("http: listening on {}:{}", section.string("address"), http_->port()),
               {{"port", http_->port()}});
    return {};
  }
  return {};
}

void Process::start_pipelines(const Ports& ports) {
  starting_ = pipelines_.size();
  for (auto& pipeline : pipelines_) {
    starts_.emplace_back(
        [this, &pipeline = *pipeline, &ports] { start_pipeline(pipeline, ports); });
  }
}

// On a thread of its own.
void Process::start_pipeline(PipelineRun& pipeline, const Ports& ports) {
  // Notified under the lock, or the waiter could look just before and sleep just after.
  Status started = pipeline.start(ports, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  release_loading_memory();
  const std::lock_guard lock(mutex_);
  --starting_;
  if (!started.ok()) failed(pipeline, std::move(started).error());
  changed_.notify_all();
}

// The first one is what the process ends with. REQUIRES mutex_, or that nobody else runs.
void Process::failed(const PipelineRun& pipeline, Error error) {
  if (failure_ || error.code() == Code::stopped) return;
  const bool several = pipelines_.size() > 1;
  failure_ = several ? std::move(error).at("pipeline '" + pipeline.name() + "'") : std::move(error);
}

void Process::wait_for_end() {
  const std::jthread keeper([this](const std::stop_token& stop) { keep_memberships(stop); });
  std::uint64_t last_records = 0;
  std::unique_lock lock(mutex_);
  const auto ended = [&] {
    return starting_ == 0 && std::all_of(pipelines_.begin(), pipelines_.end(),
                                         [](const auto& p) { return p->ended(); });
  };
  while (!ended()) {
    changed_.wait_for(lock, 1s);
    watch_calls();
    tick();
    show_progress(last_records);
    // One that failed takes the others with it.
    for (const auto& p : pipelines_) {
      if (first_failed_ == nullptr && p->failed()) first_failed_ = p.get();
    }
    if ((failure_ || first_failed_ != nullptr) && !stop_.stop_requested()) {
      lock.unlock();
      request_stop();
      lock.lock();
    }
  }
}

// How long a call may take is the watchdog's to say, not max.poll.interval.ms: who is inside stays a member of his group. On a thread of its
// own, since answering a group may take its time, and whoever watches calls must look each second.
void Process::keep_memberships(const std::stop_token& stop) {
  std::mutex nothing;
  std::condition_variable_any stopped;
  std::unique_lock lock(nothing);
  while (!stop.stop_requested()) {
    stopped.wait_for(lock, stop, 1s, [] { return false; });
    for_each_worker([](const PipelineRun&, Worker& worker) {
      if (in_a_call(worker)) worker.keep_membership();
    });
  }
}

void Process::watch_calls() {
  const auto now = clock_.monotonic();
  bool in_call = false;
  for_each_worker([&](const PipelineRun& pipeline, const Worker& worker) {
    in_call = in_call || in_a_call(worker);
    const WatchdogLimits limits = watchdog_limits(pipeline.file());
    if (watchdog_.look(pipeline.name(), worker.metrics(), limits, now)) ::_exit(exit_hung);
  });
  in_call_ = in_call;
}

void Process::tick() {
  for (const auto& pipeline : pipelines_) {
    if (pipeline->started()) pipeline->tick();
  }
}

void Process::show_progress(std::uint64_t& last_records) {
  if (!log_.on_terminal()) return;
  std::uint64_t in = 0, out = 0, dead = 0;
  std::int64_t lag = 0;
  for_each_worker([&](const PipelineRun&, const Worker& worker) {
    const WorkerMetrics& m = worker.metrics();
    in += m.records_in.get();
    out += m.outputs.get();
    dead += m.dead.get();
    for (const PartitionLag& l : m.lag()) lag += std::max<std::int64_t>(l.records, 0);
  });
  log_.progress(
      fmt::format("{} in, {} out, {} dead, {}/s, lag {}", in, out, dead, in - last_records, lag));
  last_records = in;
}

}  // namespace thalweg
