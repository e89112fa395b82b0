// Fields and features against the inputs of a signature. The outputs are bound in infer_binding_outputs.cpp.
#include "process/infer/infer_binding.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "model/manifest.h"
#include "process/infer/infer_binding_outputs.h"

namespace thalweg {
namespace {

std::string list_of(const std::vector<TensorSpec>& specs) {
  std::string list;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (i > 0) list += i + 1 == specs.size() ? " and " : ", ";
    list += specs[i].to_string();
  }
  return list.empty() ? "none" : list;
}

std::vector<std::int64_t> without_ones(std::vector<std::int64_t> dims) {
  std::erase(dims, 1);
  return dims;
}

bool widens(DType from, DType to) {
  if (from == to) return true;
  switch (from) {
    case DType::int32: return to == DType::int64 || to == DType::float64;
    case DType::float32: return to == DType::float64;
    case DType::uint8:
      return to == DType::int32 || to == DType::int64 || to == DType::float32 ||
             to == DType::float64;
    default: return false;
  }
}

// The column's row dimensions as the input takes them; nullopt: they do not fit.
std::optional<std::vector<std::int64_t>> fitted(const ColumnType& from, const TensorSpec& spec,
                                                BatchDim batch) {
  const std::vector<std::int64_t>& have = from.shape.dims;
  if (spec.unknown_rank) return have;
  const std::vector<std::int64_t> want = row_dims(spec, batch);
  if (Shape{want}.fits(from.shape)) {
    // A length the model fixes cannot be had from a list of any length.
    if (from.ragged() && want.front() != Shape::unknown) return std::nullopt;
    return have;
  }
  if (!from.ragged() && Shape{want}.fixed() && without_ones(have) == without_ones(want))
    return want;
  return std::nullopt;
}

class Binder {
 public:
  Binder(const ModelVersion& version, const InferSettings& settings, const Schema& available,
         const Registry& registry)
      : version_(version), settings_(settings), available_(available), registry_(registry) {}

  Result<std::shared_ptr<const ModelBinding>> bind() {
    Status status = find_program();
    if (status.ok()) status = check_content();
    if (status.ok()) status = bound_.program ? feed_from_program() : feed_from_fields();
    if (!status.ok()) return std::move(status).error();
    auto outputs = bind_outputs(version_, settings_, available_);
    if (!outputs) return std::move(outputs).error();
    bound_.outputs = std::move(outputs).value();
    return std::make_shared<const ModelBinding>(std::move(bound_));
  }
  Status check_features() {
    Status status = find_program();
    return status.ok() ? check_content() : status;
  }

 private:
  [[nodiscard]] Error mismatch(const Where& where, const std::string& message) const {
    return signature_error(where,
                           fmt::format("{}: model '{}'{}", settings_.who, version_.model, message));
  }

  // The pipeline's features if it has some, else those that came with the version.
  Status find_program() {
    if (!settings_.features.is_null()) {
      const Where& where = settings_.features.where();
      const std::string folder =
          where.file ? std::filesystem::path(*where.file).parent_path().string() : std::string();
      Status taken = take_program(settings_.features, folder);
      if (taken.ok()) bound_.step_features = bound_.program->content_hash();
      return taken;
    }
    if (version_.feature_file == nullptr) return {};
    for (const Field& field : version_.feature_file->inputs.fields) {
      if (Status status = check_field(field); !status.ok()) return status;
    }
    return take_program(version_.feature_file->features, version_.feature_file->folder);
  }

  // A vocabulary of another training has the same shapes, and would score wrongly in silence.
  [[nodiscard]] Status check_content() const {
    if (version_.manifest == nullptr || version_.manifest->features_sha256.empty()) return {};
    const std::string& wanted = version_.manifest->features_sha256;
    const std::string said =
        fmt::format(" version {}: expected features whose hash is {}, as its {} says",
                    version_.version, wanted, manifest_name);
    if (bound_.program == nullptr) {
      return mismatch(settings_.where,
                      said +
                          "; the step has none, and the version brings none; write `features` "
                          "into the step");
    }
    if (bound_.program->content_hash() == wanted) return {};
    const bool own = settings_.features.is_null();
    return mismatch(own ? settings_.where : settings_.features.where(),
                    fmt::format("{}; {} hash to {}; {}", said,
                                own ? "those it brings" : "those of the pipeline file",
                                bound_.program->content_hash(),
                                own ? "publish the version again"
                                    : "use the features and vocabularies it was made with, or "
                                      "publish it for these (thalweg models publish)"));
  }

  Status take_program(const Node& features, const std::string& folder) {
    auto program = FeatureProgram::bind(features, available_, folder, registry_);
    if (!program) return std::move(program).error();
    bound_.program = std::move(program).value();
    const auto reads = bound_.program->reads();
    for (const std::size_t column : reads)
      bound_.reads.push_back(static_cast<std::uint32_t>(column));
    std::sort(bound_.reads.begin(), bound_.reads.end());
    return {};
  }

  // A field that the version's features read.
  [[nodiscard]] Status check_field(const Field& wanted) const {
    const auto found = available_.find(wanted.name);
    if (!found) {
      const auto names = available_.names();
      return mismatch(
          settings_.where,
          fmt::format(" version {}: its features read a field '{}' ({}); there is {}.{}",
                      version_.version, wanted.name, wanted.type.to_string(), quoted_list(names),
                      did_you_mean(wanted.name, names)));
    }
    const ColumnType& type = available_.fields[*found].type;
    if (type == wanted.type) return {};
    return mismatch(
        settings_.where,
        fmt::format(" version {}: its features expect '{}' as {}; it is {} here; declare it "
                    "as {}",
                    version_.version, wanted.name, wanted.type.to_string(), type.to_string(),
                    wanted.type.to_string()));
  }

