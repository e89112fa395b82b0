#include "thalweg/app.h"

#include <atomic>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "app/app_impl.h"
#include "config/pipeline.h"
#include "config/yaml_reader.h"
#include "model/left_behind.h"
#include "run/exit_code.h"
#include "run/process.h"

namespace thalweg {
namespace {

Node text(std::string_view value) {
  return Node::scalar(std::string(value), true);
}

}  // namespace

Node App::Impl::parse(std::string_view yaml, std::string_view what) {
  auto node = read_yaml(yaml, {.name = std::string(what), .lines = false});
  if (node) return std::move(node).value();
  if (!mistake) mistake = std::move(node).error();
  return {};
}

App::App(std::string pipeline) : impl_(std::make_unique<Impl>(*this)) {
  register_builtins(impl_->registry);
  impl_->root = Node::map({});
  impl_->root.set("pipeline", text(pipeline));
}

App::~App() = default;

Registry& App::registry() noexcept {
  return impl_->registry;
}

App& App::set(std::string_view key, std::string_view value) {
  impl_->overrides.emplace_back(key, value);
  return *this;
}

App& App::model(std::string_view name, std::string_view path, std::string_view settings) {
  Node model = impl_->parse(settings, fmt::format("model '{}'", name));
  if (!model.is_map()) model = Node::map({});
  model.set("path", text(path));
  impl_->models.set(name, std::move(model));
  return *this;
}

App& App::dead_letters(std::string_view topic) {
  impl_->root.set("dead_letters", text(topic));
  return *this;
}

Stream& App::from(std::string_view topic, const Schema& fields, std::string_view settings) {
  Node from = impl_->parse(settings, fmt::format("from '{}'", topic));
  if (!from.is_map()) from = Node::map({});
  if (from.find("topic") == nullptr) from.set("topic", text(topic));
  if (from.find("fields") == nullptr) {
    Node declared = Node::map({});
    for (const Field& field : fields.fields) {
      // "float32 [121]" is how a type is printed, "float32[121]" how it is written.
      std::string type = field.type.to_string();
      std::erase(type, ' ');
      declared.set(field.name, Node::scalar(type));
    }
    from.set("fields", std::move(declared));
  }
  impl_->root.set("from", std::move(from));
  return impl_->stream;
}

Stream& Stream::step(std::string_view kind, std::string_view settings) {
  Node step = Node::map({});
  step.set(kind, app_.impl_->parse(settings, fmt::format("step {}", kind)));
  app_.impl_->steps.push_back(std::move(step));
  return *this;
}

Stream& Stream::infer(std::string_view model, std::string_view settings) {
  Node infer = app_.impl_->parse(settings, "step infer");
  if (!infer.is_map()) infer = Node::map({});
  infer.set("model", text(model));
  Node step = Node::map({});
  step.set("infer", std::move(infer));
  app_.impl_->steps.push_back(std::move(step));
  return *this;
}

Stream& Stream::to(std::string_view topic, std::string_view value, std::string_view settings) {
  Node to = app_.impl_->parse(settings, fmt::format("to '{}'", topic));
  if (!to.is_map()) to = Node::map({});
  to.set("topic", text(topic));
  if (!value.empty())
    to.set("value", app_.impl_->parse(value, fmt::format("to '{}' value", topic)));
  app_.impl_->outputs.push_back(std::move(to));
  return *this;
}

Stream& Stream::batch(BatchFunction f, std::string name) {
  return function("batch", std::move(name), [f = std::move(f)](const OperatorContext& context) {
    return Result<std::unique_ptr<Operator>>(make_batch_operator(f, *context.input));
  });
}

// A function is registered as a kind of its own, under a name no file can write.
Stream& Stream::function(std::string_view what, std::string name, MakeOperator make) {
  static const Section no_settings{
      .name = "function", .doc = "A function of the application.", .settings = {}};
  App::Impl& impl = *app_.impl_;
  if (name.empty()) name = fmt::format("{} {}", what, impl.steps.size() + 1);
  // Kinds of one name replace each other: a second function would silently run in place of the first.
  if (impl.registry.op(name) != nullptr && !impl.mistake) {
    impl.mistake =
        Error(Code::config_invalid,
              fmt::format("{} '{}': a name of its own was expected; there is a step of that name "
                          "already; name the function otherwise, or not at all",
                          what, name));
  }
  impl.registry.add(
      OperatorKind{.name = name,
                   .doc = "A function of the application.",
                   .section = &no_settings,
                   .make = [make = std::move(make)](const Values&, const OperatorContext& context) {
                     return make(context);
                   }});
  Node step = Node::map({});
  step.set(name, Node::map({}));
  impl.steps.push_back(std::move(step));
  return *this;
}

Result<PipelineFile> App::pipeline_file() const {
  if (impl_->mistake) return *impl_->mistake;
  Node root = impl_->root;
  if (!impl_->models.entries().empty()) root.set("models", impl_->models);
  if (!impl_->steps.empty()) root.set("steps", Node::sequence(impl_->steps));
  root.set("to", Node::sequence(impl_->outputs));
  return read_pipeline_node(std::move(root), impl_->overrides);
}

Status App::check() {
  auto file = pipeline_file();
  if (!file) return std::move(file).error();
  Log log(LogLevel::warning, LogFormat::automatic);
  Process process(impl_->registry, log);
  return process.add(std::move(file).value());
}

Status App::run() {
  auto file = pipeline_file();
  if (!file) return std::move(file).error();
  Log log(log_level_of(file->values), log_format_of(file->values));
  Process process(impl_->registry, log);
  process.follow_control();
  if (Status added = process.add(std::move(file).value()); !added.ok()) return added;
  impl_->running(&process);
  Status ended = process.run();
  impl_->running(nullptr);
  return ended;
}

void App::request_stop() noexcept {
  const std::lock_guard lock(impl_->process_mutex);
  impl_->stop_wanted = true;
  if (impl_->process != nullptr) impl_->process->request_stop();
}

void App::Impl::running(Process* now) {
  const std::lock_guard lock(process_mutex);
  process = now;
  if (process != nullptr && stop_wanted) process->request_stop();
}

int App::main(int argc, char** argv) {
  bool only_check = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--check") {
      only_check = true;
    } else if (argument == "--set" && i + 1 < argc) {
      auto override = parse_override(argv[++i]);
      if (!override) return report(override.error());
      impl_->overrides.push_back(std::move(override).value());
    } else {
      fmt::print(argument == "--help" ? stdout : stderr, "usage: {} [--check] [--set key=value]…\n",
                 argv[0]);
      return argument == "--help" ? exit_ok : exit_usage;
    }
  }
  Status status = only_check ? check() : run();
  const int code = status.ok() ? exit_ok : report(status.error());
  end_if_any_left_behind(code);
  return code;
}

bool App::left_threads_behind() noexcept {
  return left_behind_so_far() > 0;
}

}  // namespace thalweg
