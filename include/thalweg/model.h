// Models as the stream sees them: signatures, loaded models, versions.
//
// A runtime (TensorFlow, OpenVINO, …) turns a version directory into a LoadedModel. A version is graph + features:
// its folder carries `assets.extra/features.yaml`, and `infer` runs the features of the version it calls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/settings.h"
#include "thalweg/tensor.h"

namespace thalweg {

// One input or output of a signature, as the model declares it: the shape includes the batch dimension if it has one.
struct TensorSpec {
  std::string name;
  DType dtype = DType::float32;
  Shape shape;
  bool unknown_rank = false;                    // the model leaves even the rank open
  [[nodiscard]] std::string to_string() const;  // "'x' (float32 [?,121])"
  bool operator==(const TensorSpec&) const = default;
};

// How rows become calls.
enum class BatchDim : std::uint8_t {
  dynamic,  // first dimension unknown: any number of rows in one call
  fixed,  // first dimension a given number n: calls of n rows, the last one padded by repeating a row
  none,  // no batch dimension: one call a row
};

struct Signature {
  std::string name;                 // "serving_default"
  std::vector<TensorSpec> inputs;   // sorted by name
  std::vector<TensorSpec> outputs;  // sorted by name
  [[nodiscard]] const TensorSpec* input(std::string_view name) const noexcept;
  [[nodiscard]] const TensorSpec* output(std::string_view name) const noexcept;
  bool operator==(const Signature&) const = default;
};

// One call. Views stay valid until `done`.
struct InferenceRequest {
  std::vector<TensorView> inputs;      // one per signature input, in signature order
  std::vector<std::uint32_t> outputs;  // indexes into signature.outputs: the ones wanted
};
// The outputs in the order asked for, or why not:
//   invalid_model_input  the input is at fault (the runtime says INVALID_ARGUMENT or OUT_OF_RANGE)
//   model_failed         anything else
//   model_unavailable    cannot answer now (remote)
using InferenceResult = Result<std::vector<Tensor>>;
using InferenceDone = std::function<void(InferenceResult)>;

// A model in memory. Made by ModelRuntime::load. Several workers call submit() at the same time.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;
  [[nodiscard]] virtual std::span<const Signature> signatures() const noexcept = 0;
  // What a user should know of how this runtime computes this model; whole sentences. `check` prints them, the run logs them.
  [[nodiscard]] virtual std::span<const std::string> warnings() const noexcept { return {}; }
  // Calls `done` exactly once: inside the call for embedded runtimes, later and from any thread for others.
  // Never throws; a failure goes to `done`. REQUIRES dtypes and ranks as the signature says.
  virtual void submit(const Signature& signature, const InferenceRequest& request,
                      InferenceDone done) = 0;
};

// Where a model is and how to run it.
struct ModelSpec {
  std::string name;  // as the pipeline calls it
  std::string path;  // the version's own directory or file, absolute or relative to the process
  std::int64_t version = 0;
  Node
      runtime_settings;  // the model's section of the pipeline file, for the runtime to read its part
};

// A plug-in that loads models. One per process and kind; load() may be called from any thread, also concurrently.
class ModelRuntime {
 public:
  virtual ~ModelRuntime() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // Is this directory or file one this runtime can read? Looks at names only.
  [[nodiscard]] virtual bool recognises(const std::string& path) const = 0;
  // Errors: runtime_missing (with how to get it), model_invalid, signature_mismatch. Blocks for as long as loading takes.
  [[nodiscard]] virtual Result<std::unique_ptr<LoadedModel>> load(const ModelSpec& spec) = 0;
};

}  // namespace thalweg
