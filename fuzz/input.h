// What the fuzzers share: bytes as texts, the claim that must hold, JSON's judge, a folder for readers of files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>

#include <simdjson.h>

#include "config/yaml_reader.h"

namespace thalweg::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The bytes, cut at NULs: a target that reads several things takes one after the other.
class Parts {
 public:
  Parts(const std::uint8_t* data, std::size_t size) : rest_(text_of(data, size)) {}
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::string_view next() {
    const std::size_t end = std::min(rest_.find('\0'), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return part;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

inline Node yaml(std::string_view text) {
  return read_yaml(text, {.name = "fuzz", .expand = false}).value();
}

inline bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

inline bool is_json(std::string_view text) {
  static simdjson::dom::parser judge;
  return judge.parse(simdjson::padded_string(text)).error() == simdjson::SUCCESS;
}

// A folder of this process, in memory where the machine has such a place. Emptied at the end.
class Folder {
 public:
  explicit Folder(const char* name) {
    const std::filesystem::path shm = "/dev/shm";
    std::error_code none;
    const auto below =
        std::filesystem::is_directory(shm, none) ? shm : std::filesystem::temp_directory_path();
    path_ =
        (below / ("thalweg-fuzz-" + std::string(name) + "-" + std::to_string(::getpid()))).string();
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

 private:
  std::string path_;
};

}  // namespace thalweg::fuzz
