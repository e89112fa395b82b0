// YAML → Node: the only place that knows yaml-cpp.
//
// What comes out is a plain tree: aliases and merge keys (`<<`) are resolved, every node and key knows its line, `${NAME}`
// is expanded (expand.h), secrets are marked. What would be read differently than it was meant is an error with file and line: a key
// written twice, two documents in one file, tabs, tags of one's own.
//
// Files may be hostile: size, depth and the number of nodes after aliases are bounded, so that a small file cannot become a
// large tree. Never throws. Any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg {

struct YamlLimits {
  std::size_t bytes = std::size_t{8} << 20;        // of the file
  std::size_t depth = 64;                          // maps and sequences inside each other
  std::size_t nodes = 500'000;                     // after aliases
  std::size_t text_bytes = std::size_t{64} << 20;  // of all scalars and keys, after aliases
};

struct YamlOptions {
  // Errors and Where call the text by this name; `${file:…}` and paths are relative to its folder.
  std::string name;
  // false: the text is one value of a command line, so places are the name alone, without lines.
  bool lines = true;
  // Expand `${…}`. Off for files that come with a model: a model has no business in the environment.
  bool expand = true;
  // The environment; empty: the process's.
  std::function<std::optional<std::string>(const std::string& name)> environment{};
  YamlLimits limits{};
};

// An empty text gives a null node. Errors: config_invalid.
[[nodiscard]] Result<Node> read_yaml(std::string_view text, const YamlOptions& options);
// Errors: config_invalid, also when the file cannot be read. `options.name` is set to `path` if empty.
[[nodiscard]] Result<Node> read_yaml_file(const std::string& path, YamlOptions options = {});

// The whole of a file, up to `bytes_max`. Errors name the path and the cause.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

}  // namespace thalweg
