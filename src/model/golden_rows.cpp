#include "model/golden_rows.h"

#include <cmath>
#include <filesystem>
#include <future>

#include <fmt/format.h>

#include "config/yaml_reader.h"
#include "model/golden_value.h"
#include "model/manifest.h"
#include "model/numbers.h"
#include "model/saved_model.h"

namespace thalweg {
namespace {

Error wrong(const std::string& where, const std::string& message) {
  return {Code::model_invalid, where + ": " + message};
}

// Scalars below a node, in order: lists inside lists are rows inside rows.
void flatten(const Node& node, std::vector<const Node*>& out) {
  if (!node.is_sequence()) {
    out.push_back(&node);
    return;
  }
  for (const Node& item : node.items()) flatten(item, out);
}

// Memory of one input of one row.
struct Fed {
  AlignedBuffer numbers;
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
  std::vector<std::int64_t> dims;
};

// The dimensions of one row of `count` elements; what the signature leaves open, the elements decide.
Result<std::vector<std::int64_t>> dims_of(const TensorSpec& spec, BatchDim batch,
                                          std::size_t count) {
  std::vector<std::int64_t> dims = spec.shape.dims;
  if (spec.unknown_rank) dims = {1, static_cast<std::int64_t>(count)};
  if (batch != BatchDim::none && !dims.empty()) dims.front() = 1;
  std::size_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& dim : dims) {
    if (dim != Shape::unknown) {
      known *= static_cast<std::size_t>(dim);
    } else if (open == nullptr) {
      open = &dim;
    } else {
      dim = 1;
    }
  }
  if (open != nullptr) *open = static_cast<std::int64_t>(known == 0 ? 0 : count / known);
  if (elements_of(dims) == count) return dims;
  return Error(Code::model_invalid,
               fmt::format("input {}: {} elements do not fill it", spec.to_string(), count));
}

class GoldenRows {
 public:
  GoldenRows(LoadedModel& model, const ModelVersion& facts) : model_(model), facts_(facts) {}

  Status bind(const Registry& registry) {
    if (facts_.feature_file == nullptr) return {};
    auto program = FeatureProgram::bind(facts_.feature_file->features, facts_.feature_file->inputs,
                                        facts_.feature_file->folder, registry);
    // They are a part of the version: what is wrong with them is wrong with it.
    if (!program) return Error(Code::model_invalid, program.error().message());
    program_ = std::move(*program);
    return {};
  }
  Status check(const std::string& line, const std::string& where);

 private:
  [[nodiscard]] Status feed(const Node& inputs);
  [[nodiscard]] Status feed_record(const Node& inputs);
  [[nodiscard]] Status fit(Fed& fed, const TensorSpec& spec, std::size_t count);
  [[nodiscard]] Status compare(const Node& wanted, const std::vector<Tensor>& got) const;

  LoadedModel& model_;
  const ModelVersion& facts_;
  std::shared_ptr<const FeatureProgram> program_;
  std::vector<Fed> fed_;
};

// A fixed batch is filled by repeating the row.
Status GoldenRows::fit(Fed& fed, const TensorSpec& spec, std::size_t count) {
  auto dims = dims_of(spec, facts_.batch_dim, count);
  if (!dims) return std::move(dims).error();
  fed.dims = std::move(*dims);
  if (facts_.batch_dim != BatchDim::fixed || facts_.fixed_rows <= 1) return {};
  const auto rows = static_cast<std::size_t>(facts_.fixed_rows);
  fed.dims.front() = facts_.fixed_rows;
  if (spec.dtype == DType::string) {
    for (std::size_t i = count; i < rows * count; ++i) fed.texts.push_back(fed.texts[i - count]);
    return {};
  }
  AlignedBuffer all;
  all.resize(rows * count * size_of(spec.dtype));
  for (std::size_t i = 0; i < rows * count; ++i)
    set_number(spec.dtype, all.data(), i, number_at(spec.dtype, fed.numbers.data(), i % count));
  fed.numbers = std::move(all);
  return {};
}

Status GoldenRows::feed(const Node& inputs) {
  for (const TensorSpec& spec : facts_.signature.inputs) {
    const Node* given = inputs.find(spec.name);
    if (given == nullptr)
      return Error(Code::model_invalid, "expected input '" + spec.name + "'; it is not there");
    std::vector<const Node*> values;
    flatten(*given, values);
    Fed& fed = fed_.emplace_back();
    fed.numbers.resize(values.size() * size_of(spec.dtype));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (spec.dtype == DType::string) {
        const auto text = golden_text(*values[i]);
        if (!text) return Error(text.error()).at("input '" + spec.name + "'");
        fed.texts.emplace_back(*text);
      } else if (Status put = put_golden(spec.dtype, fed.numbers.data(), i, *values[i]);
                 !put.ok()) {
        return std::move(put).error().at("input '" + spec.name + "'");
      }
    }
    if (Status status = fit(fed, spec, values.size()); !status.ok()) return status;
  }
  return {};
}

