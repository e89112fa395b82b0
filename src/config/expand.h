// `${…}` inside scalars: what differs from machine to machine, and what must not stand in a file.
//
//   ${NAME}              the environment variable; an error if it is not set
//   ${NAME:-default}     the same, or `default` if it is not set or empty
//   ${file:/run/x}       the content of a file, without one line end; secret
//   $${                  the two characters ${
//
// Expanded once, after YAML was parsed: what a variable holds is text and never YAML.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/error.h"

namespace thalweg::config {

struct Expanded {
  std::string text;
  bool changed = false;  // there was something to expand
  bool secret = false;   // a part comes from a file, or from a variable with a secret name
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// `folder`: relative files are in it; empty or ending in '/'. Errors say what was expected, but not where.
[[nodiscard]] Result<Expanded> expand(std::string_view text, const std::string& folder,
                                      const Environment& environment);

[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

}  // namespace thalweg::config
