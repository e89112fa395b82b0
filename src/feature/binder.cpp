// The grammar of binder.h, one function per form.
#include "feature/binder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "feature/content_hash.h"

namespace thalweg::feature {
namespace {

constexpr std::string_view const_name = "const";

// A map without its first entry: the settings of `{step: input, settings…}`.
Node rest_of(const Node& map) {
  std::vector<std::pair<std::string, Node>> entries(map.entries().begin() + 1, map.entries().end());
  std::vector<Where> keys;
  for (const auto& [key, value] : entries) keys.push_back(map.key_where(key));
  return Node::map(std::move(entries), map.where(), std::move(keys));
}

// The same settings written in another order are the same.
std::string canonical_settings(const Node& settings) {
  auto entries = settings.entries();
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return Node::map(std::move(entries)).to_json();
}

Result<std::string> read_whole_file(const std::string& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem))
    return Error(Code::config_invalid, fmt::format("expected a file; got the folder '{}'", path));
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open())
    return Error(
        Code::config_invalid,
        fmt::format("expected a readable file; got '{}', which is not there or may not be read",
                    path));
  if (file.bad())
    return Error(Code::config_invalid,
                 fmt::format("expected a readable file; reading '{}' failed", path));
  return bytes;
}

}  // namespace

Error Binder::error(const Where& where, const std::string& message) const {
  return config_error(where, fmt::format("feature '{}': {}", feature_, message));
}

Result<Operand> Binder::bind(const std::string& feature, const Node& node) {
  feature_ = feature;
  read_.resize(available_.fields.size());
  return expression(node);
}

Result<Operand> Binder::expression(const Node& node) {
  if (node.is_scalar() && !node.quoted()) return field(node);
  if (node.is_scalar()) {
    auto kind = find_kind(std::string(const_name), node.where());
    if (!kind) return std::move(kind).error();
    return step(**kind, node.where(), Node::map({{"value", node}}, node.where()), {});
  }
  if (node.is_map() && !node.entries().empty()) {
    return node.entries().front().first == "chain" ? chain(node) : call(node);
  }
  if (node.is_sequence())
    return error(node.where(),
                 "expected an expression; got a list; try {stack: […]} for columns side by side, "
                 "or {chain: […]} for steps one after the other");
  return error(node.where(),
               fmt::format("expected an expression: a field, a constant or {{step: input}}; got {}",
                           node.shown()));
}

Result<Operand> Binder::field(const Node& node) {
  const std::string& name = node.text();
  if (const auto index = available_.find(name)) {
    read_[*index] = true;
    return Operand{Operand::Kind::field, *index};
  }
  std::string message =
      fmt::format("expected a field ({}); got '{}'.", quoted_list(available_.names()), name);
  if (registry_.feature_step(name) != nullptr) {
    message += fmt::format(
        " That is a step: give it an input, as in {{{}: a_field}}, or put it behind one in a chain",
        name);
  } else if (node.as_number()) {
    message += fmt::format(" A constant is {{const: {}}}", name);
  } else {
    message += did_you_mean(name, available_.names());
  }
  return error(node.where(), message);
}

Result<const FeatureStepKind*> Binder::find_kind(const std::string& name,
                                                 const Where& where) const {
  if (const FeatureStepKind* kind = registry_.feature_step(name)) return kind;
  std::vector<std::string> names{"chain"};
  for (const FeatureStepKind& kind : registry_.feature_steps()) names.push_back(kind.name);
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format(" The steps are {}", quoted_list(names));
  return error(where, fmt::format("expected the name of a step; got '{}'.{}", name, hint));
}

// {name: input, settings…}
Result<Operand> Binder::call(const Node& node) {
  const auto& [name, input] = node.entries().front();
  const Where& where = node.key_where(name);
  auto kind = find_kind(name, where);
  if (!kind) {
    const bool later = std::any_of(
        node.entries().begin() + 1, node.entries().end(),
        [&](const auto& entry) { return registry_.feature_step(entry.first) != nullptr; });
    return later ? std::move(kind).error().at("the first key names the step")
                 : std::move(kind).error();
  }
  Node settings = rest_of(node);
  std::vector<Operand> inputs;
  if (name == const_name) {
    settings.set("value", input);  // not an expression: what stands there is meant as it is
  } else if (input.is_sequence()) {
    for (const Node& item : input.items()) {
      auto source = expression(item);
      if (!source) return source;
      inputs.push_back(*source);
    }
  } else {
    auto source = expression(input);
    if (!source) return source;
    inputs.push_back(*source);
  }
  return step(**kind, where, settings, std::move(inputs));
}

// {chain: [expression, step, …]}
Result<Operand> Binder::chain(const Node& node) {
  const Node& list = node.entries().front().second;
  if (node.entries().size() > 1)
    return error(node.where(),
                 fmt::format("expected nothing beside `chain`; got '{}'", node.entries()[1].first));
  if (!list.is_sequence() || list.items().empty()) {
    return error(
        node.where(),
        fmt::format("chain: expected a list: an expression, then steps; got {}", list.shown()));
  }
  auto source = expression(list.items().front());
  for (std::size_t i = 1; i < list.items().size() && source; ++i)
    source = link(list.items()[i], *source);
  return source;
}

