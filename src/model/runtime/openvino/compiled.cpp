#include "model/runtime/openvino/compiled.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <numeric>

#include "model/runtime/openvino/row_steps.h"
#include "model/runtime/openvino/tensors.h"
#include "model/saved_model.h"

namespace thalweg::openvino {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string_view cure_for_unread(const std::string& message) {
  if (contains(message, "ai.onnx.ml")) {
    return "operations of scikit-learn's kind are not OpenVINO's; write the model as a network of "
           "plain operations, or as a SavedModel";
  }
  if (contains(message, "No conversion rule") || contains(message, "OpConversion")) {
    return "it has operations OpenVINO does not know: use `runtime: tensorflow` for a SavedModel";
  }
  if (contains(message, "value_info type")) {
    return "an input or output is no tensor; a classifier of skl2onnx is exported with "
           "options={'zipmap': False}";
  }
  return "export it again, or copy it again if it is cut off";
}

// Puts specs into the order of their names, and the places with them.
template <class Place>
void sort_by_name(std::vector<TensorSpec>& specs, std::vector<Place>& places) {
  std::vector<std::size_t> order(specs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return specs[a].name < specs[b].name; });
  std::vector<TensorSpec> sorted_specs;
  std::vector<Place> sorted_places;
  for (const std::size_t i : order) {
    sorted_specs.push_back(std::move(specs[i]));
    sorted_places.push_back(places[i]);
  }
  specs = std::move(sorted_specs);
  places = std::move(sorted_places);
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> Compiled::load(const Api& api, const CompileOptions& options) {
  std::unique_ptr<Compiled> model(new Compiled(api, options));
  if (auto status = model->read(); !status.ok()) return std::move(status).error();
  if (auto status = model->name_signature(); !status.ok()) return std::move(status).error();
  auto first = model->compile();
  if (!first) return std::move(first).error();
  model->give_back(*first);
  model->warn_of_narrow_types();
  return std::unique_ptr<LoadedModel>(std::move(model));
}

Compiled::~Compiled() {
  for (const Copy& copy : free_) {
    api_.ov_infer_request_free(copy.request);
    api_.ov_compiled_model_free(copy.compiled);
  }
  if (model_ != nullptr) api_.ov_model_free(model_);
}

Result<void> Compiled::read() {
  if (const auto status =
          api_.ov_core_read_model(api_.core, options_.path.c_str(), nullptr, &model_);
      status != OK) {
    const std::string message = api_.reason(status);
    return Error(Code::model_invalid, "expected a model that OpenVINO reads; got: " + message +
                                          "; " + std::string(cure_for_unread(message)));
  }
  if (auto status = describe(false, signature_.inputs, inputs_); !status.ok()) return status;
  if (auto status = describe(true, signature_.outputs, outputs_); !status.ok()) return status;
  takes_any_rows_ = takes_any_rows();
  return {};
}

// OpenVINO reads one signature and does not say its name: the SavedModel itself does. ONNX has none: the name is empty.
Result<void> Compiled::name_signature() {
  std::error_code error;
  if (!std::filesystem::exists(options_.path + "/saved_model.pb", error)) return {};
  auto graph = read_serving_graph(options_.path);
  if (!graph) return std::move(graph).error();
  std::vector<std::string> names;
  for (const TfSignature& signature : graph->signatures) {
    names.push_back(signature.name);
    const bool same =
        signature.inputs.size() == signature_.inputs.size() &&
        std::equal(signature.inputs.begin(), signature.inputs.end(), signature_.inputs.begin(),
                   [](const TfTensorInfo& a, const TensorSpec& b) { return a.key == b.name; });
    if (same && (signature_.name.empty() || signature.name == "serving_default"))
      signature_.name = signature.name;
  }
  const bool known = std::find(names.begin(), names.end(), options_.signature) != names.end();
  if (!options_.signature.empty() && known && options_.signature != signature_.name) {
    return Error(Code::signature_mismatch,
                 "expected signature '" + options_.signature +
                     "'; OpenVINO reads one signature of a SavedModel, here '" + signature_.name +
                     "'; use `runtime: tensorflow`");
  }
  return {};
}

Result<void> Compiled::describe(bool outputs, std::vector<TensorSpec>& specs,
                                std::vector<Place>& places) {
  std::size_t count = 0;
  const ov_status_e counted = outputs ? api_.ov_model_outputs_size(model_, &count)
                                      : api_.ov_model_inputs_size(model_, &count);
  if (counted != OK) return Error(Code::model_invalid, api_.reason(counted));
  for (std::size_t i = 0; i < count; ++i) {
    ov_output_const_port* port = nullptr;
    const ov_status_e found = outputs ? api_.ov_model_const_output_by_index(model_, i, &port)
                                      : api_.ov_model_const_input_by_index(model_, i, &port);
    if (found != OK) return Error(Code::model_invalid, api_.reason(found));
    Element element{};
    auto spec = describe_port(port, element);
    api_.ov_output_const_port_free(port);
    if (!spec.ok()) return std::move(spec).error();
    if (spec->name.empty()) spec->name = (outputs ? "output_" : "input_") + std::to_string(i);
    specs.push_back(std::move(*spec));
    places.push_back({i, element});
  }
  sort_by_name(specs, places);
  if (outputs && specs.empty()) {
    return Error(Code::signature_mismatch, "expected outputs of numbers; got none");
  }
  return {};
}

Result<TensorSpec> Compiled::describe_port(ov_output_const_port* port, Element& element) const {
  TensorSpec spec;
  char* name = nullptr;
  if (api_.ov_port_get_any_name(port, &name) == OK && name != nullptr) {
    spec.name = name;
    api_.ov_free(name);
  }
  ov_element_type_e type = DYNAMIC;
  ov_partial_shape shape{};
  ov_status_e got = api_.ov_port_get_element_type(port, &type);
  if (got == OK) got = api_.ov_port_get_partial_shape(port, &shape);
  if (got != OK) return Error(Code::model_invalid, api_.reason(got));
  spec.unknown_rank = shape.rank.min != shape.rank.max;
  for (std::int64_t i = 0; !spec.unknown_rank && i < shape.rank.max; ++i) {
    const ov_dimension& dim = shape.dims[i];
    spec.shape.dims.push_back(dim.min == dim.max ? dim.max : Shape::unknown);
  }
  api_.ov_partial_shape_free(&shape);
  if (type == STRING) {
    return Error(Code::signature_mismatch,
                 "'" + spec.name +
                     "': expected numbers; got strings, which OpenVINO does not compute "
                     "with; " +
                     (options_.path.ends_with(".onnx")
                          ? "export the model with numbers there, and turn the texts "
                            "into them with features (docs/features.md)"
                          : "use `runtime: tensorflow` for a SavedModel"));
  }
  const auto known = element_of(type);
  if (!known) {
    return Error(Code::signature_mismatch,
                 "'" + spec.name + "': expected numbers; got OpenVINO's element type number " +
                     std::to_string(type) + "; export the model with another type");
  }
  element = *known;
  spec.dtype = shown_as(element);
  return spec;
}

// OpenVINO's processor plug-in has neither type: it puts conversions in front and behind, and says nothing.
void Compiled::warn_of_narrow_types() {
  const auto named = [this](Element a, Element b) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Element element = inputs_[i].element;
      if (element == a || element == b) names.push_back(signature_.inputs[i].name);
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const Element element = outputs_[i].element;
      if (element == a || element == b) names.push_back(signature_.outputs[i].name);
    }
    return names;
  };
  if (const auto names = named(Element::int64, Element::uint32); !names.empty()) {
    warnings_.push_back(
        "OpenVINO computes " + quoted_list(names) +
        " (int64) as int32: a row with a number beyond ±2147483647 is refused, and what "
        "the model itself computes beyond it wraps around; `runtime: tensorflow` "
        "does not, for a SavedModel");
  }
  if (const auto names = named(Element::float64, Element::float64); !names.empty()) {
    warnings_.push_back("OpenVINO computes " + quoted_list(names) +
                        " (float64) as float32: of a number about 7 digits count, and none is "
                        "larger than 3.4e38; `runtime: tensorflow` keeps all, for a SavedModel");
  }
  std::vector<std::string> halves;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].element == Element::half) halves.push_back(signature_.inputs[i].name);
  }
  if (!halves.empty()) warnings_.push_back(warning_of_half(halves));
}

