// `--set a.b.c=value`.
//
// The dots are a problem only where names have dots of their own. Kafka's properties do, so behind `kafka` (and `config` of
// new topics) the rest is one name. A name in the file that has dots is found too: the longest that fits wins.
//
// A setting may stand in the file in its short form, `dead_letters: topic`: it is written out before something is put into it.
#include "config/overrides.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "config/secrets.h"

namespace thalweg {

Result<std::pair<std::string, std::string>> parse_override(std::string_view text) {
  const std::size_t split = text.find('=');
  const std::string_view key = text.substr(0, split);
  const bool odd = key.empty() || key.front() == '.' || key.back() == '.' ||
                   key.find("..") != std::string_view::npos;
  if (split == std::string_view::npos || odd) {
    // What stands behind '=' may be a secret.
    return Error(Code::config_invalid,
                 fmt::format("--set: expected name=value; got {}; write --set from.topic=orders",
                             Node::scalar(std::string(key)).shown()));
  }
  return std::pair{std::string(key), std::string(text.substr(split + 1))};
}

namespace config {

namespace {

using Trail = std::vector<std::string>;  // the names down to a node: to, 0, topic

std::optional<std::size_t> number_in(std::string_view name) {
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || stop != name.data() + name.size()) return std::nullopt;
  return number;
}

// The short forms of what the pipeline's sections leave to its owners; * is any name.
struct OwnersShortForm {
  std::array<std::string_view, 5> trail;
  std::string_view means;
};
constexpr std::array<OwnersShortForm, 6> owners_short_forms{
    {{{"models", "*"}, "path"},
     {{"from", "fields", "*"}, "type"},
     {{"steps", "*", "infer"}, "model"},
     {{"steps", "*", "infer", "outputs", "*"}, "as"},
     {{"steps", "*", "explode"}, "fields"},
     {{"steps", "*", "collect"}, "fields"}}};

bool fits(const OwnersShortForm& form, const Trail& trail) {
  for (std::size_t i = 0; i < form.trail.size(); ++i) {
    if (i >= trail.size()) return form.trail[i].empty();
    if (form.trail[i] != "*" && form.trail[i] != trail[i]) return false;
  }
  return trail.size() == form.trail.size();
}

// The setting that a value stands for which stands in place of the map at `trail`; empty: there is no short form.
std::string_view short_form(const Trail& trail) {
  for (const OwnersShortForm& form : owners_short_forms) {
    if (fits(form, trail)) return form.means;
  }
  const Section* section = &pipeline_section();
  for (std::size_t i = 0; i < trail.size(); ++i) {
    const auto setting = std::find_if(section->settings.begin(), section->settings.end(),
                                      [&](const Setting& one) { return one.name == trail[i]; });
    if (setting == section->settings.end() || setting->section == nullptr) return {};
    section = setting->section;
    if (setting->type == SettingType::sections && i + 1 < trail.size() && number_in(trail[i + 1]))
      ++i;
  }
  return section->shorthand;
}

void write_out(Node& node, const Trail& trail, std::string_view wanted) {
  // A list of outputs is a list; a list in place of a step's settings is a short form.
  if (trail.empty()) return;
  const bool list = node.is_sequence() && trail.front() == "steps" && !number_in(wanted);
  if (!node.is_scalar() && !list) return;
  if (const std::string_view means = short_form(trail); !means.empty())
    node = Node::map({{std::string(means), node}}, node.where(), {node.where()});
}

// How much of `path` is the next name in this map.
std::size_t name_length(const Node& node, std::string_view path, std::string_view outer) {
  if (outer == "kafka" || (outer == "config" && path.find('.') != std::string_view::npos))
    return path.size();
  std::size_t best = path.find('.');
  for (const auto& [key, value] : node.entries()) {
    const bool fits =
        path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
    if (fits && best != std::string_view::npos && key.size() > best) best = key.size();
  }
  return best == std::string_view::npos ? path.size() : best;
}

Status put(Node& node, std::string_view path, Trail& trail, const Node& value, const Where& where);

Status put_in_list(Node& node, std::string_view name, std::string_view rest, Trail& trail,
                   const Node& value, const Where& where) {
  const auto index = number_in(name);
  if (!index || *index >= node.items().size()) {
    return config_error(
        where, fmt::format("expected the number of an item, 0 to {}; got '{}'; write its number "
                           "behind the list's name, as in to.0.topic",
                           node.items().empty() ? 0 : node.items().size() - 1, name));
  }
  std::vector<Node> items = node.items();
  if (rest.empty()) {
    items[*index] = value;
  } else {
    trail.emplace_back(name);
    if (auto status = put(items[*index], rest, trail, value, where); !status) return status;
  }
  node = Node::sequence(std::move(items), node.where());
  return {};
}

Status put(Node& node, std::string_view path, Trail& trail, const Node& value, const Where& where) {
  write_out(node, trail, path.substr(0, path.find('.')));
  const std::string_view outer = trail.empty() ? std::string_view() : trail.back();
  const std::size_t length =
      node.is_sequence() ? std::min(path.find('.'), path.size()) : name_length(node, path, outer);
  const std::string_view name = path.substr(0, length);
  const std::string_view rest = length < path.size() ? path.substr(length + 1) : std::string_view();
  if (node.is_sequence()) return put_in_list(node, name, rest, trail, value, where);
  if (node.is_scalar()) {
    return config_error(
        where,
        fmt::format("expected a map that '{}' can be set in; got {}; write it as a map in the "
                    "file",
                    name, node.shown()));
  }
  if (rest.empty()) {
    node.set(name, value);
    return {};
  }
  const Node* found = node.find(name);
  Node inner = found == nullptr || found->is_null() ? Node::map({}, where) : *found;
  trail.emplace_back(name);
  if (auto status = put(inner, rest, trail, value, where); !status) return status;
  node.set(name, std::move(inner));
  return {};
}

}  // namespace

Status apply_overrides(Node& root, const Overrides& overrides, const YamlOptions& options) {
  for (const auto& [key, text] : overrides) {
    YamlOptions value_options = options;
    value_options.name = "--set " + key;
    value_options.lines = false;
    auto value = read_yaml(text, value_options);
    if (!value) return std::move(value).error();
    if (is_secret_name(key)) value->mark_secret();
    Trail trail;
    if (auto status = put(root, key, trail, *value, value->where()); !status) return status;
  }
  return {};
}

}  // namespace config
}  // namespace thalweg
