// See starter.h. A field is called as the input it feeds, unless that is no word for a field; then features connect the two.
#include "model/starter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "config/json_text.h"
#include "config/reserved_names.h"
#include "model/signatures.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t length_for_open = 10;

bool is_word(const std::string& name) {
  static constexpr std::array<std::string_view, 7> yaml{"true", "false", "null", "yes",
                                                        "no",   "on",    "off"};
  const auto of_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), of_word) &&
         std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::find(yaml.begin(), yaml.end(), name) == yaml.end();
}

// As a key: quoted where YAML would read something else.
std::string yaml_key(const std::string& name) {
  return is_word(name) ? name : config::json_string(name);
}

std::string folder_name(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::weakly_canonical(path, error);
  if (error || folder.empty()) folder = fs::path(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const auto is_number = [](const std::string& name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (fs::is_regular_file(folder, error)) {  // the file `model.onnx` says less than its folder
    const std::string stem = folder.stem().string();
    if (stem != "model") return stem;
    folder = folder.parent_path();
  }
  if (is_number(folder.filename().string()) && folder.has_parent_path())
    folder = folder.parent_path();
  return folder.filename().string();
}

// A name that pipelines, topics and templates take.
std::string topic_word(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '-' && c != '.'; },
      '_');
  return name.empty() ? "model" : name;
}

class Starter {
 public:
  Starter(const ModelDescription& model, const DescribedVersion& version, std::string path)
      : model_(model), version_(version), path_(std::move(path)) {}

  Result<std::string> write() {
    auto signature = usual();
    auto batching = find_batching(signature, "auto");
    if (!batching) return std::move(batching).error();
    batch_ = batching->dim;
    add_fields(signature);
    add_outputs(signature);
    if (outputs_.empty()) {
      return Error(Code::signature_mismatch, "expected outputs with a result per row; got " +
                                                 to_string(signature) +
                                                 "; export a signature that answers row by row");
    }
    return text(signature);
  }

 private:
  [[nodiscard]] const Signature& usual() const {
    const auto& all = version_.signatures;
    const auto it = std::find_if(all.begin(), all.end(),
                                 [](const Signature& s) { return s.name == "serving_default"; });
    return it == all.end() ? all.front() : *it;
  }

