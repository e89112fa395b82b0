// The words of the settings' errors, made from the declarations.
#include "config/expected.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/scalars.h"

namespace thalweg::config {

namespace {

constexpr std::size_t listed_names_max = 24;

std::string bound_text(const Setting& setting, double bound) {
  if (setting.type == SettingType::duration) return duration_text(bound);
  if (setting.type == SettingType::bytes) return bytes_text(bound);
  return number_text(bound);
}

std::string range_text(const Setting& setting) {
  if (setting.min && setting.max) {
    return fmt::format(" between {} and {}", bound_text(setting, *setting.min),
                       bound_text(setting, *setting.max));
  }
  if (setting.min) return " of at least " + bound_text(setting, *setting.min);
  if (setting.max) return " of at most " + bound_text(setting, *setting.max);
  return {};
}

std::string either(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += "'" + choices[i] + "'";
  }
  return text;
}

// Something right to write instead.
std::string cure(const Setting& setting) {
  if (!setting.example.empty()) return fmt::format("write {}: {}", setting.name, setting.example);
  if (setting.fallback) return fmt::format("write {}: {}", setting.name, *setting.fallback);
  switch (setting.type) {
    case SettingType::boolean: return fmt::format("write {}: true", setting.name);
    case SettingType::duration: return fmt::format("write {}: 30s", setting.name);
    case SettingType::bytes: return fmt::format("write {}: 64MiB", setting.name);
    case SettingType::map: return fmt::format("write {}: {{name: value}}", setting.name);
    case SettingType::strings: return fmt::format("write {}: [one, two]", setting.name);
    default: break;
  }
  if (!setting.choices.empty())
    return fmt::format("write {}: {}", setting.name, setting.choices[0]);
  return "correct it";
}

std::vector<std::string> names_of(const Section& section) {
  std::vector<std::string> names;
  for (const Setting& setting : section.settings) names.push_back(setting.name);
  return names;
}

}  // namespace

std::string expectation(const Setting& setting) {
  const std::string of_unit = setting.unit.empty() ? "" : " of " + setting.unit;
  switch (setting.type) {
    case SettingType::boolean: return "true or false";
    case SettingType::integer: return "a whole number" + of_unit + range_text(setting);
    case SettingType::number: return "a number" + of_unit + range_text(setting);
    case SettingType::duration: return "a duration (ms, s, m, h, d)" + range_text(setting);
    case SettingType::bytes: return "a size (bytes, KiB, MiB, GiB)" + range_text(setting);
    case SettingType::string: return setting.choices.empty() ? "a text" : either(setting.choices);
    case SettingType::path: return "a path";
    case SettingType::strings: return "a text or a list of texts";
    case SettingType::map: return "a map of names to plain values";
    case SettingType::section: return "a map of settings";
    case SettingType::sections: return "a map of settings, or a list of them";
    case SettingType::node: return "a value";
  }
  return {};
}

Error not_a_map(const Section& section, const Node& node) {
  const auto names = names_of(section);
  std::string cure = "write its settings as name: value";
  if (!names.empty()) cure = fmt::format("write its settings one a line, as {}: …", names.front());
  return config_error(node.where(), fmt::format("{}: expected a map of settings; got {}; {}",
                                                section.name, node.shown(), cure));
}

Error unknown_key(const Section& section, const Where& where, std::string_view key) {
  const auto names = names_of(section);
  const std::string hint = did_you_mean(key, names);
  const std::string shown = Node::scalar(std::string(key)).shown();
  if (!hint.empty()) {
    return config_error(where, fmt::format("{}: expected one of its settings; got {}.{}",
                                           section.name, shown, hint));
  }
  const auto first = std::span(names).first(std::min(names.size(), listed_names_max));
  const std::string known = first.empty() ? "no settings at all" : quoted_list(first);
  return config_error(where, fmt::format("{}: expected one of its settings; got {}; it has {}",
                                         section.name, shown, known));
}

std::optional<Error> mistyped_key(const Section& section, const Node& node, const Values& values) {
  std::vector<std::string> absent;
  for (const Setting& setting : section.settings) {
    if (!values.given(setting.name)) absent.push_back(setting.name);
  }
  for (const auto& [key, value] : values.others()) {
    if (!did_you_mean(key, absent).empty()) return unknown_key(section, node.key_where(key), key);
  }
  return std::nullopt;
}

Error wrong_value(const Section& section, const Setting& setting, const Node& node,
                  const Where& where) {
  const bool text = node.is_scalar() && !node.secret();
  const std::string hint = text ? did_you_mean(node.text(), setting.choices) : "";
  std::string end = hint.empty() ? "; " + cure(setting) : "." + hint;
  const bool lacks_unit =
      setting.type == SettingType::duration && text && parse_number(node.text()).has_value();
  if (lacks_unit) end = fmt::format("; add the unit, as in {}: {}s", setting.name, node.text());
  return config_error(where, fmt::format("{}: {}: expected {}; got {}{}", section.name,
                                         setting.name, expectation(setting), node.shown(), end));
}

Error missing(const Section& section, const Setting& setting, const Where& where) {
  return config_error(
      where, fmt::format("{}: expected the setting '{}' ({}); got none; {}. {}", section.name,
                         setting.name, expectation(setting), cure(setting), setting.doc));
}

}  // namespace thalweg::config
