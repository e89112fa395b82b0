// yaml-cpp's events → Node.
#include "config/yaml_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/secrets.h"
#include "config/yaml_text.h"

namespace thalweg::config {

namespace {

[[noreturn]] void stop(const Where& where, std::string message) {
  throw YamlStop{config_error(where, std::move(message))};
}

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

// Does the tag say "text"? Refuses tags of the user's own, which would be lost without a word.
bool is_text_tag(const std::string& tag, const Where& where) {
  if (tag.empty() || tag == "?") return false;
  if (tag == "!") return true;
  const std::string_view core = std::string_view(tag).starts_with(core_tag)
                                    ? std::string_view(tag).substr(core_tag.size())
                                    : std::string_view();
  if (core == "str") return true;
  for (const std::string_view known : {"int", "float", "bool", "null", "map", "seq"}) {
    if (core == known) return false;
  }
  stop(where, fmt::format("expected no YAML tags but those of the core schema; got {}; remove it",
                          Node::scalar(tag).shown()));
}

}  // namespace

YamlBuilder::YamlBuilder(const YamlOptions& options, std::string folder)
    : options_(options),
      folder_(std::move(folder)),
      file_(std::make_shared<const std::string>(options.name)) {}

Where YamlBuilder::where(const YAML::Mark& mark) const {
  if (!options_.lines) return {file_, 0, 0};
  return {file_, mark.line + 1, mark.column + 1};
}

void YamlBuilder::OnDocumentStart(const YAML::Mark& mark) {
  last_line_ = mark.line;
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  last_line_ = mark.line;
  const Size before = size_;
  const Where place_here = where(mark);
  count(1, 0, place_here);
  Node node = Node::null(place_here);
  remember(anchor, node, before, true);
  place(std::move(node), true);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  last_line_ = mark.line;
  const Size before = size_;
  const Where here = where(mark);
  const bool quoted = is_text_tag(tag, here);
  last_scalar_ = here;
  last_scalar_quoted_ = quoted;
  // Keys are names: what a machine's environment holds must not change which settings there are.
  Node node = expects_key() ? Node::scalar(value, quoted, here) : scalar(value, quoted, here);
  count(1, node.text().size(), here);
  remember(anchor, node, before, !quoted);
  place(std::move(node), !quoted);
}

bool YamlBuilder::below_secret() const {
  return std::any_of(frames_.begin(), frames_.end(), [](const Frame& frame) {
    return frame.has_key && frame.settings_names && is_secret_name(frame.key);
  });
}

Node YamlBuilder::scalar(const std::string& text, bool quoted, const Where& where) const {
  if (!options_.expand || text.find("${") == std::string::npos)
    return Node::scalar(text, quoted, where);
  auto expanded =
      expand(text, folder_, options_.environment ? options_.environment : process_environment);
  if (!expanded) {
    // A password may hold "${" by chance; only what is a reference and nothing else is repeated.
    const bool shown = text.starts_with("${") && text.find('}') == text.size() - 1;
    if (below_secret() && !shown) {
      stop(where,
           "expected ${NAME}, ${NAME:-default} or ${file:path}; got a secret value that holds ${; "
           "write $${ for the characters ${ themselves");
    }
    stop(where, expanded.error().message());
  }
  // A variable that is there but empty means what an empty value means.
  if (!quoted && expanded->text.empty()) return Node::null(where);
  if (first_invalid_utf8(expanded->text) != std::string::npos ||
      expanded->text.find('\0') != std::string::npos) {
    stop(where,
         "expected text behind ${…}; got bytes that are not UTF-8; check the variable or file");
  }
  Node node = Node::scalar(std::move(expanded->text), quoted, where);
  if (expanded->secret) node.mark_secret();
  return node;
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  last_line_ = mark.line;
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    stop(
        where(mark),
        "expected an alias to something finished; got one inside its own anchor; remove the alias");
  }
  count(found->second.size.nodes, found->second.size.bytes, where(mark));
  place(found->second.node, found->second.plain);
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
  open(false, mark, tag, anchor);
}

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value /*style*/) {
  open(true, mark, tag, anchor);
}

