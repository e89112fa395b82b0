#include "model/describe.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "config/json_text.h"
#include "model/files.h"
#include "model/load.h"
#include "model/signatures.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

const RuntimeKind* runtime_of(const std::string& path, const Registry& registry) {
  for (const RuntimeKind& kind : registry.runtimes()) {
    if (kind.make()->recognises(path)) return &kind;
  }
  return nullptr;
}

void read_signatures(DescribedVersion& version, const RuntimeKind& kind) {
  auto loaded = kind.make()->load({"model", version.path, version.version, Node()});
  if (!loaded) {
    version.problem = loaded.error().message();
    return;
  }
  version.signatures.assign((*loaded)->signatures().begin(), (*loaded)->signatures().end());
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

// The type of a field that feeds an input: its shape without the batch dimension, "float32[121]".
std::string field_type(const TensorSpec& spec) {
  std::string dims;
  for (std::size_t i = 1; i < spec.shape.rank(); ++i) {
    dims += dims.empty() ? "" : ",";
    dims += spec.shape.dims[i] == Shape::unknown ? "?" : std::to_string(spec.shape.dims[i]);
  }
  return std::string(to_string(spec.dtype)) + (dims.empty() ? "" : "[" + dims + "]");
}

// A name YAML reads as it is, quoted where it would not.
std::string yaml_name(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  }) && std::isdigit(static_cast<unsigned char>(name.front())) == 0;
  return plain ? name : config::json_string(name);
}

const Signature& usual(const std::vector<Signature>& signatures) {
  const auto it = std::find_if(signatures.begin(), signatures.end(),
                               [](const Signature& s) { return s.name == "serving_default"; });
  return it == signatures.end() ? signatures.front() : *it;
}

// The folder's own name, or the one above it for a version's folder.
std::string folder_name(const std::string& path) {
  fs::path folder = fs::path(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const std::string name = folder.stem().string();
  const bool number = !name.empty() && std::all_of(name.begin(), name.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  return number && folder.has_parent_path() ? folder.parent_path().filename().string() : name;
}

constexpr const char* starter = R"(pipeline: {name}
kafka: {{ bootstrap.servers: "localhost:9092" }}
models:
  {model}: {{ path: {path}, runtime: {runtime}{signature} }}
from:
  topic: {name}_in
  format: json
  start: earliest
  fields: {{ {fields} }}
steps:
  - infer: {{ model: {model}, outputs: {{ {outputs} }} }}
to: {{ topic: {name}_out, value: {{ {outputs} }} }}
dead_letters: {{ topic: {name}_dead }}
)";

}  // namespace

Result<ModelDescription> describe_model(const std::string& path, const Registry& registry) {
  const Recognises also = [&](const std::string& p) { return runtime_of(p, registry) != nullptr; };
  auto found = find_versions(path, also);
  if (!found) return std::move(found).error();
  ModelDescription model{path, {}};
  for (VersionPath& item : *found) {
    DescribedVersion& version = model.versions.emplace_back();
    version.version = item.version;
    version.path = item.path;
    const RuntimeKind* kind = runtime_of(item.path, registry);
    if (kind != nullptr) version.runtime = kind->name;
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
    if (!version.problem.empty()) text += "    cannot be used: " + version.problem + "\n";
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
    json += "]}";
  }
  return json + "]}\n";
}

Result<std::string> starter_pipeline(const ModelDescription& model) {
  const auto best = std::find_if(
      model.versions.rbegin(), model.versions.rend(),
      [](const DescribedVersion& v) { return v.problem.empty() && !v.signatures.empty(); });
  if (best == model.versions.rend()) {
    return Error(Code::model_invalid,
                 "expected a usable version in '" + model.path + "'; got none");
  }
  const Signature& signature = usual(best->signatures);
  std::vector<std::string> fields = best->feature_inputs;
  if (fields.empty()) {  // without features a model's input is the field of the same name
    for (const TensorSpec& input : signature.inputs) {
      fields.push_back(yaml_name(input.name) + ": " + config::json_string(field_type(input)));
    }
  }
  std::vector<std::string> outputs;
  for (const TensorSpec& output : signature.outputs) {
    outputs.push_back(yaml_name(output.name) + ": " + yaml_name(output.name));
  }
  const std::string name = folder_name(model.path);
  const bool usual_signature = signature.name.empty() || signature.name == "serving_default";
  return fmt::format(
      starter, fmt::arg("name", name), fmt::arg("model", yaml_name(name)),
      fmt::arg("path", config::json_string(model.path)), fmt::arg("runtime", best->runtime),
      fmt::arg("signature", usual_signature ? "" : ", signature: " + yaml_name(signature.name)),
      fmt::arg("fields", fmt::join(fields, ", ")), fmt::arg("outputs", fmt::join(outputs, ", ")));
}

}  // namespace thalweg
