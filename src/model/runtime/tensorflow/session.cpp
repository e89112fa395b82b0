#include "model/runtime/tensorflow/session.h"

#include <algorithm>
#include <optional>

#include "model/runtime/tensorflow/protos.h"
#include "model/runtime/tensorflow/tensors.h"

namespace thalweg::tensorflow {
namespace {

// TensorFlow's messages run over several lines and may hold a whole trace: the first ones say it.
std::string brief(std::string message) {
  constexpr std::size_t bytes_max = 600;
  std::replace(message.begin(), message.end(), '\n', ' ');
  if (message.size() > bytes_max) message.replace(bytes_max, std::string::npos, "…");
  return message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Error load_error(const Status& status) {
  const std::string message = brief(status.message());
  std::string cure = "export the model again, with a TensorFlow not newer than the one here";
  if (contains(message, "Op type not registered")) {
    cure = "name the library that has the op in `custom_ops`";
  } else if (contains(message, "meta graph def")) {
    cure = "export it for serving (tag 'serve')";
  } else if (status.code() == TF_DATA_LOSS || status.code() == TF_OUT_OF_RANGE) {
    cure = "its variables are cut off or damaged: copy the version again";
  } else if (status.code() == TF_NOT_FOUND) {
    cure = "files of the version are missing: copy it again";
  }
  return {Code::model_invalid,
          "expected a SavedModel that TensorFlow loads; got: " + message + "; " + cure};
}

// Whose fault a failed run is: the input's only when TensorFlow says so.
Error run_error(const Status& status) {
  const TF_Code code = status.code();
  const bool input = code == TF_INVALID_ARGUMENT || code == TF_OUT_OF_RANGE;
  const std::string message = brief(status.message());
  if (contains(message, "Could not find variable") || contains(message, "uninitialized value")) {
    return {Code::model_invalid,
            "expected a model with its variables; got one whose variables were not restored: " +
                message +
                "; a Keras 3 model must be written with `model.export(folder)`, not with "
                "tf.saved_model.save"};
  }
  return {input ? Code::invalid_model_input : Code::model_failed, message};
}

TF_DataType tf_type(TfType type) {
  return static_cast<TF_DataType>(static_cast<int>(type));
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> Session::load(const Api& api, const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session(api));
  TF_Buffer* meta_graph = api.TF_NewBuffer();
  const auto opened = session->open(options, meta_graph);
  auto described =
      opened.ok()
          ? read_meta_graph({static_cast<const char*>(meta_graph->data), meta_graph->length})
          : Result<MetaGraph>(opened.error());
  api.TF_DeleteBuffer(meta_graph);
  if (!described) return std::move(described).error();
  if (auto bound = session->bind(*described, options.signature); !bound.ok()) return bound.error();
  return std::unique_ptr<LoadedModel>(std::move(session));
}

Session::~Session() {
  Status status(api_);
  if (session_ != nullptr) {
    api_.TF_CloseSession(session_, status.get());
    api_.TF_DeleteSession(session_, status.get());
  }
  if (graph_ != nullptr) api_.TF_DeleteGraph(graph_);
  if (run_options_ != nullptr) api_.TF_DeleteBuffer(run_options_);
}

Result<void> Session::open(const SessionOptions& options, TF_Buffer* meta_graph) {
  Status status(api_);
  for (const std::string& file : options.custom_ops) {
    // The handle is let go, the library stays: its ops are registered for the whole process.
    TF_Library* library = api_.TF_LoadLibrary(file.c_str(), status.get());
    if (!status.ok()) {
      return Error(Code::model_invalid, "custom_ops: expected a library of TensorFlow ops at '" +
                                            file + "'; got: " + brief(status.message()) +
                                            "; build it for this TensorFlow (" + api_.TF_Version() +
                                            ")");
    }
    api_.TF_DeleteLibraryHandle(library);
  }
  graph_ = api_.TF_NewGraph();
  const std::string run = run_options(options.inter_op_threads == 1 ? -1 : 0);
  run_options_ = api_.TF_NewBufferFromString(run.data(), run.size());

  TF_SessionOptions* session_options = api_.TF_NewSessionOptions();
  const std::string config = session_config(options.intra_op_threads, options.inter_op_threads);
  api_.TF_SetConfig(session_options, config.data(), config.size(), status.get());
  const char* tag = "serve";
  if (status.ok()) {
    session_ = api_.TF_LoadSessionFromSavedModel(session_options, nullptr, options.folder.c_str(),
                                                 &tag, 1, graph_, meta_graph, status.get());
  }
  api_.TF_DeleteSessionOptions(session_options);
  if (!status.ok()) return load_error(status);
  return {};
}

Result<void> Session::bind(const MetaGraph& meta_graph, const std::string& wanted) {
  std::string refused;
  for (const TfSignature& described : meta_graph.signatures) {
    Signature shown;
    shown.name = described.name;
    auto bound = bind(described, shown);
    if (bound.ok()) {
      signatures_.push_back(std::move(shown));
      bound_.push_back(std::move(*bound));
      continue;
    }
    Error error = std::move(bound).error().at("signature '" + described.name + "'");
    if (described.name == (wanted.empty() ? "serving_default" : wanted)) return error;
    if (refused.empty()) refused = error.message();
  }
  warn_of_half();
  if (!signatures_.empty()) return {};
  return Error(
      Code::signature_mismatch,
      refused.empty()
          ? "expected a model with a signature; got one without; export it with a signature "
            "(model.export does)"
          : refused);
}

void Session::warn_of_half() {
  std::vector<std::string> names;  // several signatures mostly take the same inputs
  for (std::size_t s = 0; s < bound_.size(); ++s) {
    for (std::size_t i = 0; i < bound_[s].inputs.size(); ++i) {
      const std::string& name = signatures_[s].inputs[i].name;
      if (bound_[s].inputs[i].element == Element::half &&
          std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
    }
  }
  if (!names.empty()) warnings_.push_back(warning_of_half(names));
}

Result<Session::Bound> Session::bind(const TfSignature& described, Signature& shown) const {
  Bound bound;
  std::string unusable;
  for (const bool outputs : {false, true}) {
    for (const TfTensorInfo& info : outputs ? described.outputs : described.inputs) {
      auto place = find(info);
      if (!place.ok() && !outputs) return std::move(place).error().at("input '" + info.key + "'");
      if (!place.ok()) {  // the other outputs may still be of use
        unusable = std::move(place).error().at("output '" + info.key + "'").message();
        continue;
      }
      TensorSpec spec{info.key, shown_as(place->element), info.shape, info.unknown_rank};
      (outputs ? shown.outputs : shown.inputs).push_back(std::move(spec));
      (outputs ? bound.outputs : bound.inputs).push_back(*place);
    }
  }
  if (bound.outputs.empty()) {
    return Error(Code::signature_mismatch,
                 unusable.empty() ? "expected outputs; got none" : unusable);
  }
  return bound;
}

Result<Session::Bound::Place> Session::find(const TfTensorInfo& info) const {
  if (info.tensor.empty()) {
    return Error(Code::signature_mismatch,
                 "expected a dense tensor; got a sparse or composite one; export a signature with "
                 "dense tensors");
  }
  const TfType type = plain(info.type);
  const auto element = element_of(type);
  if (!element) {
    return Error(Code::signature_mismatch,
                 "expected numbers or strings; got " + tf_type_name(type) +
                     "; export a signature with tensors of numbers or strings");
  }
  const std::size_t colon = info.tensor.rfind(':');
  const std::string name = info.tensor.substr(0, colon);
  const int index = colon == std::string::npos ? 0 : std::atoi(info.tensor.c_str() + colon + 1);
  TF_Operation* operation = api_.TF_GraphOperationByName(graph_, name.c_str());
  if (operation == nullptr || index < 0 || index >= api_.TF_OperationNumOutputs(operation)) {
    return Error(Code::model_invalid,
                 "expected the tensor '" + info.tensor +
                     "' in the graph; it has none of that name; export the model again");
  }
  return Bound::Place{{operation, index}, *element, tf_type(type)};
}

void Session::submit(const Signature& signature, const InferenceRequest& request,
                     InferenceDone done) {
  const auto it = std::find_if(signatures_.begin(), signatures_.end(), [&](const Signature& known) {
    return known.name == signature.name;
  });
  if (it == signatures_.end()) {
    done(Error(Code::internal, "the model has no signature '" + signature.name + "'"));
    return;
  }
  // The result first, then `done`: it may submit again from inside, and run() uses scratch of this thread.
  InferenceResult result = run(bound_[static_cast<std::size_t>(it - signatures_.begin())], request);
  done(std::move(result));
}

InferenceResult Session::run(const Bound& bound, const InferenceRequest& request) const {
  thread_local std::vector<InputTensor> inputs;  // keeps the memory of converted inputs
  thread_local std::vector<TF_Tensor*> values;
  thread_local std::vector<TF_Output> feeds;
  thread_local std::vector<TF_Output> fetches;
  while (inputs.size() < bound.inputs.size()) inputs.emplace_back(api_);
  const std::span<InputTensor> used(inputs.data(), bound.inputs.size());
  struct Release {
    std::span<InputTensor> inputs;
    ~Release() {
      for (InputTensor& input : inputs) input.release();
    }
  } const release{used};

  feeds.clear();
  values.clear();
  for (std::size_t i = 0; i < used.size(); ++i) {
    const Bound::Place& place = bound.inputs[i];
    if (auto status = used[i].set(request.inputs[i], place.element, place.type); !status.ok()) {
      return std::move(status).error();
    }
    feeds.push_back(place.output);
    values.push_back(used[i].get());
  }
  fetches.clear();
  for (const std::uint32_t output : request.outputs)
    fetches.push_back(bound.outputs[output].output);
  std::vector<TF_Tensor*> fetched(fetches.size(), nullptr);

  Status status(api_);
  api_.TF_SessionRun(session_, run_options_, feeds.data(), values.data(),
                     static_cast<int>(feeds.size()), fetches.data(), fetched.data(),
                     static_cast<int>(fetches.size()), nullptr, 0, nullptr, status.get());
  if (!status.ok()) return run_error(status);

  std::vector<Tensor> outputs;
  outputs.reserve(fetched.size());
  std::optional<Error> wrong;
  for (std::size_t i = 0; i < fetched.size(); ++i) {
    const Bound::Place& place = bound.outputs[request.outputs[i]];
    const TF_DataType type = api_.TF_TensorType(fetched[i]);
    if (type != place.type) {
      wrong = Error(Code::model_failed,
                    "expected an output of type " + std::string(to_string(place.element)) +
                        " as the signature says; got " +
                        tf_type_name(static_cast<TfType>(static_cast<int>(type))));
      api_.TF_DeleteTensor(fetched[i]);
      continue;
    }
    outputs.push_back(take_output(api_, fetched[i], place.element, used));
  }
  if (wrong) return std::move(*wrong);
  return outputs;
}

}  // namespace thalweg::tensorflow