bool Compiled::takes_any_rows() const noexcept {
  const auto begins_open = [](const TensorSpec& spec) {
    return !spec.unknown_rank && spec.shape.rank() > 0 && spec.shape.dims[0] == Shape::unknown;
  };
  return options_.first_is_rows && !signature_.inputs.empty() &&
         std::all_of(signature_.inputs.begin(), signature_.inputs.end(), begins_open) &&
         std::all_of(signature_.outputs.begin(), signature_.outputs.end(), begins_open);
}

Result<Compiled::Copy> Compiled::compile() const {
  Copy copy;
  const std::string threads = std::to_string(options_.threads);
  // One stream: the call stays in the caller's thread. Pinning would fight with the workers' own threads.
  const ov_status_e compiled = api_.ov_core_compile_model(
      api_.core, model_, "CPU", 8, &copy.compiled, "INFERENCE_PRECISION_HINT",
      options_.inference_precision.c_str(), "INFERENCE_NUM_THREADS", threads.c_str(), "NUM_STREAMS",
      "1", "ENABLE_CPU_PINNING", "NO");
  if (compiled != OK) {
    return Error(Code::model_invalid,
                 "expected a model that OpenVINO compiles for the processor; got: " +
                     api_.reason(compiled) + "; use `runtime: tensorflow` for a SavedModel");
  }
  if (const auto made = api_.ov_compiled_model_create_infer_request(copy.compiled, &copy.request);
      made != OK) {
    api_.ov_compiled_model_free(copy.compiled);
    return Error(Code::model_invalid, api_.reason(made));
  }
  return copy;
}

