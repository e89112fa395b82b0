// read(Section, Node): the one place where written settings are checked and turned into values.
//
// Errors come in the order of the file, so that a reader fixes the first line first; what is required and absent comes
// last, since it has no line of its own.
#include "thalweg/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "config/expected.h"
#include "config/scalars.h"
#include "config/yaml_reader.h"

namespace thalweg {

namespace {

[[noreturn]] void mistake(const Section& section, const Setting& setting, std::string_view what) {
  std::fprintf(stderr, "%s: %s: %.*s\n", section.name.c_str(), setting.name.c_str(),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

bool in_range(const Setting& setting, double value) {
  return !(setting.min && !(value >= *setting.min)) && !(setting.max && !(value <= *setting.max));
}

// Relative to the folder of the file that names it; on the command line and in code, to the process.
std::string resolve_path(const std::string& path, const Where& where) {
  const bool in_file = where.file != nullptr && where.line > 0;
  if (path.empty() || path.front() == '/' || !in_file) return path;
  const std::size_t slash = where.file->rfind('/');
  return slash == std::string::npos ? path : where.file->substr(0, slash + 1) + path;
}

}  // namespace

// Fills one Values. A class, since Values shows its inside to nobody else.
class SettingsReader {
 public:
  using Entry = Values::Entry;

  explicit SettingsReader(const Section& section) : section_(section) {}

  Result<Values> read(const Node& written) {
    const Node node = unfold(written);
    if (!node.is_map() && !node.is_null()) return config::not_a_map(section_, node);
    Values values = defaults();
    values.where_ = node.where();
    for (const auto& [key, value] : node.entries()) {
      Entry* entry = find(values, key);
      if (entry == nullptr && !section_.open) {
        return config::unknown_key(section_, node.key_where(key), key);
      }
      if (entry == nullptr) {
        values.others_.emplace_back(key, value);
      } else if (auto status = take(*entry, value, node.key_where(key)); !status) {
        return std::move(status).error();
      }
    }
    for (const Entry& entry : values.entries_) {
      if (entry.setting->required && !entry.given) {
        if (auto mistyped = config::mistyped_key(section_, node, values)) return *mistyped;
        return config::missing(section_, *entry.setting, node.where());
      }
    }
    return values;
  }

  // What an absent section holds. A section that contains itself ends there.
  Values defaults() const {
    Values values;
    for (const Setting& setting : section_.settings) {
      Entry& entry = values.entries_.emplace_back(Entry{.setting = &setting});
      if (setting.type == SettingType::section && setting.section != nullptr) {
        SettingsReader inner(*setting.section);
        inner.outer_ = this;
        if (!within(*setting.section)) entry.sections = {inner.defaults()};
      } else if (setting.fallback) {
        const Node node = default_node(setting);
        if (!convert(entry, node))
          mistake(section_, setting, "its default is not one of its values");
        entry.has = true;
      }
    }
    return values;
  }

 private:
  bool within(const Section& section) const {
    const SettingsReader* reader = this;
    while (reader != nullptr && &reader->section_ != &section) reader = reader->outer_;
    return reader != nullptr;
  }

  Node default_node(const Setting& setting) const {
    const std::string& text = *setting.fallback;
    const bool is_text = setting.type == SettingType::string || setting.type == SettingType::path;
    if (is_text || (!text.starts_with('[') && !text.starts_with('{'))) return Node::scalar(text);
    auto node = read_yaml(text, {.name = setting.name, .lines = false, .expand = false});
    if (!node) mistake(section_, setting, "its default is not YAML");
    return *std::move(node);
  }

  static Entry* find(Values& values, std::string_view name) {
    for (Entry& entry : values.entries_) {
      if (entry.setting->name == name) return &entry;
    }
    return nullptr;
  }

  Node unfold(const Node& node) const {
    if (section_.shorthand.empty() || node.is_map() || node.is_null()) return node;
    return Node::map({{section_.shorthand, node}}, node.where(), {node.where()});
  }

  Status take(Entry& entry, const Node& node, const Where& key) const {
    const Setting& setting = *entry.setting;
    // `nonfinite: null` is a choice of that name, and not an absence.
    const bool named_null =
        std::find(setting.choices.begin(), setting.choices.end(), "null") != setting.choices.end();
    if (node.is_null() && setting.type != SettingType::node && !named_null) return {};
    entry.node = node.is_null() && named_null ? Node::scalar("null", false, node.where()) : node;
    if (setting.secret) entry.node.mark_secret();
    if (setting.type == SettingType::section || setting.type == SettingType::sections) {
      if (auto status = take_sections(entry, node); !status) return status;
    } else if (!convert(entry, entry.node)) {
      return config::wrong_value(section_, setting, entry.node,
                                 node.where().line > 0 ? node.where() : key);
    }
    entry.given = true;
    entry.has = true;
    return {};
  }

  Status take_sections(Entry& entry, const Node& node) const {
    const Setting& setting = *entry.setting;
    if (setting.section == nullptr) mistake(section_, setting, "has no section declared");
    const bool list = setting.type == SettingType::sections && node.is_sequence();
    entry.sections.clear();
    const std::span<const Node> items =
        list ? std::span<const Node>(node.items()) : std::span(&node, 1);
    for (const Node& item : items) {
      auto values = thalweg::read(*setting.section, item);
      if (!values) return std::move(values).error();
      entry.sections.push_back(*std::move(values));
    }
    return {};
  }

  // The value of one scalar setting into the entry; false if it is not one.
  bool convert(Entry& entry, const Node& node) const {
    const Setting& setting = *entry.setting;
    switch (setting.type) {
      case SettingType::strings: return convert_strings(entry, node);
      case SettingType::map: return convert_map(node);
      case SettingType::node: entry.node = node; return true;
      case SettingType::section:
      case SettingType::sections: return true;
      default: break;
    }
    if (!node.is_scalar()) return false;
    // Quotes do not matter here: the declared type says what the text is.
    switch (setting.type) {
      case SettingType::boolean: return convert_boolean(entry, node.text());
      case SettingType::number: return convert_number(entry, node.text());
      case SettingType::integer: return convert_whole(entry, config::parse_integer(node.text()));
      case SettingType::duration: return convert_whole(entry, config::parse_duration(node.text()));
      case SettingType::bytes: return convert_whole(entry, config::parse_bytes(node.text()));
      case SettingType::path: entry.string = resolve_path(node.text(), node.where()); break;
      default: entry.string = node.text(); break;
    }
    if (setting.required && entry.string.empty()) return false;
    const auto& choices = setting.choices;
    return choices.empty() ||
           std::find(choices.begin(), choices.end(), entry.string) != choices.end();
  }

  static bool convert_boolean(Entry& entry, const std::string& text) {
    const auto value = config::parse_boolean(text);
    entry.boolean = value.value_or(false);
    return value.has_value();
  }

  static bool convert_number(Entry& entry, const std::string& text) {
    const auto value = config::parse_number(text);
    entry.number = value.value_or(0);
    return value && in_range(*entry.setting, *value);
  }

  static bool convert_whole(Entry& entry, std::optional<std::int64_t> value) {
    entry.integer = value.value_or(0);
    entry.number = static_cast<double>(entry.integer);
    return value && in_range(*entry.setting, entry.number);
  }

  static bool convert_strings(Entry& entry, const Node& node) {
    entry.node = node;
    if (node.is_scalar()) return true;
    if (!node.is_sequence() || (entry.setting->required && node.items().empty())) return false;
    return std::all_of(node.items().begin(), node.items().end(),
                       [](const Node& n) { return n.is_scalar(); });
  }

  static bool convert_map(const Node& node) {
    if (!node.is_map()) return false;
    return std::all_of(node.entries().begin(), node.entries().end(),
                       [](const auto& entry) { return entry.second.is_scalar(); });
  }

  const Section& section_;
  const SettingsReader* outer_ = nullptr;
};

Result<Values> read(const Section& section, const Node& node) {
  return SettingsReader(section).read(node);
}

}  // namespace thalweg
