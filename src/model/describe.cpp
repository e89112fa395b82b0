#include "model/describe.h"

#include <filesystem>

#include <fmt/format.h>

#include "config/json_text.h"
#include "model/files.h"
#include "model/load.h"
#include "model/manifest.h"
#include "model/saved_model.h"
#include "model/signatures.h"
#include "model/warm_up.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

const RuntimeKind* runtime_of(const std::string& path, const Registry& registry) {
  for (const RuntimeKind& kind : registry.runtimes()) {
    if (kind.make()->recognises(path)) return &kind;
  }
  return nullptr;
}

// From the file alone, so that it needs no runtime.
void read_saved_model_file(DescribedVersion& version) {
  auto bytes = read_whole_file(version.path + "/saved_model.pb");
  if (!bytes) return;
  version.bytes_input = parses_bytes(*bytes);
  if (auto graph = read_serving_graph(version.path)) version.signatures = shown_signatures(*graph);
}

// What loads may still fail at its first run: variables that were not restored show only then.
Status try_once(LoadedModel& model) {
  auto signature = choose_signature(model.signatures(), "");
  if (!signature) return {};  // there are several, none of them the usual one: the user chooses
  auto batching = find_batching(*signature, "auto");
  if (!batching) return {};
  WarmUpPlan once;
  once.sizes.clear();
  auto report = warm_up(model, *signature, *batching, once);
  return report.ok() ? Status() : Status(std::move(report).error());
}

void read_signatures(DescribedVersion& version, const RuntimeKind& kind) {
  read_saved_model_file(version);
  auto loaded = kind.make()->load({"model", version.path, version.version, Node()});
  if (!loaded) {
    version.problem = loaded.error().message();
    version.untried = loaded.error().code() == Code::runtime_missing;
    return;
  }
  version.signatures.assign((*loaded)->signatures().begin(), (*loaded)->signatures().end());
  if (Status tried = try_once(**loaded); !tried.ok()) version.problem = tried.error().message();
}

void read_features(DescribedVersion& version) {
  std::error_code error;
  const fs::path folder = fs::is_directory(version.path, error)
                              ? fs::path(version.path)
                              : fs::path(version.path).parent_path();
  const fs::path file = folder / "assets.extra" / "features.yaml";
  if (!fs::exists(file, error)) return;
  auto features = read_feature_file(file.string());
  if (!features) {
    version.problem = features.error().message();
    return;
  }
  for (const Field& field : features->inputs.fields) {
    version.feature_inputs.push_back(field.name + ": " + field.type.to_string());
  }
}

void read_manifest_facts(DescribedVersion& version) {
  const auto manifest = read_manifest(version.path);
  if (!manifest.ok() || *manifest == nullptr) return;  // what is wrong with it is told already
  version.manifest_sha256 = (*manifest)->sha256;
  version.golden = (*manifest)->golden;
  version.baseline = (*manifest)->baseline;
  version.features_sha256 = (*manifest)->features_sha256;
}

std::string manifest_text(const DescribedVersion& version) {
  if (version.manifest_sha256.empty()) return {};
  std::string text = "    manifest " + version.manifest_sha256 + "\n";
  if (!version.golden.empty()) text += "      golden rows in " + version.golden + "\n";
  if (!version.baseline.empty()) text += "      baseline in " + version.baseline + "\n";
  if (!version.features_sha256.empty())
    text += "      made for features that hash to " + version.features_sha256 + "\n";
  return text;
}

std::string specs_json(const std::vector<TensorSpec>& specs) {
  std::string json = "[";
  for (const TensorSpec& spec : specs) {
    json += fmt::format("{}{{\"name\":{},\"dtype\":\"{}\",\"shape\":", json.size() > 1 ? "," : "",
                        config::json_string(spec.name), to_string(spec.dtype));
    json += spec.unknown_rank ? "null" : fmt::format("[{}]", fmt::join(spec.shape.dims, ","));
    json += "}";
  }
  return json + "]";
}

}  // namespace

Result<ModelDescription> describe_model(const std::string& path, const Registry& registry) {
  const Recognises also = [&](const std::string& p) { return runtime_of(p, registry) != nullptr; };
  auto found = find_versions(path, also);
  if (!found) return std::move(found).error();
  // Who names saved_model.pb means its folder, and so should the pipeline that is printed.
  const bool part = fs::path(path).filename() == "saved_model.pb" && found->size() == 1;
  ModelDescription model{part ? found->front().path : path, {}};
  for (VersionPath& item : *found) {
    DescribedVersion& version = model.versions.emplace_back();
    version.version = item.version;
    version.path = item.path;
    const RuntimeKind* kind = runtime_of(item.path, registry);
    if (kind != nullptr) version.runtime = kind->name;
    read_manifest_facts(version);
    if (!item.complete.ok()) {
      version.problem = item.complete.error().message();
    } else if (kind == nullptr) {
      version.problem = "no runtime reads such files";
    } else {
      read_signatures(version, *kind);
      read_features(version);
    }
  }
  return model;
}

std::string to_text(const ModelDescription& model) {
  std::string text = model.path + "\n";
  for (const DescribedVersion& version : model.versions) {
    text += fmt::format("  version {}{}\n", version.version,
                        version.runtime.empty() ? "" : " (runtime " + version.runtime + ")");
    if (!version.problem.empty()) {
      text += version.untried ? "    not tried, since its runtime is not here: "
                              : "    cannot be used: ";
      text += version.problem + "\n";
    }
    for (const Signature& signature : version.signatures) {
      text +=
          "    signature " + (signature.name.empty() ? "(without a name)" : signature.name) + "\n";
      for (const TensorSpec& input : signature.inputs)
        text += "      input  " + input.to_string() + "\n";
      for (const TensorSpec& output : signature.outputs)
        text += "      output " + output.to_string() + "\n";
    }
    for (const std::string& input : version.feature_inputs)
      text += "    its features read " + input + "\n";
    text += manifest_text(version);
  }
  return text;
}

std::string to_json(const ModelDescription& model) {
  std::string json = fmt::format("{{\"path\":{},\"versions\":[", config::json_string(model.path));
  for (const DescribedVersion& version : model.versions) {
    json += &version == &model.versions.front() ? "" : ",";
    json += fmt::format(
        "{{\"version\":{},\"path\":{},\"runtime\":{},\"problem\":{},\"signatures\":[",
        version.version, config::json_string(version.path), config::json_string(version.runtime),
        version.problem.empty() ? "null" : config::json_string(version.problem));
    for (const Signature& signature : version.signatures) {
      json += fmt::format("{}{{\"name\":{},\"inputs\":{},\"outputs\":{}}}",
                          &signature == &version.signatures.front() ? "" : ",",
                          config::json_string(signature.name), specs_json(signature.inputs),
                          specs_json(signature.outputs));
    }
    json += "],\"feature_inputs\":[";
    for (const std::string& input : version.feature_inputs) {
      json += (&input == &version.feature_inputs.front() ? "" : ",") + config::json_string(input);
    }
    json += fmt::format("],\"manifest_sha256\":{},\"features_sha256\":{}}}",
                        config::json_string(version.manifest_sha256),
                        config::json_string(version.features_sha256));
  }
  return json + "]}\n";
}

}  // namespace thalweg