void YamlBuilder::open(bool map, const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor) {
  last_line_ = mark.line;
  Frame frame;
  frame.map = map;
  frame.where = where(mark);
  frame.anchor = anchor;
  frame.before = size_;
  (void)is_text_tag(tag, frame.where);
  if (expects_key()) {
    stop(frame.where,
         "expected a plain word as a key; got a list or map; close its bracket, or put quotes "
         "round the key");
  }
  if (frames_.size() >= options_.limits.depth) {
    stop(frame.where,
         fmt::format(
             "expected at most {} maps and lists inside each other; got more; flatten the file",
             options_.limits.depth));
  }
  count(1, 0, frame.where);
  if (!frames_.empty()) {
    const Frame& outer = frames_.back();
    frame.settings_names = outer.settings_names && !(outer.map && has_names_of_users(outer.key));
  }
  frames_.push_back(std::move(frame));
}

void YamlBuilder::close() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  for (const Node& source : frame.merged) merge(frame, source);
  Node node = frame.map
                  ? Node::map(std::move(frame.entries), frame.where, std::move(frame.key_wheres))
                  : Node::sequence(std::move(frame.items), frame.where);
  remember(frame.anchor, node, frame.before, false);
  place(std::move(node), false);
}

void YamlBuilder::place(Node node, bool plain) {
  if (frames_.empty()) {
    root_ = std::move(node);
  } else if (frames_.back().map) {
    place_in_map(frames_.back(), std::move(node), plain);
  } else {
    frames_.back().items.push_back(std::move(node));
  }
}

void YamlBuilder::place_in_map(Frame& frame, Node node, bool plain) {
  if (!frame.has_key) return take_key(frame, node, plain);
  frame.has_key = false;
  if (frame.merge_key) {
    if (node.is_sequence()) {
      for (const Node& item : node.items()) frame.merged.push_back(item);
    } else {
      frame.merged.push_back(std::move(node));
    }
    return;
  }
  if (frame.settings_names && is_secret_name(frame.key)) node.mark_secret();
  frame.entries.emplace_back(std::move(frame.key), std::move(node));
  frame.key_wheres.push_back(frame.key_where);
}

void YamlBuilder::take_key(Frame& frame, const Node& node, bool plain) {
  if (!node.is_scalar()) {
    stop(node.where(),
         "expected a plain word as a key; got " + node.shown() + "; write name: value");
  }
  frame.merge_key = plain && node.text() == "<<";
  frame.has_key = true;
  frame.key = node.text();
  frame.key_where = node.where();
  if (frame.merge_key || frame.keys.insert(frame.key).second) return;
  int first = 0;
  for (std::size_t i = 0; i < frame.entries.size(); ++i) {
    if (frame.entries[i].first == frame.key) first = frame.key_wheres[i].line;
  }
  const std::string shown = Node::scalar(frame.key).shown();
  const std::string before = first > 0 ? fmt::format("; it stands in line {} already", first) : "";
  stop(node.where(),
       fmt::format("expected every key once; got {} again{}; remove one of them", shown, before));
}

// `<<`: keys written in the map itself win, then the earlier source.
void YamlBuilder::merge(Frame& frame, const Node& source) {
  if (!source.is_map()) {
    stop(source.where(),
         "expected a map behind '<<'; got " + source.shown() + "; write <<: *name_of_a_map");
  }
  for (const auto& [key, value] : source.entries()) {
    if (!frame.keys.insert(key).second) continue;
    frame.key_wheres.push_back(source.key_where(key));
    frame.entries.emplace_back(key, value);
  }
}

void YamlBuilder::remember(YAML::anchor_t anchor, const Node& node, Size before, bool plain) {
  if (anchor == 0) return;
  const Size size{size_.nodes - before.nodes, size_.bytes - before.bytes};
  anchors_.insert_or_assign(anchor, Anchored{node, size, plain});
}

void YamlBuilder::count(std::size_t nodes, std::size_t bytes, const Where& where) {
  size_.nodes += nodes;
  size_.bytes += bytes;
  if (size_.nodes > options_.limits.nodes) {
    stop(where,
         fmt::format(
             "expected at most {} values, aliases counted; got more; split the file or use fewer "
             "aliases",
             options_.limits.nodes));
  }
  if (size_.bytes > options_.limits.text_bytes) {
    stop(where,
         fmt::format(
             "expected at most {} bytes of text, aliases counted; got more; use fewer aliases",
             options_.limits.text_bytes));
  }
}

}  // namespace thalweg::config
