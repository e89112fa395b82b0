// What the status of a model says of its processes (control/status.h), as lines and as answers.
#pragma once

#include <string>
#include <vector>

#include "thalweg/settings.h"

namespace thalweg::cli {

// A part of a JSON object; "" and false where there is none.
[[nodiscard]] std::string text_of(const Node& node, const char* name);
[[nodiscard]] bool flag_of(const Node& node, const char* name);

// A line for each process, and one for each of its versions.
void print_processes(const Node& status);

// What became of the shadow in the live processes.
struct Shadows {
  bool pending = false;
  std::vector<std::string> refused;  // where, and why
};
[[nodiscard]] Shadows shadows_of(const Node& status);

}  // namespace thalweg::cli
