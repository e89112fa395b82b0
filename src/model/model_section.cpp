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
       .doc = "A version's number, or `latest`: the highest that is complete."},
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
  return s;
}

}  // namespace

const Section& model_section() {
  static const Section section = make_model_section();
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
