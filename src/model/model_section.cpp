#include "model/model_section.h"

#include <algorithm>
#include <filesystem>

#include "model/variant_section.h"

namespace thalweg {
namespace {

bool declares(const Section& section, std::string_view key) {
  return std::any_of(section.settings.begin(), section.settings.end(),
                     [key](const Setting& setting) { return setting.name == key; });
}

const RuntimeKind* owner_of(std::string_view key, const Registry& registry) {
  for (const RuntimeKind& kind : registry.runtimes()) {
    if (kind.section != nullptr && declares(*kind.section, key)) return &kind;
  }
  return nullptr;
}

Error unknown_key(const Node& entry, const std::string& key, const RuntimeKind* kind,
                  const RuntimeKind* owner) {
  const Where& where = entry.key_where(key);
  if (owner != nullptr) {
    return config_error(where, "model: expected settings of runtime '" + kind->name + "'; got '" +
                                   key + "', which belongs to '" + owner->name +
                                   "'; remove it, or set runtime: " + owner->name);
  }
  std::vector<std::string> known;
  for (const Setting& setting : model_section().settings) known.push_back(setting.name);
  if (kind != nullptr && kind->section != nullptr) {
    for (const Setting& setting : kind->section->settings) known.push_back(setting.name);
  }
  return config_error(where, "model: expected one of its settings; got '" + key +
                                 "', which is none." + did_you_mean(key, known) + " There are " +
                                 quoted_list(known));
}

const Section& guards_section() {
  // Never destroyed, as every section that a load reads: a load that was left behind may still read it while the process ends.
  static const Section& section = *new Section{
      .name = "guards",
      .doc = "Limits for a new version during its probation, compared with the version before.",
      .settings = {
          {.name = "error_share",
           .type = SettingType::number,
           .min = 0,
           .max = 1,
           .example = "0.01",
           .doc = "Goes back when the share of rows without an answer exceeds that of the version "
                  "before by more than this."},
          {.name = "nan_share",
           .type = SettingType::number,
           .min = 0,
           .max = 1,
           .example = "0.01",
           .doc = "The same for the share of answers that are NaN."},
          {.name = "latency_ratio",
           .type = SettingType::number,
           .min = 1,
           .example = "2",
           .doc = "Goes back when the 99th percentile of a call's time exceeds that of the version "
                  "before so many times."},
          {.name = "rows_min",
           .type = SettingType::integer,
           .unit = "rows",
           .fallback = "1000",
           .min = 1,
           .doc = "Nothing is judged before so many rows of both versions."},
      }};
  return section;
}

const Section& life_section();

Section make_model_section() {
  Section s;
  s.name = "model";
  s.doc =
      "A model: where it is, what runs it, which version and signature, and how its rows are "
      "grouped into calls.";
  s.shorthand = "path";
  s.settings = {
      {.name = "path",
       .type = SettingType::path,
       .example = "models/tweet_cnn",
       .doc = "Folder with numbered versions (models/x/1, models/x/2), or one version's own folder "
              "or file."},
      {.name = "runtime",
       .type = SettingType::string,
       .example = "tensorflow",
       .doc = "What runs it; if absent, the first runtime that reads such files: tensorflow for a "
              "SavedModel, openvino for "
              "ONNX."},
      {.name = "version",
       .type = SettingType::string,
       .fallback = "latest",
       .example = "3",
       .doc =
           "A version's number, a label, `latest` (the highest that is complete and works), or a "
           "URI with its manifest's hash: file:///models/x/3#sha256=…"},
      {.name = "signature",
       .type = SettingType::string,
       .example = "classify",
       .doc = "The signature to call; if absent `serving_default`, or the only one there is."},
      {.name = "batch",
       .type = SettingType::string,
       .fallback = "auto",
       .choices = {"auto", "dynamic", "fixed", "none"},
       .doc = "How rows become calls: any number in one (dynamic), as many as the first dimension "
              "says (fixed), or one by one "
              "without a batch dimension (none). auto reads it from the signature."},
      {.name = "rows_max",
       .type = SettingType::string,
       .unit = "rows",
       .fallback = "auto",
       .example = "256",
       .doc = "Most rows of one call: a number, `none`, or `auto`, which sets a bound where the "
              "warm-up finds that more "
              "rows cost more each."},
      {.name = "warm_up",
       .type = SettingType::strings,
       .unit = "rows",
       .fallback = "1, 8, 32, 128, 512",
       .example = "[1, 64, 256]",
       .doc = "Sizes of the calls made before the first record, which measure the cost per row and "
              "check that a row is "
              "answered alike alone and in company; `off` makes one call of one row."},
      {.name = "warm_up_time",
       .type = SettingType::duration,
       .unit = "ms",
       .fallback = "300ms",
       .doc = "No new warm-up size is begun after this time."},
      {.name = "thread",
       .type = SettingType::string,
       .fallback = "auto",
       .choices = {"auto", "worker", "lane"},
       .doc = "Where an embedded model runs: in the worker's own thread, or on a lane, a thread "
              "beside it, so that the worker "
              "goes on reading meanwhile. auto takes the lane when one row needs more than 5 ms."},
  };
  for (const Setting& setting : variant_settings().settings) s.settings.push_back(setting);
  for (const Setting& setting : life_section().settings) s.settings.push_back(setting);
  return s;
}

// Which version serves, and when it changes.
Section make_life_section() {
  Section s;
  s.name = "model";
  s.settings = {
      {.name = "labels",
       .type = SettingType::map,
       .example = "{stable: 3, next: 4}",
       .doc = "Names for versions, which `version` may use."},
      {.name = "poll",
       .type = SettingType::duration,
       .unit = "ms",
       .fallback = "1s",
       .min = 0,
       .doc = "How often `path` is looked at for new versions while the stream runs; 0: never."},
      {.name = "unload",
       .type = SettingType::string,
       .fallback = "after_load",
       .choices = {"after_load", "first"},
       .doc = "after_load: the old version serves until the new one is warm. first: it is freed "
              "before the new one is loaded, for models too big to hold twice; records wait "
              "meanwhile."},
      {.name = "keep_previous",
       .type = SettingType::duration,
       .unit = "ms",
       .fallback = "10m",
       .min = 0,
       .doc =
           "How long a version that left a variant stays in memory, so that going back to it takes "
           "no time; it is freed earlier when that variant leaves another one, four are kept at "
           "most, and none with `unload: first`."},
      {.name = "slow_load",
       .type = SettingType::duration,
       .unit = "ms",
       .fallback = "1m",
       .min = 1,
       .doc =
           "A version that loads and warms up for longer is told; it goes on loading, and another "
           "wish or a higher number that comes is followed without it. So long does a start wait "
           "for "
           "a folder that does not answer."},
      {.name = "fetch",
       .type = SettingType::strings,
       .example = "[aws, s3, cp, --recursive, \"{uri}\", \"{dir}\"]",
       .doc = "The command that gets a version given as a URI of another kind than file or https: "
              "it must fill the folder {dir}, manifest.json included."},
      {.name = "fetch_timeout",
       .type = SettingType::duration,
       .unit = "ms",
       .fallback = "10m",
       .min = 1000,
       .doc = "A fetch that takes longer is ended and tried again."},
      {.name = "cache",
       .type = SettingType::path,
       .example = "/var/cache/thalweg",
       .doc = "Where fetched versions are kept; if absent thalweg/models below $XDG_CACHE_HOME or "
              "~/.cache."},
      {.name = "cache_bytes_max",
       .type = SettingType::bytes,
       .unit = "bytes",
       .fallback = "50GiB",
       .min = 0,
       .example = "20GiB",
       .doc =
           "Most bytes of fetched versions in `cache`; beyond it those go that were not used for "
           "longest and that no process uses."},
      {.name = "probation",
       .type = SettingType::duration,
       .unit = "ms",
       .fallback = "10m",
       .min = 0,
       .doc = "How long `guards` watch a new version."},
      {.name = "guards",
       .type = SettingType::section,
       .section = &guards_section(),
       .doc = "What makes a new version go back to the one before by itself."},
  };
  return s;
}

const Section& life_section() {
  static const Section& section = *new Section(make_life_section());
  return section;
}

}  // namespace

const std::vector<std::string>& life_settings() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"path", "version"};
    for (const Setting& setting : life_section().settings) all.push_back(setting.name);
    for (const Setting& setting : variant_settings().settings) all.push_back(setting.name);
    return all;
  }();
  return names;
}