  // A new word for a field or column: `name` if it is one, else one like it.
  std::string word_for(const std::string& name, std::string_view prefix) {
    std::string word = name;
    std::replace_if(
        word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '_'; },
        '_');
    const auto taken = [&](const std::string& w) {
      return !is_word(w) || !meaning_of_reserved(w).empty() ||
             std::find(words_.begin(), words_.end(), w) != words_.end();
    };
    if (taken(word)) word.insert(0, prefix);
    const std::string stem = word;
    for (int i = 2; taken(word); ++i) word = stem + std::to_string(i);
    words_.push_back(word);
    return word;
  }

  // The type of one row. Lengths the model leaves open get a number, since only a field's first may stay open.
  std::string row_type(const TensorSpec& spec, bool output) {
    std::vector<std::int64_t> dims = spec.shape.dims;
    if (batch_ != BatchDim::none && !dims.empty()) dims.erase(dims.begin());
    bool guessed = spec.unknown_rank;
    std::string text;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const bool open = dims[i] == Shape::unknown;
      text += text.empty() ? "" : ",";
      text += !open ? std::to_string(dims[i]) : i == 0 ? "?" : std::to_string(length_for_open);
      guessed |= open && i > 0;
    }
    if (guessed) {
      notes_.push_back(fmt::format("The model leaves the shape of its {} {} open: write yours.",
                                   output ? "output" : "input", spec.to_string()));
    }
    open_ = guessed;
    return std::string(to_string(spec.dtype)) + (text.empty() ? "" : "[" + text + "]");
  }

  void add_fields(const Signature& signature) {
    fields_ = version_.feature_inputs;
    for (const std::string& field : fields_) words_.push_back(field.substr(0, field.find(':')));
    if (!fields_.empty()) return;
    bool renamed = false;
    std::vector<std::string> features;
    for (const TensorSpec& input : signature.inputs) {
      const std::string word = word_for(input.name, "my_");
      renamed |= word != input.name;
      fields_.push_back(word + ": " + config::json_string(row_type(input, false)));
      features.push_back(yaml_key(input.name) + ": " + word);
    }
    const auto& inputs = signature.inputs;
    if (inputs.empty()) fields_.push_back(word_for("value", "my_") + ": string");
    // One field and one input find each other.
    if (renamed && inputs.size() > 1)
      features_ = fmt::format(", features: {{ {} }}", fmt::join(features, ", "));
    const bool strings = inputs.size() == 1 && fields_[0].ends_with(": \"string\"");
    if (version_.bytes_input && strings) {
      format_ = "bytes";
    } else if (version_.bytes_input) {
      notes_.emplace_back(
          "The model parses bytes, which JSON cannot hold: see `format: bytes`, or base64.");
    }
  }

  void add_outputs(const Signature& signature) {
    for (const TensorSpec& output : signature.outputs) {
      if (batch_ != BatchDim::none && !output.unknown_rank && output.shape.rank() == 0) {
        notes_.push_back("Left out: the output " + output.to_string() +
                         " is one number for all rows of a call.");
        continue;
      }
      const std::string word = word_for(output.name, "out_");
      const std::string type = row_type(output, true);
      const std::string choice =
          open_ ? fmt::format("{{ as: {}, type: \"{}\" }}", word, type) : word;
      outputs_.push_back(yaml_key(output.name) + ": " + choice);
      values_.push_back(word + ": " + word);
    }
  }

  [[nodiscard]] std::string text(const Signature& signature) const {
    std::string notes;
    for (const std::string& note : notes_) notes += "# " + note + "\n";
    const std::string name = topic_word(folder_name(model_.path));
    const bool usual_name = signature.name.empty() || signature.name == "serving_default";
    std::string more;
    if (&version_ != &model_.versions.back())
      more += fmt::format(", version: {}", version_.version);
    if (!usual_name) more += ", signature: " + yaml_key(signature.name);
    return notes + fmt::format(
                       R"(pipeline: {name}
kafka: {{ bootstrap.servers: "localhost:9092" }}
models:
  {model}: {{ path: {path}, runtime: {runtime}{more} }}
from:
  topic: {name}_in
  format: {format}
  start: earliest
  fields: {{ {fields} }}
steps:
  - infer: {{ model: {model}{features}, outputs: {{ {outputs} }} }}
to: {{ topic: {name}_out, value: {{ {values} }} }}
dead_letters: {{ topic: {name}_dead }}
)",
                       fmt::arg("name", name), fmt::arg("model", yaml_key(name)),
                       fmt::arg("path", config::json_string(path_)),
                       fmt::arg("runtime", version_.runtime), fmt::arg("more", more),
                       fmt::arg("format", format_), fmt::arg("fields", fmt::join(fields_, ", ")),
                       fmt::arg("features", features_),
                       fmt::arg("outputs", fmt::join(outputs_, ", ")),
                       fmt::arg("values", fmt::join(values_, ", ")));
  }

  const ModelDescription& model_;
  const DescribedVersion& version_;
  const std::string path_;
  BatchDim batch_ = BatchDim::dynamic;
  bool open_ = false;               // the last row_type had to guess
  std::vector<std::string> words_;  // fields and columns so far
  std::vector<std::string> notes_;
  std::vector<std::string> fields_;
  std::vector<std::string> outputs_;
  std::vector<std::string> values_;
  std::string features_;
  std::string format_ = "json";
};

}  // namespace

Result<std::string> starter_pipeline(const ModelDescription& model, const std::string& path) {
  const auto best =
      std::find_if(model.versions.rbegin(), model.versions.rend(), [](const DescribedVersion& v) {
        return (v.problem.empty() || v.untried) && !v.signatures.empty();
      });
  if (best != model.versions.rend()) return Starter(model, *best, path).write();
  std::string reasons;
  for (const DescribedVersion& version : model.versions) {
    reasons += fmt::format("; version {}: {}", version.version,
                           version.problem.empty() ? "it has no signature" : version.problem);
  }
  return Error(Code::model_invalid,
               "expected a usable version in '" + model.path + "'; got none" + reasons);
}

}  // namespace thalweg
