// What a wish means now: a number, a label, "latest" or a URI as a version that lies somewhere.
#include "model/served_life.h"
#include "model/versions.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr auto fetch_pause = 10s;  // after a fetch that failed

bool is_word(const VersionWish& wish) {
  return wish != "latest" && !version_number(wish);
}

// Those that were expanded from a secret, and what stands behind their '=', as in --token=${file:token}.
std::vector<std::string> secret_words(const Node* command) {
  if (command == nullptr) return {};
  std::vector<std::string> secrets;
  const auto add = [&](const Node& word) {
    if (!word.is_scalar() || !word.secret()) return;
    secrets.push_back(word.text());
    if (const std::size_t equals = word.text().find('='); equals != std::string::npos)
      secrets.push_back(word.text().substr(equals + 1));
  };
  add(*command);
  for (const Node& word : command->items()) add(word);
  return secrets;
}

}  // namespace

Result<WishedVersion> ServedModel::Life::without_files(const std::string& version) const {
  if (entry_.kind == nullptr) {
    return config_error(entry_.node.where(),
                        "expected `path`, the folder of the model; got none; add it");
  }
  WishedVersion wished;
  wished.version = version_number(version).value_or(0);
  if (auto error = known_failure(wished.key()); error && tried_.contains(wished.key()))
    return *error;
  return wished;
}

Result<WishedVersion> ServedModel::Life::fetch(const std::string& uri) {
  const auto again = fetch_again_.find(uri);
  if (again != fetch_again_.end() && Clock::now() < again->second) return fetch_errors_.at(uri);
  auto found = fetched_.find(uri);
  if (found == fetched_.end()) {
    FetchOptions options;
    options.command = entry_.values.strings("fetch");
    options.secrets = secret_words(entry_.node.find("fetch"));
    if (entry_.values.has("cache")) options.cache = entry_.values.string("cache");
    options.timeout = std::chrono::milliseconds(entry_.values.integer("fetch_timeout"));
    options.stopped = [this] {
      const std::lock_guard lock(mutex_);
      return stop_;
    };
    auto files = fetch_version(uri, options);
    if (!files) {
      fetch_again_[uri] = Clock::now() + fetch_pause;
      fetch_errors_.insert_or_assign(uri, files.error());
      return std::move(files).error();
    }
    found = fetched_.emplace(uri, WishedVersion{files->version, files->path, uri, {}}).first;
  }
  const WishedVersion version = found->second;
  if (auto error = known_failure(version.key())) {
    fetched_.erase(found);  // looked at again, and compared with its hash again
    fetch_again_[uri] = Clock::now() + fetch_pause;
    fetch_errors_.insert_or_assign(uri, *error);
    return *error;
  }
  return version;
}

Result<WishedVersion> ServedModel::Life::resolve_one(const VersionWish& version,
                                                     const DesiredModel& wish) {
  if (is_uri(version)) return fetch(version);
  std::string text = version;
  if (is_word(version)) {
    const auto own = wish.labels.find(version);
    const auto of_file = file_wish_.labels.find(version);
    if (own != wish.labels.end()) {
      text = own->second;
    } else if (of_file != file_wish_.labels.end()) {
      text = of_file->second;
    }
  }
  if (!entry_.values.has("path")) return without_files(text);
  const std::vector<VersionPath> versions = loadable();
  if (versions.empty() && !look_error_.ok()) return look_error_.error();
  auto chosen = choose_version(entry_.values.string("path"), versions, text);
  if (!chosen) return std::move(chosen).error();
  return WishedVersion{chosen->version, chosen->path, "", std::move(chosen->warnings)};
}

Result<WishedVersions> ServedModel::Life::resolve(const DesiredModel& wish) {
  WishedVersions wished;
  for (const DesiredVariant& variant : wish.variants) {
    auto version = resolve_one(variant.version, wish);
    if (!version) return std::move(version).error();
    wished.variants.push_back(std::move(*version));
  }
  if (wish.shadow) {
    auto version = resolve_one(wish.shadow->version, wish);
    if (!version) return std::move(version).error();
    wished.shadow = std::move(*version);
  }
  return wished;
}

}  // namespace thalweg