Result<Compiled::Copy> Compiled::acquire() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      const Copy copy = free_.back();
      free_.pop_back();
      return copy;
    }
  }
  return compile();
}

void Compiled::give_back(Copy copy) {
  const std::lock_guard lock(mutex_);
  free_.push_back(copy);
}

void Compiled::submit(const Signature& /*signature*/, const InferenceRequest& request,
                      InferenceDone done) {
  auto copy = acquire();
  if (!copy) {
    done(Error(Code::model_failed, copy.error().message()));
    return;
  }
  InferenceResult result = run(*copy, request);
  give_back(*copy);
  done(std::move(result));
}

InferenceResult Compiled::run(const Copy& copy, const InferenceRequest& request) const {
  const std::int64_t rows = takes_any_rows_ ? request.inputs.front().dims.front() : 0;
  const std::int64_t padded = padded_rows(rows);
  std::deque<InputTensor> inputs;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    InputTensor& input = inputs.emplace_back(api_);
    auto status = input.set(request.inputs[i], inputs_[i].element, padded);
    if (!status.ok())
      return std::move(status).error().at("input '" + signature_.inputs[i].name + "'");
    const auto set = api_.ov_infer_request_set_input_tensor_by_index(copy.request, inputs_[i].index,
                                                                     input.get());
    if (set != OK) {
      return Error(Code::invalid_model_input,
                   "input '" + signature_.inputs[i].name + "': " + api_.reason(set));
    }
  }
  if (auto status = api_.check(api_.ov_infer_request_infer(copy.request)); !status.ok())
    return std::move(status).error();
  std::vector<Tensor> outputs;
  outputs.reserve(request.outputs.size());
  for (const std::uint32_t wanted : request.outputs) {
    ov_tensor* tensor = nullptr;
    const std::size_t index = outputs_[wanted].index;
    auto got =
        api_.check(api_.ov_infer_request_get_output_tensor_by_index(copy.request, index, &tensor));
    if (!got.ok()) return std::move(got).error();
    auto output = copy_output(api_, tensor, outputs_[wanted].element,
                              signature_.outputs[wanted].name, padded - rows);
    api_.ov_tensor_free(tensor);
    if (!output) return std::move(output).error();
    outputs.push_back(std::move(*output));
  }
  return outputs;
}

}  // namespace thalweg::openvino
