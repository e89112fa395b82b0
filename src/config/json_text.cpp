// JSON text of a Node. A number keeps its own digits where JSON allows them, so that nothing is rounded on the way.
#include "config/json_text.h"

#include <cmath>

#include <fmt/format.h>

#include "config/scalars.h"

namespace thalweg::config {

namespace {

void append_scalar(const Node& node, std::string& out) {
  if (const auto boolean = node.as_boolean()) {
    out += *boolean ? "true" : "false";
  } else if (!node.quoted() && is_json_number(node.text())) {
    out += node.text();
  } else if (const auto integer = node.as_integer()) {
    out += std::to_string(*integer);
  } else if (const auto number = node.as_number(); number && std::isfinite(*number)) {
    out += number_text(*number);
  } else {
    append_json_string(node.text(), out);
  }
}

}  // namespace

bool is_json_number(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return false;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return false;
  if (digits.starts_with("0x") || digits.starts_with("0o")) return false;
  const std::size_t dot = digits.find('.');
  if (dot != std::string_view::npos &&
      (dot + 1 == digits.size() || digits[dot + 1] < '0' || digits[dot + 1] > '9')) {
    return false;  // "1." and "1.e3"
  }
  return parse_number(text).has_value();
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

void append_json(const Node& node, Secrets secrets, std::string& out) {
  if (node.is_null()) {
    out += "null";
  } else if (node.secret() && secrets == Secrets::hidden) {
    out += "\"***\"";
  } else if (node.is_scalar()) {
    append_scalar(node, out);
  } else if (node.is_sequence()) {
    const char* separator = "[";
    for (const Node& item : node.items()) {
      out += separator;
      append_json(item, secrets, out);
      separator = ",";
    }
    out += node.items().empty() ? "[]" : "]";
  } else {
    const char* separator = "{";
    for (const auto& [key, value] : node.entries()) {
      out += separator;
      append_json_string(key, out);
      out += ':';
      append_json(value, secrets, out);
      separator = ",";
    }
    out += node.entries().empty() ? "{}" : "}";
  }
}

namespace {

void append_pretty(const Node& node, const std::string& indent, std::string& out) {
  const bool map = node.is_map();
  const std::size_t size = map ? node.entries().size() : node.items().size();
  if (size == 0) return append_json(node, Secrets::shown, out);
  const std::string inner = indent + "  ";
  out += map ? "{" : "[";
  for (std::size_t i = 0; i < size; ++i) {
    out.append(i == 0 ? "\n" : ",\n").append(inner);
    if (map) {
      append_json_string(node.entries()[i].first, out);
      out += ": ";
    }
    append_pretty(map ? node.entries()[i].second : node.items()[i], inner, out);
  }
  out.append("\n").append(indent).append(map ? "}" : "]");
}

}  // namespace

std::string pretty_json(const Node& node) {
  std::string out;
  append_pretty(node, "", out);
  return out;
}

}  // namespace thalweg::config