const Section& model_section() {
  static const Section& section = *new Section(make_model_section());
  return section;
}

Result<Values> read_model_entry(const Node& entry, const Registry& registry,
                                const RuntimeKind* kind) {
  for (const auto& [key, value] : entry.entries()) {
    const bool own = kind != nullptr && kind->section != nullptr && declares(*kind->section, key);
    if (own || declares(model_section(), key)) continue;
    const RuntimeKind* owner = owner_of(key, registry);
    if (owner != nullptr && kind == nullptr) continue;  // asked again once the runtime is known
    return unknown_key(entry, key, kind, owner);
  }
  return read(model_section(), part_of(model_section(), entry));
}

Node part_of(const Section& section, const Node& node) {
  if (!node.is_map()) return {};
  std::vector<std::pair<std::string, Node>> kept;
  std::vector<Where> places;
  for (const auto& [key, value] : node.entries()) {
    if (!declares(section, key)) continue;
    kept.emplace_back(key, value);
    places.push_back(node.key_where(key));
  }
  return Node::map(std::move(kept), node.where(), std::move(places));
}

std::string beside(const Where& where, const std::string& path) {
  const std::filesystem::path wanted(path);
  if (wanted.is_absolute() || where.file == nullptr || where.file->starts_with("--set "))
    return path;
  return (std::filesystem::path(*where.file).parent_path() / wanted).string();
}

}  // namespace thalweg
