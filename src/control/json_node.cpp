#include "control/json_node.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "json/index.h"
#include "json/string.h"
#include "json/walker.h"

namespace thalweg::control {
namespace {

constexpr std::size_t depth_max = 16;
constexpr std::size_t keys_max = 1024;  // of an object: each is compared with those before it

class Reader {
 public:
  explicit Reader(json::Walker& walker) : walker_(walker) {}

  // False: the walker has a fault, twice() names a key, or there are too many().
  bool read(Node& out) {
    switch (walker_.kind()) {
      case json::Kind::object: return object(out);
      case json::Kind::array: return array(out);
      case json::Kind::string: {
        std::string text;
        if (!unescape(walker_.raw_string(), text)) return false;
        out = json_string(std::move(text));
        return true;
      }
      default: return scalar(out);
    }
  }
  [[nodiscard]] const std::string& twice() const noexcept { return twice_; }
  [[nodiscard]] bool too_many() const noexcept { return too_many_; }

 private:
  bool unescape(std::string_view raw, std::string& out) {
    if (!walker_.check_escapes(raw)) return false;
    out.resize(raw.size());
    out.resize(json::unescape(raw, out.data()).value_or(0));
    return true;
  }
  bool object(Node& out) {
    if (!walker_.enter_object()) return false;
    std::vector<std::pair<std::string, Node>> entries;
    std::string_view raw;
    for (bool first = true; walker_.next_member(first, raw); first = false) {
      too_many_ = entries.size() == keys_max;
      if (too_many_) return false;
      auto& [key, value] = entries.emplace_back();
      if (!unescape(raw, key) || !read(value)) return false;
      for (std::size_t i = 0; i + 1 < entries.size(); ++i) {
        if (entries[i].first != entries.back().first) continue;
        twice_ = entries[i].first;
        return false;
      }
    }
    if (walker_.failed()) return false;
    out = Node::map(std::move(entries));
    return true;
  }
  bool array(Node& out) {
    if (!walker_.enter_array()) return false;
    std::vector<Node> items;
    for (bool first = true; walker_.next_element(first); first = false) {
      if (!read(items.emplace_back())) return false;
    }
    if (walker_.failed()) return false;
    out = Node::sequence(std::move(items));
    return true;
  }
  bool scalar(Node& out) {
    const bool null = walker_.kind() == json::Kind::null;
    std::string_view span;
    if (!walker_.skip(span)) return false;
    out = null ? Node::null({}) : Node::scalar(std::string(span));
    return true;
  }

  json::Walker& walker_;
  std::string twice_;
  bool too_many_ = false;
};

}  // namespace

Result<Node> read_json(std::string_view text) {
  json::Index index;
  if (!index.build(text)) return json::to_error(index.fault(), text);
  json::Walker walker;
  walker.start(index, depth_max);
  Reader reader(walker);
  Node node;
  if (reader.read(node) && walker.finish()) return node;
  if (!reader.twice().empty())
    return Error(Code::not_json,
                 fmt::format("expected each key once; got '{}' twice; remove one", reader.twice()));
  if (reader.too_many())
    return Error(Code::not_json,
                 fmt::format("expected an object of at most {} keys; got more", keys_max));
  return json::to_error(walker.fault(), text);
}

Node json_string(std::string text) {
  return Node::scalar(std::move(text), true);
}
Node json_number(std::int64_t number) {
  return Node::scalar(std::to_string(number));
}
Node json_number(double number) {
  return Node::scalar(fmt::format("{}", number));
}
Node json_boolean(bool value) {
  return Node::scalar(value ? "true" : "false");
}

}  // namespace thalweg::control
