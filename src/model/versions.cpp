#include "model/versions.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "model/files.h"
#include "model/manifest.h"
#include "model/uri.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

std::int64_t own_number(fs::path path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) path = path.parent_path();
  path = fs::absolute(path, error).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // a trailing slash
  return version_number(path.filename().string()).value_or(0);
}

std::string list(const std::vector<VersionPath>& versions) {
  std::string text;
  for (const VersionPath& version : versions) {
    text += (text.empty() ? "" : ", ") + std::to_string(version.version);
  }
  return text;
}

Result<ChosenVersion> choose_latest(const std::string& path,
                                    const std::vector<VersionPath>& versions) {
  ChosenVersion chosen;
  for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
    if (it->complete.ok()) {
      chosen.version = it->version;
      chosen.path = it->path;
      return chosen;
    }
    chosen.warnings.push_back("version " + std::to_string(it->version) +
                              " is skipped: " + it->complete.error().message());
  }
  if (versions.size() == 1) return versions.front().complete.error();
  return Error(versions.back().complete.error()).at("no version of '" + path + "' is complete");
}

// saved_model.pb is a part of a model, and its folder the whole: who names the one means the other.
std::string folder_if_saved_model(const std::string& path) {
  const fs::path file(path);
  std::error_code error;
  if (file.filename() != "saved_model.pb" || !fs::is_regular_file(file, error)) return path;
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

}  // namespace

std::optional<std::int64_t> version_number(const std::string& name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number < 0) return std::nullopt;
  if (name.size() > 1 && name.front() == '0') return std::nullopt;
  return number;
}

Result<std::vector<VersionPath>> list_versions(const std::string& given, const Recognises& also) {
  std::error_code error;
  const std::string path = folder_if_saved_model(given);
  std::vector<VersionPath> versions;
  if (!fs::exists(path, error)) {
    return Error(Code::model_missing,
                 "expected a model at '" + path +
                     "'; there is nothing; set `path` to the folder that holds its versions");
  }
  if (model_file(path) || (also && also(path))) {
    versions.push_back({own_number(path), path, {}});
    return versions;
  }
  if (!fs::is_directory(path, error)) {
    return Error(Code::model_missing,
                 "expected a folder or a model file at '" + path +
                     "'; got a file of another kind; known are saved_model.pb, .onnx, .tflite "
                     "and .xml");
  }
  bool empty = true;
  for (const fs::path& entry : entries_of(path)) {
    empty = false;
    const auto number = version_number(entry.filename().string());
    if (!number || !fs::is_directory(entry, error)) continue;
    versions.push_back({*number, entry.string(), {}});
  }
  if (versions.empty()) {
    // A folder with variables/ alone is a version that is half copied, not a folder of versions.
    if (fs::is_directory(fs::path(path) / "variables", error)) return check_complete(path).error();
    return Error(Code::model_missing,
                 "expected numbered versions (1, 2, …) or a model in '" + path + "'; " +
                     (empty ? "the folder is empty" : "it holds other things") +
                     "; set `path` to the folder that holds the versions");
  }
  std::sort(versions.begin(), versions.end(),
            [](const VersionPath& a, const VersionPath& b) { return a.version < b.version; });
  return versions;
}

// A file only its runtime knows is taken as it is.
Status check_version(const std::string& path, const Recognises& also) {
  auto manifest = read_manifest(path);
  if (!manifest) return std::move(manifest).error();
  if (*manifest != nullptr) {
    if (Status sizes = check_sizes(path, **manifest); !sizes.ok()) return sizes;
  }
  if (!model_file(path) && also && also(path)) return {};
  return check_complete(path);
}

Result<std::vector<VersionPath>> find_versions(const std::string& path, const Recognises& also) {
  auto versions = list_versions(path, also);
  if (!versions) return versions;
  for (VersionPath& version : *versions) version.complete = check_version(version.path, also);
  return versions;
}

Result<ChosenVersion> choose_version(const std::string& path,
                                     const std::vector<VersionPath>& versions,
                                     const std::string& wanted) {
  const auto number = version_number(wanted);
  if (wanted != "latest" && !number) {
    return Error(Code::config_invalid, "version: expected `latest`, a number or a label; got '" +
                                           shown_uri(wanted) +
                                           "', which is no label; add it to `labels`");
  }
  if (!number) return choose_latest(path, versions);
  for (const VersionPath& version : versions) {
    if (version.version != *number) continue;
    if (!version.complete.ok()) return version.complete.error();
    return ChosenVersion{version.version, version.path, {}};
  }
  return Error(Code::model_missing, "expected version " + wanted + " in '" + path + "'; got " +
                                        list(versions) +
                                        "; set `version` to one of these, or to latest");
}

}  // namespace thalweg
