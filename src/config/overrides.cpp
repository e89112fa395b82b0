// `--set a.b.c=value`.
//
// The dots are a problem only where names have dots of their own. Kafka's properties do, so behind `kafka` (and `config` of
// new topics) the rest is one name. A name in the file that has dots is found too: the longest that fits wins.
#include "config/overrides.h"

#include <charconv>

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

Status put(Node& node, std::string_view path, std::string_view outer, const Node& value,
           const Where& where);

Status put_in_list(Node& node, std::string_view name, std::string_view rest, const Node& value,
                   const Where& where) {
  std::size_t index = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  const bool number = error == std::errc() && stop == name.data() + name.size();
  if (!number || index >= node.items().size()) {
    return config_error(
        where, fmt::format("expected the number of an item, 0 to {}; got '{}'; write its number "
                           "behind the list's name, as in to.0.topic",
                           node.items().empty() ? 0 : node.items().size() - 1, name));
  }
  std::vector<Node> items = node.items();
  if (rest.empty()) {
    items[index] = value;
  } else if (auto status = put(items[index], rest, name, value, where); !status) {
    return status;
  }
  node = Node::sequence(std::move(items), node.where());
  return {};
}

Status put(Node& node, std::string_view path, std::string_view outer, const Node& value,
           const Where& where) {
  const std::size_t length =
      node.is_sequence() ? std::min(path.find('.'), path.size()) : name_length(node, path, outer);
  const std::string_view name = path.substr(0, length);
  const std::string_view rest = length < path.size() ? path.substr(length + 1) : std::string_view();
  if (node.is_sequence()) return put_in_list(node, name, rest, value, where);
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
  if (auto status = put(inner, rest, name, value, where); !status) return status;
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
    if (auto status = put(root, key, "", *value, value->where()); !status) return status;
  }
  return {};
}

}  // namespace config
}  // namespace thalweg
