// Opens shared libraries. The flags matter:
//
//   RTLD_LOCAL     the library's symbols stay its own: TensorFlow and OpenVINO each bring parts of the same libraries.
//   RTLD_DEEPBIND  it also prefers its own symbols to the process's: without it TensorFlow takes the system's protobuf
//                  as soon as something in the process links that, and crashes. AddressSanitizer refuses the flag.
#include "model/library.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <optional>

namespace thalweg {
namespace {

namespace fs = std::filesystem;

int flags(bool deep_bind) {
#if defined(RTLD_DEEPBIND) && !defined(__SANITIZE_ADDRESS__) && !defined(THALWEG_SANITIZED)
  if (deep_bind) return RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif
  (void)deep_bind;
  return RTLD_NOW | RTLD_LOCAL;
}

// The first file of `folder` that fits `name`; with '*', the last in order (the highest version).
std::optional<std::string> find_in(const fs::path& folder, const std::string& name) {
  std::error_code error;
  if (name.empty() || name.back() != '*') {
    fs::path file = folder / name;
    if (fs::is_regular_file(file, error)) return file.string();
    return std::nullopt;
  }
  const std::string_view stem(name.data(), name.size() - 1);
  std::optional<std::string> best;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.path().filename().string().starts_with(stem)) continue;
    if (!best || entry.path().string() > *best) best = entry.path().string();
  }
  return best;
}

std::optional<std::string> find_below(const std::string& folder, const LibrarySearch& search) {
  for (const std::string& sub : search.subfolders) {
    for (const std::string& name : search.names) {
      if (auto found = find_in(sub.empty() ? fs::path(folder) : fs::path(folder) / sub, name)) {
        return found;
      }
    }
  }
  return std::nullopt;
}

struct Named {
  std::string folder;
  std::string by;  // who named it; empty: nobody, the built-in default
};

std::vector<Named> folders(const LibrarySearch& search) {
  std::vector<Named> all;
  if (const char* value = std::getenv(search.variable.c_str());
      value != nullptr && *value != '\0') {
    all.push_back({value, search.variable});
  }
  if (!search.setting.empty()) all.push_back({search.setting, "the setting `library`"});
  if (!search.built_in.empty()) all.push_back({search.built_in, ""});
  return all;
}

Error missing(const LibrarySearch& search, const std::string& got) {
  return {Code::runtime_missing, "expected the " + search.what + " library (" +
                                     search.names.front() + "); " + got + "; " + search.cure};
}

}  // namespace

Result<Library> Library::open(const LibrarySearch& search, bool deep_bind) {
  for (const Named& named : folders(search)) {
    const auto file = find_below(named.folder, search);
    if (!file) {
      if (named.by.empty()) continue;
      return missing(search, named.by + " names '" + named.folder + "', which does not hold it");
    }
    if (void* handle = dlopen(file->c_str(), flags(deep_bind))) return Library(handle, *file);
    return missing(search, "it cannot be loaded: " + std::string(dlerror()));
  }
  for (const std::string& name : search.names) {
    if (name.back() == '*') continue;
    if (void* handle = dlopen(name.c_str(), flags(deep_bind))) return Library(handle, name);
  }
  return missing(search, "it is neither in a folder named by " + search.variable +
                             " nor on the loader's path");
}

void* Library::symbol(const char* name) const noexcept {
  return dlsym(handle_, name);
}

}  // namespace thalweg
