#include "cli/json_value.h"

#include <cstdlib>

#include "config/json_text.h"
#include "json/index.h"
#include "json/string.h"
#include "json/walker.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t depth_max = 256;

// Reads one value at the walker; false: the walker has a fault.
class Reader {
 public:
  explicit Reader(json::Walker& walker) : walker_(walker) {}

  bool read(Json& out) {
    switch (walker_.kind()) {
      case json::Kind::object: return read_object(out);
      case json::Kind::array: return read_array(out);
      case json::Kind::string: out.kind = Json::Kind::string; return read_string(out.text);
      default: return read_scalar(out);
    }
  }

 private:
  bool unescape(std::string_view raw, std::string& out) {
    if (!walker_.check_escapes(raw)) return false;
    out.resize(raw.size());
    out.resize(json::unescape(raw, out.data()).value_or(0));
    return true;
  }
  bool read_string(std::string& out) { return unescape(walker_.raw_string(), out); }

  bool read_object(Json& out) {
    out.kind = Json::Kind::object;
    if (!walker_.enter_object()) return false;
    std::string_view raw;
    for (bool first = true; walker_.next_member(first, raw); first = false) {
      auto& [key, value] = out.members.emplace_back();
      if (!unescape(raw, key) || !read(value)) return false;
    }
    return !walker_.failed();
  }

  bool read_array(Json& out) {
    out.kind = Json::Kind::array;
    if (!walker_.enter_array()) return false;
    for (bool first = true; walker_.next_element(first); first = false) {
      if (!read(out.items.emplace_back())) return false;
    }
    return !walker_.failed();
  }

  bool read_scalar(Json& out) {
    switch (walker_.kind()) {
      case json::Kind::number: out.kind = Json::Kind::number; break;
      case json::Kind::boolean: out.kind = Json::Kind::boolean; break;
      default: out.kind = Json::Kind::null;
    }
    std::string_view span;
    if (!walker_.skip(span)) return false;
    if (out.kind != Json::Kind::null) out.text = span;
    return true;
  }

  json::Walker& walker_;
};

void append(const Json& value, std::string& out) {
  switch (value.kind) {
    case Json::Kind::null: out += "null"; break;
    case Json::Kind::boolean:
    case Json::Kind::number: out += value.text; break;
    case Json::Kind::string: config::append_json_string(value.text, out); break;
    case Json::Kind::array: {
      out += '[';
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ',';
        append(value.items[i], out);
      }
      out += ']';
      break;
    }
    case Json::Kind::object: {
      out += '{';
      for (std::size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out += ',';
        config::append_json_string(value.members[i].first, out);
        out += ':';
        append(value.members[i].second, out);
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

const Json* Json::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string Json::to_text() const {
  std::string out;
  append(*this, out);
  return out;
}

bool Json::is_integer() const noexcept {
  return kind == Kind::number && text.find_first_of(".eE") == std::string::npos;
}

double Json::as_double() const noexcept {
  return std::strtod(text.c_str(), nullptr);
}

Result<Json> parse_json(std::string_view text) {
  json::Index index;
  if (!index.build(text)) return json::to_error(index.fault(), text);
  json::Walker walker;
  walker.start(index, depth_max);
  Json out;
  if (!Reader(walker).read(out) || !walker.finish()) return json::to_error(walker.fault(), text);
  return out;
}

Json json_of(const Node& node) {
  Json out;
  if (node.is_map()) {
    out.kind = Json::Kind::object;
    for (const auto& [key, value] : node.entries()) out.members.emplace_back(key, json_of(value));
  } else if (node.is_sequence()) {
    out.kind = Json::Kind::array;
    for (const Node& item : node.items()) out.items.push_back(json_of(item));
  } else if (node.is_scalar()) {
    // append_json knows which plain scalars are numbers and booleans.
    std::string text;
    config::append_json(node, config::Secrets::shown, text);
    if (auto parsed = parse_json(text)) out = std::move(parsed).value();
  }
  return out;
}

}  // namespace thalweg::cli
