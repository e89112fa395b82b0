#include "model/publish.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "feature/program.h"
#include "model/load.h"
#include "model/manifest.h"
#include "model/versions.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

constexpr const char* golden_name = "golden.jsonl";
constexpr const char* baseline_name = "baseline.json";
constexpr std::string_view hidden = ".publish-";

Error failed(const std::string& what, const std::string& why) {
  return {Code::io_failed,
          fmt::format("publish: expected to {}; got: {}; check space and rights", what, why)};
}

Status sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("open '" + path.string() + "'", std::strerror(errno));
  const bool fine = ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  if (fine) return {};
  return failed("write '" + path.string() + "' to disk", std::strerror(why));
}

// Removes the folder unless it was renamed.
class Hidden {
 public:
  explicit Hidden(fs::path path) : path_(std::move(path)) {}
  ~Hidden() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }
  void keep() noexcept { path_.clear(); }

 private:
  fs::path path_;
};

void remove_old(const fs::path& base) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(base, error)) {
    if (!entry.path().filename().string().starts_with(hidden)) continue;
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(error);
    if (!error && age > std::chrono::hours(24)) fs::remove_all(entry.path(), error);
  }
}

Result<std::int64_t> free_number(const PublishOptions& options) {
  std::int64_t highest = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options.base, error)) {
    const auto number = version_number(entry.path().filename().string());
    if (!number) continue;
    if (options.version == number) {
      return Error(Code::config_invalid,
                   fmt::format("publish: --version: expected a number that is not taken; got {}, "
                               "which is there; leave it out to get the next one",
                               *number));
    }
    highest = std::max(highest, *number);
  }
  if (options.version) return *options.version;
  if (highest < std::numeric_limits<std::int64_t>::max()) return highest + 1;
  return Error(
      Code::config_invalid,
      fmt::format("publish: expected a number above the highest; got {}, which is the last "
                  "there is; give --version",
                  highest));
}

Result<TriedVersion> load_alone(const std::string& folder, std::int64_t version,
                                const Registry& registry) {
  auto entry = read_entry("model", Node::map({{"path", Node::scalar(folder)}}), registry);
  if (!entry) return std::move(entry).error();
  auto loaded = load_version(*entry, registry, {version, folder});
  if (!loaded) return std::move(loaded).error();
  const ModelVersion& facts = (*loaded)->facts;
  if (facts.feature_file != nullptr) {
    const auto& [inputs, features, files] = *facts.feature_file;
    if (auto bound = FeatureProgram::bind(features, inputs, files, registry); !bound)
      return Error(Code::model_invalid, bound.error().message());
  }
  return TriedVersion{facts.signature, facts.runtime, facts.golden_rows, {}};
}

// One version's way into the folder.
class Publication {
 public:
  Publication(const PublishOptions& options, const Registry& registry)
      : options_(options), registry_(registry) {}
  Result<Published> run();

 private:
  [[nodiscard]] Status plan();
  [[nodiscard]] Status copy(const fs::path& to);
  [[nodiscard]] Status copy_file(const fs::path& from, const fs::path& to);
  [[nodiscard]] Status write_manifest(const fs::path& folder);
  [[nodiscard]] Status try_it(const fs::path& folder);
  [[nodiscard]] Status sync_all(const fs::path& folder) const;
  [[nodiscard]] Status appear(const fs::path& from, const fs::path& to) const;

  const PublishOptions& options_;
  const Registry& registry_;
  std::vector<std::pair<fs::path, std::string>> files_;  // from where, and the name in the version
  std::uint64_t all_ = 0;
  std::uint64_t done_ = 0;
  Manifest manifest_;
  Published published_;
};

Status Publication::plan() {
  const fs::path from(options_.from);
  if (Status whole = check_version(options_.from,
                                   [this](const std::string& path) {
                                     return std::any_of(registry_.runtimes().begin(),
                                                        registry_.runtimes().end(),
                                                        [&](const RuntimeKind& kind) {
                                                          return kind.make()->recognises(path);
                                                        });
                                   });
      !whole.ok())
    return whole;
  auto before = read_manifest(options_.from);
  if (!before) return std::move(before).error();
  if (*before != nullptr) {
    manifest_.golden = (*before)->golden;
    manifest_.golden_tolerance = (*before)->golden_tolerance;
    manifest_.baseline = (*before)->baseline;
    manifest_.features_sha256 = (*before)->features_sha256;
  }
  std::error_code error;
  if (fs::is_regular_file(from, error)) files_.emplace_back(from, from.filename().string());
  for (const auto& entry : fs::recursive_directory_iterator(
           from, fs::directory_options::follow_directory_symlink, error)) {
    const std::string name = entry.path().lexically_relative(from).generic_string();
    if (entry.is_regular_file(error) && name != manifest_name)
      files_.emplace_back(entry.path(), name);
  }
  const auto add = [&](const std::string& file, const char* name, std::string& place) {
    if (file.empty()) return;
    std::erase_if(files_, [&](const auto& item) { return item.second == name; });
    files_.emplace_back(file, name);
    place = name;
  };
  add(options_.golden, golden_name, manifest_.golden);
  add(options_.baseline, baseline_name, manifest_.baseline);
  if (!options_.golden.empty()) manifest_.golden_tolerance = options_.tolerance;
  for (const auto& [path, name] : files_) {
    const auto bytes = fs::file_size(path, error);
    if (error) return failed("read '" + path.string() + "'", error.message());
    all_ += bytes;
  }
  return {};
}