  Status feed_from_program() {
    const Schema& made = bound_.program->outputs();
    for (const Field& field : made.fields) {
      if (version_.signature.input(field.name) == nullptr) return no_such_input(field.name);
    }
    for (const TensorSpec& spec : version_.signature.inputs) {
      const auto source = made.find(spec.name);
      if (!source) {
        return mismatch(settings_.where,
                        fmt::format(": its input {} was expected among the features; "
                                    "they make {}",
                                    spec.to_string(), quoted_list(made.names())));
      }
      if (Status status = feed(spec, *source, made.fields[*source], "feature"); !status.ok()) {
        return status;
      }
    }
    return {};
  }

  Status feed_from_fields() {
    const auto& inputs = version_.signature.inputs;
    for (const TensorSpec& spec : inputs) {
      auto source = available_.find(spec.name);
      // One field and one input can only mean each other.
      if (!source && inputs.size() == 1 && available_.fields.size() == 1) source = 0;
      if (!source) return unfed(spec);
      if (Status status = feed(spec, *source, available_.fields[*source], "field"); !status.ok()) {
        return status;
      }
      bound_.reads.push_back(static_cast<std::uint32_t>(*source));
    }
    std::sort(bound_.reads.begin(), bound_.reads.end());
    bound_.reads.erase(std::unique(bound_.reads.begin(), bound_.reads.end()), bound_.reads.end());
    return {};
  }

  Status feed(const TensorSpec& spec, std::size_t source, const Field& from,
              std::string_view kind) {
    if (!widens(from.type.dtype, spec.dtype)) return unfit(spec, from, kind, "dtype");
    auto dims = fitted(from.type, spec, version_.batch_dim);
    if (!dims) return unfit(spec, from, kind, "shape");
    bound_.inputs.push_back({source, from.type, spec.dtype, std::move(*dims), from.type.ragged(),
                             bound_.program != nullptr && bound_.program->padded(source)});
    return {};
  }

  [[nodiscard]] Error no_such_input(const std::string& name) const {
    const auto& inputs = version_.signature.inputs;
    std::vector<std::string> names;
    for (const TensorSpec& spec : inputs) names.push_back(spec.name);
    return mismatch(
        settings_.features.is_null() ? settings_.where : settings_.features.key_where(name),
        fmt::format(" has no input '{}'; it has {}.{}", name, list_of(inputs),
                    inputs.size() == 1 ? " Did you mean that?" : did_you_mean(name, names)));
  }

  [[nodiscard]] Error unfed(const TensorSpec& spec) const {
    const auto names = available_.names();
    return mismatch(
        settings_.where,
        fmt::format(": nothing feeds its input {}; a field of that name was expected, or "
                    "features, with the version or in the step; the fields are {}.{}",
                    spec.to_string(), quoted_list(names), did_you_mean(spec.name, names)));
  }

  [[nodiscard]] Error unfit(const TensorSpec& spec, const Field& from, std::string_view kind,
                            std::string_view what) const {
    std::string cure;
    if (what == "dtype") {
      cure =
          fmt::format("declare it as {}, or convert it with a feature step", to_string(spec.dtype));
    } else if (from.type.ragged()) {
      cure = "give it a fixed length, or pad it with a feature step";
    } else {
      cure = fmt::format("declare it as {}",
                         ColumnType{spec.dtype, {row_dims(spec, version_.batch_dim)}}.to_string());
    }
    return mismatch(
        settings_.where,
        fmt::format(": its input {} cannot be fed by the {} '{}' ({}): "
                    "another {}; {}",
                    spec.to_string(), kind, from.name, from.type.to_string(), what, cure));
  }

  const ModelVersion& version_;
  const InferSettings& settings_;
  const Schema& available_;
  const Registry& registry_;
  ModelBinding bound_;
};

}  // namespace

Error signature_error(const Where& where, std::string message) {
  Error error(Code::signature_mismatch, std::move(message));
  const std::string place = where.to_string();
  return place.empty() ? error : std::move(error).at(place);
}

std::vector<std::int64_t> row_dims(const TensorSpec& spec, BatchDim batch) {
  std::vector<std::int64_t> dims = spec.shape.dims;
  if (batch != BatchDim::none && !dims.empty()) dims.erase(dims.begin());
  return dims;
}

std::size_t rows_per_call(const ModelVersion& version) {
  switch (version.batch_dim) {
    case BatchDim::none: return 1;
    case BatchDim::fixed: return static_cast<std::size_t>(version.fixed_rows);
    case BatchDim::dynamic: break;
  }
  return version.rows_max == 0 ? SIZE_MAX : version.rows_max;
}

Result<std::shared_ptr<const ModelBinding>> bind_model(const ModelVersion& version,
                                                       const InferSettings& settings,
                                                       const Schema& available,
                                                       const Registry& registry) {
  return Binder(version, settings, available, registry).bind();
}

Status check_features(const ModelVersion& version, const InferSettings& settings,
                      const Schema& available, const Registry& registry) {
  return Binder(version, settings, available, registry).check_features();
}

}  // namespace thalweg
