// See labels.h.
#include "encode/labels.h"

#include <filesystem>

#include <fmt/format.h>

#include "config/yaml_reader.h"

namespace thalweg::encode {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{16} << 20;

Result<std::vector<std::string>> labels_of_file(const Node& node) {
  std::filesystem::path path(node.text());
  const auto& file = node.where().file;
  if (path.is_relative() && file) path = std::filesystem::path(*file).parent_path() / path;
  auto text = read_text_file(path.string(), file_bytes_max);
  if (!text) return config_error(node.where(), "labels: " + std::move(text).error().message());
  std::vector<std::string> labels;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    labels.emplace_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return labels;
}

}  // namespace

Result<std::vector<std::string>> read_labels(const Node& node, const ColumnType& scores) {
  std::vector<std::string> labels;
  if (node.is_scalar()) {
    auto read = labels_of_file(node);
    if (!read) return std::move(read).error();
    labels = *std::move(read);
  } else {
    for (const Node& item : node.items()) {
      if (!item.is_scalar())
        return config_error(item.where(),
                            "labels: expected texts; got " + item.to_json() + "; write [no, yes]");
      labels.push_back(item.text());
    }
  }
  const bool fits = scores.ragged() ? !labels.empty() : labels.size() == scores.width();
  if (fits) return labels;
  return config_error(
      node.where(),
      fmt::format(
          "labels: expected {} of them, as many as {} has elements; got {}; compare with the "
          "model's training",
          scores.ragged() ? std::string("some") : std::to_string(scores.width()),
          scores.to_string(), labels.size()));
}

}  // namespace thalweg::encode
