#include "model/fetch.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "model/command.h"
#include "model/manifest.h"
#include "model/uri.h"
#include "model/versions.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

struct Uri {
  std::string place;  // without the hash
  std::string scheme;
  std::string sha256;
};

Result<Uri> parse(const std::string& text) {
  Uri uri;
  const std::size_t hash = text.rfind("#sha256=");
  uri.place = text.substr(0, hash);
  uri.scheme = text.substr(0, text.find(':'));
  if (hash != std::string::npos) uri.sha256 = text.substr(hash + 8);
  const bool hex = uri.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (uri.sha256.size() == 64 && hex) return uri;
  return Error(Code::config_invalid,
               "expected '" + shown_uri(text) +
                   "' to end in #sha256= and the 64 digits of its manifest's "
                   "hash; they are not there; `thalweg model publish` prints them");
}

std::string default_cache() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0')
    return std::string(xdg) + "/thalweg/models";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.cache/thalweg/models";
  return "/var/cache/thalweg/models";
}

// An error names the program and the URI as it may be shown: the program's words hold what secrets were put into them.
Status run(const std::vector<std::string>& command, const std::string& uri,
           const FetchOptions& options, const std::string& input = {}) {
  std::vector<std::string> secrets = secrets_of(uri);
  secrets.insert(secrets.end(), options.secrets.begin(), options.secrets.end());
  auto ended = run_command(command, options.timeout, options.stopped, input);
  if (!ended) return Error(ended.error().code(), without(ended.error().message(), secrets));
  if (ended->exit_code == 0) return {};
  return Error(
      Code::model_unavailable,
      fmt::format("fetch: expected '{}' to get '{}'; it ended with {}: {}", command_name(command),
                  shown_uri(uri), ended->exit_code, without(ended->said, secrets)));
}

// As a quoted word of curl's configuration.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += c == '\n' ? "\\n" : "\\r";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// The URL goes in by standard input: among the words it could be read by every user of the machine.
Status curl(const std::string& from, const fs::path& to, const FetchOptions& options) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  return run({"curl", "--fail", "--silent", "--show-error", "--location", "--globoff",
              "--max-filesize", "1099511627776", "--output", to.string(), "--config", "-"},
             from, options, "url = " + quoted(from) + "\n");
}

// The manifest's hash is checked before its list is believed.
Status check_manifest(const fs::path& folder, const Uri& uri) {
  auto hash = sha256_of_file((folder / manifest_name).string());
  if (!hash) {
    return Error(Code::model_invalid,
                 shown_uri(uri.place) + ": expected a manifest.json in it; there is none");
  }
  if (*hash == uri.sha256) return {};
  return Error(Code::model_invalid, fmt::format("{}: expected a manifest with hash {}; got {}; it "
                                                "is another version than was meant",
                                                shown_uri(uri.place), uri.sha256, *hash));
}

Status fetch_into(const fs::path& dir, const Uri& uri, const FetchOptions& options) {
  if (uri.scheme != "https" && uri.scheme != "http") {
    std::vector<std::string> command = options.command;
    for (std::string& word : command) {
      for (const auto& [name, value] :
           {std::pair<std::string, std::string>{"{uri}", uri.place}, {"{dir}", dir.string()}}) {
        for (std::size_t at = word.find(name); at != std::string::npos;
             at = word.find(name, at + value.size()))
          word.replace(at, name.size(), value);
      }
    }
    return run(command, uri.place, options);
  }
  if (Status got = curl(below(uri.place, manifest_name), dir / manifest_name, options); !got.ok())
    return got;
  if (Status meant = check_manifest(dir, uri); !meant.ok()) return meant;
  auto manifest = read_manifest(dir.string());
  if (!manifest) return std::move(manifest).error();
  for (const ManifestFile& file : (*manifest)->files) {
    if (Status got = curl(below(uri.place, file.path), dir / file.path, options); !got.ok())
      return got;
  }
  return {};
}

Result<VersionFiles> found(const fs::path& folder, const Uri& uri) {
  if (Status meant = check_manifest(folder, uri); !meant.ok()) return std::move(meant).error();
  auto manifest = read_manifest(folder.string());
  if (!manifest) return std::move(manifest).error();
  VersionFiles files{(*manifest)->version, folder.string()};
  if (files.version < 0) {
    const std::string path = uri.place.substr(0, uri.place.find('?'));
    files.version = version_number(fs::path(path).filename().string()).value_or(0);
  }
  return files;
}

}  // namespace

std::string fetched_folder(const std::string& cache, const std::string& sha256) {
  return (fs::path(cache.empty() ? default_cache() : cache) / sha256).string();
}

bool is_uri(const std::string& wish) noexcept {
  const std::size_t colon = wish.find(':');
  return colon != std::string::npos && colon > 1 && wish.compare(colon, 2, ":/") == 0;
}

Result<VersionFiles> fetch_version(const std::string& text, const FetchOptions& options) {
  auto uri = parse(text);
  if (!uri) return std::move(uri).error();
  if (uri->scheme == "file") {
    const std::size_t path = uri->place.starts_with("file://") ? 7 : 5;
    return found(uri->place.substr(path), *uri);
  }
  if (uri->scheme != "https" && uri->scheme != "http" && options.command.empty()) {
    return Error(Code::config_invalid,
                 fmt::format("expected a setting `fetch` for '{}'; there is none; give the model's "
                             "entry a command that gets {}: URIs",
                             shown_uri(uri->place), uri->scheme));
  }
  const fs::path kept = fetched_folder(options.cache, uri->sha256);
  const fs::path cache = kept.parent_path();
  std::error_code error;
  if (fs::is_directory(kept, error)) {
    auto manifest = read_manifest(kept.string());
    if (manifest.ok() && *manifest != nullptr && check_hashes(kept.string(), **manifest).ok())
      return found(kept, *uri);
    fs::remove_all(kept, error);  // somebody was at it
  }
  fs::create_directories(cache, error);
  std::string temp = (cache / ".fetch-XXXXXX").string();
  if (::mkdtemp(temp.data()) == nullptr) {
    return Error(Code::io_failed, "cache: expected to make a folder in '" + cache.string() +
                                      "'; it failed; set `cache` to a folder that may be written");
  }
  Status got = fetch_into(temp, *uri, options);
  if (got.ok()) got = check_manifest(temp, *uri);
  if (got.ok()) {
    auto manifest = read_manifest(temp);
    got = manifest ? check_hashes(temp, **manifest) : Status(std::move(manifest).error());
  }
  if (got.ok()) fs::rename(temp, kept, error);
  fs::remove_all(temp, error);  // nothing, once it was renamed
  if (!got.ok()) return std::move(got).error();
  return found(kept, *uri);
}

}  // namespace thalweg
