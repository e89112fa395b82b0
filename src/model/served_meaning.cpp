// What a wish means now: a number, a label, "latest" or a URI as a version that lies somewhere.
#include "model/served_life.h"
#include "model/versions.h"

namespace thalweg {
namespace {

bool is_word(const VersionWish& wish) {
  return wish != "latest" && !version_number(wish);
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
  // As far as it is known: nothing waits for it to be fetched.
  if (wish.shadow && (!is_uri(wish.shadow->version) || fetched_.contains(wish.shadow->version))) {
    auto version = resolve_one(wish.shadow->version, wish);
    if (version.ok()) wished.shadow = std::move(*version);
  }
  return wished;
}

}  // namespace thalweg
