// Values: asking a checked section. A wrong name or type is a mistake in the code, found by the first test that runs it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "thalweg/settings.h"

namespace thalweg {

namespace {

[[noreturn]] void mistake(std::string_view name, const char* what) {
  std::fprintf(stderr, "settings: '%.*s' %s\n", static_cast<int>(name.size()), name.data(), what);
  std::abort();
}

void require(const Setting& setting, std::initializer_list<SettingType> types) {
  for (const SettingType type : types) {
    if (setting.type == type) return;
  }
  mistake(setting.name, "is declared with another type than it is asked for");
}

}  // namespace

const Values::Entry& Values::entry(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.setting->name == name) return entry;
  }
  mistake(name, "is asked for but not declared");
}

bool Values::declares(std::string_view name) const noexcept {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.setting->name == name; });
}

bool Values::given(std::string_view name) const noexcept {
  return entry(name).given;
}

bool Values::has(std::string_view name) const noexcept {
  return entry(name).has;
}

bool Values::boolean(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::boolean});
  return e.boolean;
}

std::int64_t Values::integer(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::integer, SettingType::duration, SettingType::bytes});
  return e.integer;
}

double Values::number(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting,
          {SettingType::number, SettingType::integer, SettingType::duration, SettingType::bytes});
  return e.number;
}

const std::string& Values::string(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::string, SettingType::path});
  return e.string;
}

std::vector<std::string> Values::strings(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::strings});
  std::vector<std::string> all;
  if (e.node.is_scalar()) all.push_back(e.node.text());
  for (const Node& item : e.node.items()) all.push_back(item.text());
  return all;
}

std::vector<std::pair<std::string, std::string>> Values::map(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::map});
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [key, value] : e.node.entries()) all.emplace_back(key, value.text());
  return all;
}

const Node& Values::node(std::string_view name) const {
  return entry(name).node;
}

const Values& Values::section(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::section});
  if (e.sections.empty()) mistake(name, "is asked for inside itself");
  return e.sections.front();
}

const std::vector<Values>& Values::sections(std::string_view name) const {
  const Entry& e = entry(name);
  require(*e.setting, {SettingType::sections});
  return e.sections;
}

Where Values::where(std::string_view name) const {
  const Entry& e = entry(name);
  return e.given ? e.node.where() : where_;
}

}  // namespace thalweg