Status fill_column(Column& column, const Field& field, const Node* given) {
  if (given == nullptr)
    return Error(Code::model_invalid, "expected field '" + field.name + "'; it is not there");
  std::vector<const Node*> values;
  flatten(*given, values);
  const ColumnType& type = field.type;
  const bool fits =
      type.ragged() ? values.size() % type.width() == 0 : values.size() == type.width();
  if (!fits) {
    return Error(Code::model_invalid,
                 fmt::format("field '{}' ({}): expected {} values; got {}", field.name,
                             type.to_string(), type.width(), values.size()));
  }
  if (type.dtype == DType::string) {
    for (const Node* value : values) {
      const auto text = golden_text(*value);
      if (!text) return Error(text.error()).at("field '" + field.name + "'");
      column.push_string(*text);
    }
    column.end_row();
    return {};
  }
  std::byte* to = type.ragged() ? column.extend_raw(values.size()) : column.append_raw_rows(1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (Status put = put_golden(type.dtype, to, i, *values[i]); !put.ok())
      return std::move(put).error().at("field '" + field.name + "'");
  }
  if (type.ragged()) column.end_row();
  return {};
}

// A record's way to the model: its fields, the version's own features, the model's inputs.
Status GoldenRows::feed_record(const Node& inputs) {
  std::vector<Column> columns;
  for (const Field& field : facts_.feature_file->inputs.fields) {
    Column& column = columns.emplace_back(field.type);
    if (Status filled = fill_column(column, field, inputs.find(field.name)); !filled.ok())
      return filled;
  }
  FeatureFrame frame;
  Arena arena;
  frame.scratch.arena = &arena;
  const auto made = program_->run(columns, 1, frame);
  if (!frame.scratch.failures.empty()) return frame.scratch.failures.front().error;
  for (const TensorSpec& spec : facts_.signature.inputs) {
    const auto at = program_->outputs().find(spec.name);
    if (!at) return Error(Code::signature_mismatch, "no feature makes input '" + spec.name + "'");
    const Column& column = *made[*at];
    Fed& fed = fed_.emplace_back();
    std::size_t count = column.elements();
    if (column.type().dtype == DType::string) {
      for (const std::string_view text : column.string_row(0)) fed.texts.emplace_back(text);
      count = fed.texts.size();
    }
    fed.numbers.resize(count * size_of(spec.dtype));
    for (std::size_t i = 0; i < count && spec.dtype != DType::string; ++i) {
      if (spec.dtype == DType::int64 && column.type().dtype == DType::int64) {
        reinterpret_cast<std::int64_t*>(fed.numbers.data())[i] =
            static_cast<const std::int64_t*>(column.raw())[i];
      } else {
        set_number(spec.dtype, fed.numbers.data(), i,
                   number_at(column.type().dtype, column.raw(), i));
      }
    }
    if (Status status = fit(fed, spec, count); !status.ok()) return status;
  }
  return {};
}

