#include "control/api.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/scalars.h"
#include "control/change.h"
#include "control/json_node.h"
#include "control/shown.h"
#include "model/variant_section.h"

namespace thalweg::control {
namespace {

constexpr std::size_t peek_default = 10, peek_max = 100;

Setting text(const char* name) {
  return {.name = name, .fallback = "", .doc = "A text."};
}

const Section& parameters_section() {
  static const Section section{
      .name = "parameters",
      .doc = "What is to be loaded or unloaded.",
      .settings = {
          text("version"),
          text("variant"),
          text("by"),
          text("why"),
          {.name = "shadow",
           .type = SettingType::boolean,
           .fallback = "false",
           .doc = "The shadow, not a variant."},
          {.name = "topic", .doc = "Of the shadow: where its outputs go."},
          {.name = "cpu_share",
           .type = SettingType::number,
           .min = cpu_share_min,
           .max = cpu_share_max,
           .doc = "Of the shadow: in processor cores, at most."},
          {.name = "unload_dependents",
           .type = SettingType::boolean,
           .fallback = "false",
           .doc = "Triton's clients send it with every unload; nothing here depends on a model."},
          {.name = "if_epoch", .type = SettingType::integer, .doc = "Refused if another."}}};
  return section;
}

const Section& load_section() {
  static const Section section{.name = "request",
                               .doc = "A load or unload.",
                               .settings = {{.name = "parameters",
                                             .type = SettingType::section,
                                             .section = &parameters_section(),
                                             .doc = "What."}}};
  return section;
}

const Section& state_request_section() {
  static const Section section{
      .name = "request",
      .doc = "A wanted state.",
      .settings = {
          {.name = "state", .type = SettingType::node, .doc = "Whole; null: the pipeline file's."},
          text("action"),
          text("by"),
          text("why"),
          {.name = "if_epoch", .type = SettingType::integer, .doc = "Refused if another."},
          {.name = "dry_run",
           .type = SettingType::boolean,
           .fallback = "false",
           .doc = "Nothing is written."}}};
  return section;
}

const Section& index_section() {
  static const Section section{.name = "request",
                               .doc = "Of the index.",
                               .settings = {{.name = "ready",
                                             .type = SettingType::boolean,
                                             .fallback = "false",
                                             .doc = "Only what can answer."}}};
  return section;
}

ApiReply reply(int status, const Node& node) {
  return {status, node.to_json()};
}

ApiReply failed(int status, std::string message) {
  return reply(status, Node::map({{"error", json_string(std::move(message))}}));
}

ApiReply failed(const Error& error) {
  switch (error.code()) {
    case Code::model_missing: return failed(404, error.message());
    case Code::broker_unreachable:
    case Code::delivery_failed:
    case Code::timed_out: return failed(503, error.message());
    default: return failed(error.domain() == Domain::user ? 400 : 500, error.message());
  }
}

Result<Values> read_body(const Section& section, const std::string& body) {
  if (body.find_first_not_of(" \t\r\n") == std::string::npos) return read(section, Node::map({}));
  auto node = read_json(body);
  if (!node) return std::move(node).error();
  return read(section, *node);
}

std::vector<std::string> words_of(std::string_view path) {
  std::vector<std::string> words;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    const std::size_t slash = std::min(path.find('/'), path.size());
    words.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return words;
}

// The one method of a call; empty: there is no such call.
std::string method_of(const std::vector<std::string>& words) {
  const auto is = [&](std::size_t size, const char* first,
                      std::initializer_list<const char*> last) {
    return words.size() == size && words[1] == first &&
           std::find(last.begin(), last.end(), words.back()) != last.end();
  };
  if (is(3, "repository", {"index"}) || is(5, "repository", {"load", "unload"}) ||
      is(4, "models", {"control"}) || is(4, "pipelines", {"pause", "resume"}))
    return "POST";
  return is(4, "models", {"status", "ready"}) || is(2, "pipelines", {"pipelines"}) ||
                 is(4, "pipelines", {"peek"})
             ? "GET"
             : "";
}

Node changed_node(const Changed& changed) {
  return Node::map({{"written", json_boolean(changed.written)},
                    {"from_epoch", json_number(changed.from_epoch)},
                    {"epoch", json_number(changed.epoch)},
                    {"from", state_node(shown(changed.from))},
                    {"to", state_node(shown(changed.to))},
                    {"reset", json_boolean(changed.reset)},
                    {"warning", json_string(changed.warning)}});
}

// 409 where somebody was faster, so that a script can tell it from a mistake of its own.
ApiReply write(Controller& controller, const ChangeRequest& request) {
  auto changed = controller.desk().change(request);
  controller.wake();
  if (changed) return reply(200, changed_node(*changed));
  const auto epoch = controller.desk().look(
      [&](const Board& b) { return b.model(request.pipeline, request.model).epoch; });
  if (changed.error().code() == Code::config_invalid && request.if_epoch &&
      *request.if_epoch != epoch)
    return failed(409, changed.error().message());
  return failed(changed.error());
}

ChangeRequest request_for(const Controller& controller, const ControlledModel& model,
                          const Values& who) {
  ChangeRequest request;
  request.pipeline = controller.options().pipeline;
  request.model = model.name();
  request.file_state = model.file_state();
  request.by = who.string("by");
  request.why = who.string("why");
  if (who.given("if_epoch")) request.if_epoch = who.integer("if_epoch");
  return request;
}

// What is not said stays as it is.
DesiredShadow shadow_of(const DesiredModel& now, const Values& p) {
  DesiredShadow shadow = now.shadow.value_or(DesiredShadow{});
  shadow.version = p.string("version");
  if (p.given("topic")) shadow.topic = p.string("topic");
  if (p.given("cpu_share")) shadow.cpu_share = p.number("cpu_share");
  return shadow;
}

// A shadow answers to nobody, and what is kept or prepared may later.
bool answers(const VersionReport& v) {
  return !v.role.empty() && v.role != "shadow" && v.role != "previous" && v.role != "prepared";
}

std::string stands(const VersionReport& v) {
  return v.state == "AVAILABLE"                   ? "READY"
         : v.state == "END" || v.state == "START" ? "UNAVAILABLE"
                                                  : v.state;
}

}  // namespace

bool is_guarded(const ApiRequest& request) {
  return (request.method != "GET" && request.path != "/v2/repository/index") ||
         request.path.ends_with("/peek");
}

Api::Api(std::vector<Controller*> controllers, Peek peek)
    : controllers_(std::move(controllers)), peek_(std::move(peek)) {}

ApiReply Api::handle(const ApiRequest& request) const {
  const auto words = words_of(request.path);
  const bool post = request.method == "POST";
  if (words.size() >= 2 && words[0] == "v2") {
    if (std::string method = method_of(words); !method.empty() && method != request.method) {
      ApiReply wrong =
          failed(405, fmt::format("{}: expected {}; got {}", request.path, method, request.method));
      wrong.allow = std::move(method);
      return wrong;
    }
    if (words[1] == "repository" && words.size() == 3 && words[2] == "index" && post)
      return index(request);
    if (words[1] == "repository" && words.size() == 5 && words[2] == "models" && post)
      return about_model(request, words[3], words[4]);
    if (words[1] == "models" && words.size() == 4) return about_model(request, words[2], words[3]);
    if (words[1] == "pipelines" && words.size() == 2 && !post) return pipelines();
    if (words[1] == "pipelines" && words.size() == 4)
      return about_pipeline(request, words[2], words[3]);
  }
  return failed(404, fmt::format("{} {}: expected one of the calls of docs/control.md; there is no "
                                 "such one",
                                 request.method, request.path));
}

Result<Api::Target> Api::find(const ApiRequest& request, const std::string& model) const {
  const auto wanted = request.query.find("pipeline");
  std::vector<Target> found;
  std::vector<std::string> names;
  for (Controller* controller : controllers_) {
    if (wanted != request.query.end() && controller->options().pipeline != wanted->second) continue;
    for (ControlledModel* m : controller->models()) {
      names.push_back(m->name());
      if (m->name() == model) found.push_back({controller, m});
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    return Error(Code::model_missing, fmt::format("model: expected one of {}; got '{}'.{}",
                                                  names.empty() ? "none" : quoted_list(names),
                                                  model, did_you_mean(model, names)));
  return Error(Code::config_invalid,
               fmt::format("model '{}': expected one pipeline to have it; {} have; add "
                           "?pipeline=NAME",
                           model, found.size()));
}

ApiReply Api::index(const ApiRequest& request) const {
  auto values = read_body(index_section(), request.body);
  if (!values) return failed(values.error());
  std::vector<Node> all;
  for (const Controller* controller : controllers_) {
    for (const ControlledModel* model : controller->models()) {
      for (const VersionReport& v : model->versions()) {
        if (values->boolean("ready") && v.state != "AVAILABLE") continue;
        all.push_back(Node::map({{"name", json_string(model->name())},
                                 {"version", json_string(std::to_string(v.version))},
                                 {"state", json_string(stands(v))},
                                 {"reason", json_string(v.reason)},
                                 {"role", json_string(v.role)},
                                 {"uri", json_string(v.uri)},
                                 {"pipeline", json_string(controller->options().pipeline)}}));
      }
    }
  }
  return reply(200, Node::sequence(std::move(all)));
}

ApiReply Api::about_model(const ApiRequest& request, const std::string& model,
                          const std::string& what) const {
  auto target = find(request, model);
  if (!target) return failed(target.error());
  const bool post = request.method == "POST";
  const bool repository = request.path.starts_with("/v2/repository/");
  if (repository && what == "load") return load(request, *target);
  if (repository && what == "unload") return unload(request, *target);
  if (!repository && what == "control" && post) return set_state(request, *target);
  if (!repository && what == "status" && !post) return status(*target);
  if (!repository && what == "ready" && !post) {
    const auto versions = target->model->versions();
    const bool ready = std::any_of(versions.begin(), versions.end(), [](const VersionReport& v) {
      return v.state == "AVAILABLE" && answers(v);
    });
    return reply(ready ? 200 : 503,
                 Node::map({{"name", json_string(model)}, {"ready", json_boolean(ready)}}));
  }
  return failed(404, fmt::format("model '{}': expected status, ready, control, load or unload; got "
                                 "'{}'",
                                 model, what));
}

ApiReply Api::status(const Target& target) const {
  const auto question = target.controller->question(*target.model);
  Node node = target.controller->desk().look(
      [&](const Board& board) { return status_node(board, question); });
  ModelReport here = target.controller->report(*target.model);
  const auto tests = target.controller->options().ab();
  if (const auto own = tests.find(target.model->name()); own != tests.end()) here.ab = own->second;
  node.set("here", to_node(here));
  node.set("log", json_string(target.controller->desk().log().where()));
  node.set("trouble", json_string(target.controller->trouble()));
  return reply(200, node);
}

ApiReply Api::set_state(const ApiRequest& request, const Target& target) const {
  auto values = read_body(state_request_section(), request.body);
  if (!values) return failed(values.error());
  if (!values->given("state"))
    return failed(400,
                  "state: expected the whole wanted state, or null for the pipeline file's; "
                  "got none");
  std::optional<DesiredModel> next;
  if (const Node& state = values->node("state"); !state.is_null()) {
    auto parsed = parse_state(state);
    if (!parsed) return failed(parsed.error());
    next = *std::move(parsed);
  }
  ChangeRequest change = request_for(*target.controller, *target.model, *values);
  change.action = values->string("action").empty() ? "set" : values->string("action");
  change.dry_run = values->boolean("dry_run");
  change.change = [&](const DesiredModel&, const Wanted&) -> Result<std::optional<DesiredModel>> {
    return next;
  };
  return write(*target.controller, change);
}

ApiReply Api::load(const ApiRequest& request, const Target& target) const {
  auto values = read_body(load_section(), request.body);
  if (!values) return failed(values.error());
  const Values& p = values->section("parameters");
  ChangeRequest change = request_for(*target.controller, *target.model, p);
  change.action = "load";
  change.change = [&](const DesiredModel& now,
                      const Wanted& wanted) -> Result<std::optional<DesiredModel>> {
    // Without a version there is nothing to change: the model is loaded.
    if (p.string("version").empty())
      return wanted.record ? std::optional(now) : std::optional<DesiredModel>();
    const std::string variant = p.string("variant"), version = p.string("version");
    auto next = p.boolean("shadow") ? with_shadow(now, shadow_of(now, p))
                : variant.empty()   ? with_all_traffic(now, version)
                                    : with_version(now, variant, version);
    if (!next) return std::move(next).error();
    return std::optional(*std::move(next));
  };
  return write(*target.controller, change);
}

ApiReply Api::unload(const ApiRequest& request, const Target& target) const {
  auto values = read_body(load_section(), request.body);
  if (!values) return failed(values.error());
  const Values& p = values->section("parameters");
  ChangeRequest change = request_for(*target.controller, *target.model, p);
  change.action = "unload";
  change.change = [&](const DesiredModel& now,
                      const Wanted&) -> Result<std::optional<DesiredModel>> {
    if (!p.boolean("shadow") && p.string("variant").empty())
      return Error(Code::config_invalid,
                   fmt::format("model '{}': expected a variant or the shadow to be unloaded; got "
                               "the whole model, which the pipeline calls; pause the pipeline "
                               "instead",
                               target.model->name()));
    auto next = p.boolean("shadow")
                    ? with_shadow(now, std::nullopt)
                    : with_route(now, {RouteChange{p.string("variant"), std::uint32_t{0}, {}}});
    if (!next) return std::move(next).error();
    return std::optional(*std::move(next));
  };
  return write(*target.controller, change);
}

ApiReply Api::pipelines() const {
  std::vector<Node> all;
  for (const Controller* controller : controllers_) {
    std::vector<Node> models;
    for (const ControlledModel* model : controller->models())
      models.push_back(json_string(model->name()));
    const std::string& name = controller->options().pipeline;
    auto& desk = const_cast<Controller*>(controller)->desk();
    all.push_back(Node::map(
        {{"pipeline", json_string(name)},
         {"paused", json_boolean(desk.look([&](const Board& b) { return b.paused(name); }))},
         {"models", Node::sequence(std::move(models))}}));
  }
  return reply(200, Node::sequence(std::move(all)));
}

ApiReply Api::about_pipeline(const ApiRequest& request, const std::string& pipeline,
                             const std::string& what) const {
  const auto it = std::find_if(controllers_.begin(), controllers_.end(), [&](const Controller* c) {
    return c->options().pipeline == pipeline;
  });
  if (it == controllers_.end())
    return failed(404, fmt::format("pipeline: expected one of this process; got '{}'", pipeline));
  Controller& controller = **it;
  if (request.method == "POST" && (what == "pause" || what == "resume")) {
    auto values = read_body(load_section(), request.body);
    if (!values) return failed(values.error());
    const Values& p = values->section("parameters");
    const auto done =
        controller.desk().pause(pipeline, what == "pause", p.string("by"), p.string("why"));
    controller.wake();
    if (!done) return failed(done.error());
    return reply(200, Node::map({{"pipeline", json_string(pipeline)},
                                 {"paused", json_boolean(what == "pause")},
                                 {"warning", json_string(*done)}}));
  }
  if (request.method == "GET" && what == "peek" && peek_) {
    const auto word = [&](const char* name) {
      const auto found = request.query.find(name);
      return found == request.query.end() ? std::string() : found->second;
    };
    const auto limit = word("limit").empty() ? std::optional<std::int64_t>(peek_default)
                                             : config::parse_integer(word("limit"));
    if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(peek_max))
      return failed(400, fmt::format("limit: expected 1 to {}; got '{}'", peek_max, word("limit")));
    auto rows = peek_(pipeline, word("step"), static_cast<std::size_t>(*limit), request.stop);
    return rows ? reply(200, *rows) : failed(rows.error());
  }
  return failed(404, fmt::format("pipeline '{}': expected pause, resume or peek; got {} '{}'",
                                 pipeline, request.method, what));
}

}  // namespace thalweg::control
