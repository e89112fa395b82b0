#include "cli/present_models.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/pipeline_edit.h"
#include "control/desk.h"
#include "model/uri.h"
#include "model/wish.h"
#include "run/clock.h"
#include "run/control_run.h"
#include "run/controlled_models.h"

namespace thalweg::cli {
namespace {

std::vector<std::string> model_names(const PipelineFile& file) {
  std::vector<std::string> names;
  const Node& models = file.values.node("models");
  if (models.is_map())
    for (const auto& [name, entry] : models.entries()) names.push_back(name);
  return names;
}

Node entry_of(const Node& entry, const DesiredModel& state) {
  Node made = entry.is_map() ? entry : Node::map({{"path", entry}}, entry.where());
  for (const char* setting : {"version", "variants", "shadow", "guards", "salt", "key"})
    made = without(made, setting);
  if (state.variants.size() == 1 && state.variants.front().name.empty()) {
    made.set("version", Node::scalar(state.variants.front().version));
  } else {
    std::vector<Node> variants;
    for (const DesiredVariant& v : state.variants)
      variants.push_back(Node::map({{"name", Node::scalar(v.name, true)},
                                    {"version", Node::scalar(v.version, true)},
                                    {"share", Node::scalar(share_text(v.share), true)}}));
    made.set("variants", Node::sequence(std::move(variants)));
  }
  if (!state.salt.empty()) made.set("salt", Node::scalar(state.salt, true));
  if (!state.key.empty()) made.set("key", Node::scalar(state.key, true));
  if (!state.labels.empty()) {
    std::vector<std::pair<std::string, Node>> labels;
    for (const auto& [label, version] : state.labels)
      labels.emplace_back(label, Node::scalar(version));
    made.set("labels", Node::map(std::move(labels)));
  }
  return made;
}

}  // namespace

Result<std::map<std::string, DesiredModel>> recorded_states(const PipelineFile& file,
                                                            const Registry& registry,
                                                            std::chrono::milliseconds timeout) {
  std::map<std::string, DesiredModel> found;
  auto states = file_states(file, registry);
  if (!states) return states;
  auto log = control_log_of(
      file, ControlTopics::leave, [](kafka::LogLevel, std::string_view) {}, {}, timeout);
  if (!log) return std::move(log).error();
  if (*log == nullptr) return found;
  if (Status opened = (*log)->open(); !opened) {
    if (opened.error().code() == Code::topic_missing) return found;
    return std::move(opened).error();
  }
  const SystemClock clock;
  control::Desk desk(**log, clock);
  if (Status read = desk.refresh(); !read) return std::move(read).error();
  for (const auto& [model, state] : *states) {
    const auto wanted = desk.look([&, name = model](const control::Board& board) {
      return board.model(file.values.string("pipeline"), name);
    });
    if (wanted.record) found[model] = wanted.record->state;
  }
  return found;
}

Result<VersionOfModel> parse_version_of(const std::string& option, const std::string& text,
                                        const PipelineFile& file) {
  const auto names = model_names(file);
  const std::size_t at = text.find('@');
  VersionOfModel wanted;
  if (at != std::string::npos) wanted = {text.substr(0, at), text.substr(at + 1)};
  if (at == std::string::npos) wanted = {names.size() == 1 ? names.front() : "", text};
  const bool known = std::find(names.begin(), names.end(), wanted.model) != names.end();
  if (known && !wanted.version.empty()) return wanted;
  return Error(
      Code::config_invalid,
      fmt::format("{}: expected NAME@VERSION with one of the pipeline's models, {}; got "
                  "'{}'.{}",
                  option, quoted_list(names), shown_uri(text), did_you_mean(wanted.model, names)));
}

Result<PipelineFile> with_states(const PipelineFile& file,
                                 const std::map<std::string, DesiredModel>& states) {
  if (states.empty()) return file;
  Node models = file.values.node("models");
  for (const auto& [model, state] : states) {
    if (const Node* entry = models.find(model)) models.set(model, entry_of(*entry, state));
  }
  Node root = file.root;
  root.set("models", std::move(models));
  return with_root(file, std::move(root));
}

}  // namespace thalweg::cli