Status GoldenRows::compare(const Node& wanted, const std::vector<Tensor>& got) const {
  const double tolerance = facts_.manifest->golden_tolerance;
  for (std::size_t o = 0; o < facts_.signature.outputs.size(); ++o) {
    const TensorSpec& spec = facts_.signature.outputs[o];
    const Node* expected = wanted.find(spec.name);
    if (expected == nullptr) continue;
    std::vector<const Node*> values;
    flatten(*expected, values);
    const std::size_t there =
        spec.dtype == DType::string ? got[o].strings.size() : elements_of(got[o].shape.dims);
    if (there < values.size())
      return Error(Code::model_invalid, fmt::format("output '{}': expected {} values; got {}",
                                                    spec.name, values.size(), there));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (spec.dtype == DType::string) {
        if (got[o].strings[i] == values[i]->text()) continue;
        return Error(Code::model_invalid,
                     fmt::format("output '{}': expected '{}'; got '{}'", spec.name,
                                 values[i]->text(), got[o].strings[i]));
      }
      const auto number = golden_number(*values[i]);
      if (!number) return Error(number.error()).at("output '" + spec.name + "'");
      const double want = *number;
      const double have = number_at(spec.dtype, got[o].data, i);
      // Nothing is far from infinity when that is part of the measure.
      const bool near =
          std::isfinite(want) && std::abs(have - want) <= tolerance * std::max(1.0, std::abs(want));
      if (near || have == want || (std::isnan(have) && std::isnan(want))) continue;
      return Error(Code::model_invalid, fmt::format("output '{}': expected {} (within {}); got {}",
                                                    spec.name, want, tolerance, have));
    }
  }
  return {};
}

Status GoldenRows::check(const std::string& line, const std::string& where) {
  YamlOptions options;  // JSON is YAML
  options.name = where;
  options.expand = false;
  auto root = read_yaml(line, options);
  const Node* inputs = root ? root->find("inputs") : nullptr;
  const Node* outputs = root ? root->find("outputs") : nullptr;
  if (inputs == nullptr || outputs == nullptr)
    return wrong(where, "expected {\"inputs\": {…}, \"outputs\": {…}}; got something else");
  fed_.clear();
  Status status = program_ != nullptr ? feed_record(*inputs) : feed(*inputs);
  if (!status.ok()) return std::move(status).error().at(where);
  InferenceRequest request;
  for (std::size_t i = 0; i < fed_.size(); ++i) {
    Fed& fed = fed_[i];
    fed.views.assign(fed.texts.begin(), fed.texts.end());
    request.inputs.push_back(
        {facts_.signature.inputs[i].dtype, fed.dims, fed.numbers.data(), fed.views});
  }
  for (std::uint32_t i = 0; i < facts_.signature.outputs.size(); ++i) request.outputs.push_back(i);
  std::promise<InferenceResult> promise;
  auto answer = promise.get_future();
  model_.submit(facts_.signature, request,
                [&](InferenceResult result) { promise.set_value(std::move(result)); });
  InferenceResult result = answer.get();
  if (!result) return std::move(result).error().at(where);
  status = compare(*outputs, *result);
  if (status.ok()) return {};
  return std::move(status).error().at(where + ": a golden row is not reproduced");
}

}  // namespace

Result<std::int64_t> reproduce_golden_rows(LoadedModel& model, const ModelVersion& facts,
                                           const Registry& registry) {
  const std::string file = (std::filesystem::path(facts.path) / facts.manifest->golden).string();
  auto text = read_whole_file(file);
  if (!text) return std::move(text).error();
  GoldenRows rows(model, facts);
  if (Status bound = rows.bind(registry); !bound.ok()) return std::move(bound).error();
  std::int64_t count = 0;
  int number = 0;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    const std::string line = text->substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (Status same = rows.check(line, fmt::format("{}:{}", file, number)); !same.ok())
      return std::move(same).error();
    ++count;
  }
  if (count == 0) return wrong(file, "expected golden rows; it has none");
  return count;
}

}  // namespace thalweg
