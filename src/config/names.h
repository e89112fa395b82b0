// Lists of names, as settings have them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::config {

[[nodiscard]] inline bool is_among(const std::vector<std::string>& names,
                                   std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// For a message: in order, and none twice.
inline void sort_each_once(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace thalweg::config
