// Node: the settings tree as written, with its places; and its canonical text.
#include <algorithm>

#include <fmt/format.h>

#include "thalweg/settings.h"

#include "config/json_text.h"
#include "config/scalars.h"

namespace thalweg {

std::string Where::to_string() const {
  if (file == nullptr || file->empty()) return {};
  return line > 0 ? fmt::format("{}:{}", *file, line) : *file;
}

Error config_error(const Where& where, std::string message) {
  Error error(Code::config_invalid, std::move(message));
  const std::string place = where.to_string();
  return place.empty() ? error : std::move(error).at(place);
}

Node Node::null(Where where) {
  Node node;
  node.where_ = std::move(where);
  return node;
}

Node Node::scalar(std::string text, bool quoted, Where where) {
  Node node;
  node.kind_ = Kind::scalar;
  node.quoted_ = quoted;
  node.text_ = std::move(text);
  node.where_ = std::move(where);
  return node;
}

Node Node::sequence(std::vector<Node> items, Where where) {
  Node node;
  node.kind_ = Kind::sequence;
  node.items_ = std::move(items);
  node.where_ = std::move(where);
  return node;
}

Node Node::map(std::vector<std::pair<std::string, Node>> entries, Where where,
               std::vector<Where> key_wheres) {
  Node node;
  node.kind_ = Kind::map;
  node.entries_ = std::move(entries);
  node.where_ = std::move(where);
  if (key_wheres.size() == node.entries_.size()) node.key_wheres_ = std::move(key_wheres);
  return node;
}

std::optional<std::int64_t> Node::as_integer() const {
  if (kind_ != Kind::scalar || quoted_) return std::nullopt;
  return config::parse_integer(text_);
}

std::optional<double> Node::as_number() const {
  if (kind_ != Kind::scalar || quoted_) return std::nullopt;
  return config::parse_number(text_);
}

std::optional<bool> Node::as_boolean() const {
  if (kind_ != Kind::scalar || quoted_) return std::nullopt;
  return config::parse_boolean(text_);
}

const Node* Node::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : entries_) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Where& Node::key_where(std::string_view key) const noexcept {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].first != key) continue;
    return i < key_wheres_.size() ? key_wheres_[i] : entries_[i].second.where();
  }
  return where_;
}

void Node::set(std::string_view key, Node value) {
  if (kind_ != Kind::map) *this = map({}, where_);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].first != key) continue;
    if (i < key_wheres_.size()) key_wheres_[i] = value.where();
    entries_[i].second = std::move(value);
    return;
  }
  if (key_wheres_.size() == entries_.size()) key_wheres_.push_back(value.where());
  entries_.emplace_back(std::string(key), std::move(value));
}

void Node::append(Node value) {
  if (kind_ != Kind::sequence) *this = sequence({}, where_);
  items_.push_back(std::move(value));
}

void Node::mark_secret() {
  secret_ = true;
  for (Node& item : items_) item.mark_secret();
  for (auto& [key, value] : entries_) value.mark_secret();
}

std::string Node::to_json() const {
  std::string out;
  config::append_json(*this, config::Secrets::shown, out);
  return out;
}

std::string Node::to_json_redacted() const {
  std::string out;
  config::append_json(*this, config::Secrets::hidden, out);
  return out;
}

std::string Node::shown() const {
  if (is_null()) return "nothing";
  if (secret_) return "a secret value";
  if (is_sequence()) return fmt::format("a list of {}", items_.size());
  if (is_map())
    return entries_.empty() ? "an empty map" : fmt::format("a map with '{}'", entries_[0].first);
  constexpr std::size_t longest = 60;  // enough to recognise it, not enough to fill a terminal
  if (text_.size() <= longest) return "'" + text_ + "'";
  std::size_t cut = longest;
  while (cut > 0 && (static_cast<unsigned char>(text_[cut]) & 0xC0U) == 0x80U) --cut;
  return "'" + text_.substr(0, cut) + "…'";
}

}  // namespace thalweg
