#include "model/fetch.h"

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

Result<FetchedVersion> found(const fs::path& folder, const Uri& uri,
                             std::shared_ptr<const CacheUse> use = nullptr) {
  if (Status meant = check_manifest(folder, uri); !meant.ok()) return std::move(meant).error();
  auto manifest = read_manifest(folder.string());
  if (!manifest) return std::move(manifest).error();
  FetchedVersion fetched{(*manifest)->version, folder.string(), std::move(use)};
  if (fetched.version < 0) {
    const std::string path = uri.place.substr(0, uri.place.find('?'));
    fetched.version = version_number(fs::path(path).filename().string()).value_or(0);
  }
  return fetched;
}

// Whole, and what was meant.
Status check_fetched(const std::string& folder, const Uri& uri) {
  if (Status meant = check_manifest(folder, uri); !meant.ok()) return meant;
  auto manifest = read_manifest(folder);
  return manifest ? check_hashes(folder, **manifest) : Status(std::move(manifest).error());
}

Result<FetchedVersion> through(const FetchCache& cache, const Uri& uri,
                               const FetchOptions& options) {
  if (auto kept = cache.use(uri.sha256)) {
    if (check_fetched(kept->path(), uri).ok()) return found(kept->path(), uri, kept);
    cache.remove(kept->path());  // somebody was at it
  }
  auto begun = cache.begin();
  if (!begun) return std::move(begun).error();
  const std::string folder = (*begun)->path();
  Status got = fetch_into(folder, uri, options);
  if (got.ok()) got = check_fetched(folder, uri);
  if (!got.ok()) {
    std::error_code error;
    fs::remove_all(folder, error);
    return std::move(got).error();
  }
  auto kept = cache.keep(*begun, uri.sha256);
  if (!kept) return std::move(kept).error();
  cache.tidy();
  return found((*kept)->path(), uri, *kept);
}

}  // namespace

std::string fetched_folder(const std::string& cache, const std::string& sha256) {
  return (fs::path(FetchCache(cache, UINT64_MAX).folder()) / sha256).string();
}

bool is_uri(const std::string& wish) noexcept {
  const std::size_t colon = wish.find(':');
  return colon != std::string::npos && colon > 1 && wish.compare(colon, 2, ":/") == 0;
}

Result<FetchedVersion> fetch_version(const std::string& text, const FetchOptions& options) {
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
  return through(FetchCache(options.cache, options.cache_bytes_max), *uri, options);
}

}  // namespace thalweg