Status Publication::copy_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary);
  std::vector<char> buffer(std::size_t{1} << 20);
  while (in && out) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    out.write(buffer.data(), in.gcount());
    done_ += static_cast<std::uint64_t>(in.gcount());
    if (options_.progress) options_.progress(done_, all_);
  }
  out.close();
  if (in.eof() && !out.fail()) return {};
  return failed("copy '" + from.string() + "'", std::strerror(errno));
}

// The copy is compared with the original, so that neither a bad disk nor somebody who still writes goes unnoticed.
Status Publication::copy(const fs::path& to) {
  for (const auto& [from, name] : files_) {
    if (Status copied = copy_file(from, to / name); !copied.ok()) return copied;
  }
  auto listed = list_files(to.string());
  if (!listed) return std::move(listed).error();
  manifest_.files = std::move(*listed);
  for (const auto& [from, name] : files_) {
    auto hash = sha256_of_file(from.string());
    if (!hash) return std::move(hash).error();
    const auto copied = std::find_if(manifest_.files.begin(), manifest_.files.end(),
                                     [&](const ManifestFile& file) { return file.path == name; });
    if (copied != manifest_.files.end() && copied->sha256 == *hash) continue;
    return Error(Code::model_invalid,
                 fmt::format("publish: '{}': expected a file that stays as it is; it changed while "
                             "it was copied; try again when it is finished",
                             from.string()));
  }
  return {};
}

Status Publication::write_manifest(const fs::path& folder) {
  std::ofstream file(folder / manifest_name, std::ios::binary | std::ios::trunc);
  file << to_json(manifest_);
  file.close();
  if (!file) return failed("write manifest.json", std::strerror(errno));
  return {};
}

// What no process could load shall not appear.
Status Publication::try_it(const fs::path& folder) {
  auto tried = options_.try_as ? options_.try_as(folder.string(), published_.version)
                               : load_alone(folder.string(), published_.version, registry_);
  if (tried.ok()) {
    manifest_.signature = tried->signature;
    manifest_.runtime = tried->runtime;
    if (!tried->features_sha256.empty()) manifest_.features_sha256 = tried->features_sha256;
    published_.golden_rows = tried->golden_rows;
    published_.features_sha256 = manifest_.features_sha256;
    return write_manifest(folder);
  }
  Error why = std::move(tried).error();
  // `signature` is a setting of the pipeline: a model with several is tried where it is used.
  const bool elsewhere = why.code() == Code::config_invalid && !options_.try_as;
  if (why.code() != Code::runtime_missing && !elsewhere) return std::move(why).at("publish");
  published_.untried = why.message();
  return {};
}

Status Publication::sync_all(const fs::path& folder) const {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (Status synced = sync(entry.path()); !synced.ok()) return synced;
  }
  return sync(folder);
}

// Two who publish the same number at once: the second one is told, and overwrites nothing.
Status Publication::appear(const fs::path& from, const fs::path& to) const {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    const int why = errno;
    std::error_code error;
    if (why == EEXIST || fs::exists(to, error)) {
      return Error(Code::config_invalid, "publish: expected '" + to.string() +
                                             "' to be free; somebody was faster; try again");
    }
    fs::rename(from, to, error);  // a file system that does not know the other call
    if (error) return failed("rename to '" + to.string() + "'", error.message());
  }
  return sync(to.parent_path());
}

Result<Published> Publication::run() {
  if (Status planned = plan(); !planned.ok()) return std::move(planned).error();
  std::error_code error;
  fs::create_directories(options_.base, error);
  remove_old(options_.base);
  auto number = free_number(options_);
  if (!number) return std::move(number).error();
  published_.version = manifest_.version = *number;
  manifest_.created =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now()));
  std::string name = (fs::path(options_.base) / (std::string(hidden) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    return failed("make a folder in '" + options_.base + "'", std::strerror(errno));
  Hidden folder(name);
  ::chmod(name.c_str(), 0755);  // whoever serves it is often another user
  Status status = copy(folder.path());
  if (status.ok()) status = write_manifest(folder.path());
  if (status.ok()) status = try_it(folder.path());
  if (status.ok()) status = sync_all(folder.path());
  if (!status.ok()) return std::move(status).error();
  auto hash = sha256_of_file((folder.path() / manifest_name).string());
  if (!hash) return std::move(hash).error();
  const fs::path to = fs::path(options_.base) / std::to_string(*number);
  if (Status there = appear(folder.path(), to); !there.ok()) return std::move(there).error();
  folder.keep();
  published_.path = to.string();
  published_.manifest_sha256 = std::move(*hash);
  published_.bytes = all_;
  return published_;
}

}  // namespace

Result<Published> publish(const PublishOptions& options, const Registry& registry) {
  return Publication(options, registry).run();
}

}  // namespace thalweg