// One step of a chain: `name`, `{name: main setting}` or `{name: {settings}}`.
Result<Operand> Binder::link(const Node& node, Operand before) {
  const bool named = node.is_scalar() && !node.quoted();
  if (!named && !(node.is_map() && node.entries().size() == 1)) {
    const std::string cure =
        node.is_map() && node.entries().size() > 1
            ? "; in a chain the settings of a step stand in braces: {pad: {length: 4, side: post}}"
            : "";
    return error(node.where(),
                 fmt::format("chain: expected a step: its name, or {{name: settings}}; got {}{}",
                             node.shown(), cure));
  }
  const std::string& name = named ? node.text() : node.entries().front().first;
  const Where& where = named ? node.where() : node.key_where(name);
  auto kind = find_kind(name, where);
  if (!kind) return std::move(kind).error();
  auto settings =
      settings_map(**kind, named ? Node::map({}, where) : node.entries().front().second);
  if (!settings) return std::move(settings).error();
  return step(**kind, where, *settings, {before});
}

Result<Node> Binder::settings_map(const FeatureStepKind& kind, const Node& written) const {
  if (written.is_map()) return written;
  if (written.is_null()) return Node::map({}, written.where());
  if (kind.section == nullptr || kind.section->shorthand.empty()) {
    return error(written.where(),
                 fmt::format("step '{0}': expected {1}; got {2}", kind.name,
                             kind.section == nullptr
                                 ? "no settings"
                                 : fmt::format("settings by name: {{{}: {{…}}}}", kind.name),
                             written.shown()));
  }
  return Node::map({{kind.section->shorthand, written}}, written.where(), {written.where()});
}

Result<std::unique_ptr<FeatureStep>> Binder::make(const FeatureStepKind& kind, const Where& where,
                                                  const Node& settings,
                                                  const std::vector<Operand>& inputs,
                                                  std::string& files) {
  static const Section no_settings{.name = "this step", .doc = "", .settings = {}};
  auto values = read(kind.section == nullptr ? no_settings : *kind.section, settings);
  if (!values) return std::move(values).error();
  FeatureContext context;
  context.folder = folder_;
  context.read_file = [&files](const std::string& path) -> Result<std::string> {
    auto bytes = read_whole_file(path);
    if (bytes) files += sha256_hex(*bytes);
    return bytes;
  };
  for (const Operand& input : inputs) context.inputs.push_back(type_of(input));
  auto made = kind.make(*values, context);
  if (made) return made;
  Error failed = error(where, fmt::format("step '{}': {}", kind.name, made.error().message()));
  return Error(made.error().code(), failed.message());
}

Result<Operand> Binder::step(const FeatureStepKind& kind, const Where& where, const Node& settings,
                             std::vector<Operand> inputs) {
  std::string canonical = kind.name + canonical_settings(settings);
  std::string hashed = canonical;
  for (const Operand& input : inputs) {
    const bool from_step = input.kind == Operand::Kind::step;
    const std::string name =
        from_step ? canonical_[input.index] : "field " + available_.fields[input.index].name;
    canonical += fmt::format("({})", name);
    hashed += fmt::format("({})", from_step ? hashes_[input.index] : name);
  }
  if (const auto same = known_.find(canonical); same != known_.end())
    return Operand{Operand::Kind::step, same->second};

  std::string files;
  auto made = make(kind, where, settings, inputs, files);
  if (!made) return std::move(made).error();
  const Operand source{Operand::Kind::step, steps_.size()};
  known_.emplace(canonical, source.index);
  canonical_.push_back(std::move(canonical));
  hashes_.push_back(sha256_hex(hashed + files));
  BoundStep& step = steps_.emplace_back();
  step.step = *std::move(made);
  step.label = fmt::format("feature '{}': step '{}'", feature_, kind.name);
  step.mask = kind.name == "mask";
  step.padded =
      step.step->type().ragged() &&
      (kind.name == "pad" ||
       std::any_of(inputs.begin(), inputs.end(), [this](Operand input) { return padded(input); }));
  step.inputs = std::move(inputs);
  return source;
}

bool Binder::padded(Operand source) const {
  return source.kind == Operand::Kind::step && steps_[source.index].padded;
}

bool Binder::has_mask() const {
  return std::any_of(steps_.begin(), steps_.end(), [](const BoundStep& s) { return s.mask; });
}

const ColumnType& Binder::type_of(Operand source) const {
  return source.kind == Operand::Kind::field ? available_.fields[source.index].type
                                             : steps_[source.index].step->type();
}

std::string Binder::hash_of(Operand source) const {
  return source.kind == Operand::Kind::field ? "field " + available_.fields[source.index].name
                                             : hashes_[source.index];
}

std::vector<std::size_t> Binder::fields_read() const {
  std::vector<std::size_t> fields;
  for (std::size_t i = 0; i < read_.size(); ++i) {
    if (read_[i]) fields.push_back(i);
  }
  return fields;
}

std::vector<std::size_t> Binder::fields_behind(Operand source) const {
  std::vector<std::size_t> fields;
  std::vector<bool> seen(steps_.size());
  std::vector<Operand> open{source};
  while (!open.empty()) {
    const Operand next = open.back();
    open.pop_back();
    if (next.kind == Operand::Kind::field) {
      fields.push_back(next.index);
    } else if (!seen[next.index]) {
      seen[next.index] = true;
      const auto& inputs = steps_[next.index].inputs;
      open.insert(open.end(), inputs.begin(), inputs.end());
    }
  }
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  return fields;
}

}  // namespace thalweg::feature
