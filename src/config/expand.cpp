// `${…}` inside scalars.
#include "config/expand.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>

#include "config/secrets.h"
#include "config/yaml_reader.h"

namespace thalweg::config {

namespace {

constexpr std::size_t secret_file_bytes_max = std::size_t{1} << 20;

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return c == '_' || std::isalpha(static_cast<unsigned char>(c)) != 0;
  };
  if (name.empty() || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Error malformed(std::string_view what) {
  const std::string shown(what.substr(0, 60));
  return {
      Code::config_invalid,
      fmt::format(
          "expected ${{NAME}}, ${{NAME:-default}} or ${{file:path}}; got '{}'; write $${{ for the "
          "characters ${{ themselves",
          shown)};
}

Result<std::string> file_content(std::string_view path, const std::string& folder) {
  const std::string full = path.starts_with('/') ? std::string(path) : folder + std::string(path);
  auto content = read_text_file(full, secret_file_bytes_max);
  if (!content) return std::move(content).error().at(fmt::format("${{file:{}}}", path));
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  return content;
}

// What stands between ${ and }.
Status append(std::string_view inner, const std::string& folder, const Environment& environment,
              Expanded& out) {
  if (inner.starts_with("file:")) {
    auto content = file_content(inner.substr(5), folder);
    if (!content) return std::move(content).error();
    out.text += *content;
    out.secret = true;
    return {};
  }
  const std::size_t split = inner.find(":-");
  const std::string name(inner.substr(0, split));
  if (!is_variable_name(name)) return malformed(fmt::format("${{{}}}", inner));
  const std::optional<std::string> value = environment(name);
  out.secret = out.secret || is_secret_name(name);
  if (split == std::string_view::npos) {
    if (!value) {
      return Error(
          Code::config_invalid,
          fmt::format(
              "expected the environment variable '{}' to be set; got none; set it, or write a "
              "default as in ${{{}:-default}}",
              name, name));
    }
    out.text += *value;
  } else {
    out.text += value && !value->empty() ? *value : std::string(inner.substr(split + 2));
  }
  return {};
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT: nothing here changes the environment
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<Expanded> expand(std::string_view text, const std::string& folder,
                        const Environment& environment) {
  Expanded out;
  while (true) {
    const std::size_t begin = text.find("${");
    if (begin == std::string_view::npos) break;
    out.changed = true;
    if (begin > 0 && text[begin - 1] == '$') {  // $${ stands for ${
      out.text.append(text.substr(0, begin - 1)).append("${");
      text.remove_prefix(begin + 2);
      continue;
    }
    out.text += text.substr(0, begin);
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) return malformed(text.substr(begin));
    if (auto status = append(text.substr(begin + 2, end - begin - 2), folder, environment, out);
        !status) {
      return std::move(status).error();
    }
    text.remove_prefix(end + 1);
  }
  out.text += text;
  return out;
}

}  // namespace thalweg::config
