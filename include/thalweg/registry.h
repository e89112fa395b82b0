// The registry: every kind of part that can be named in a pipeline file, built-in or yours.
//
// Adding a part is a pair of files, one registration line, one test, one docs entry. Your own parts are registered the
// same way, from your own code, before the pipeline is built:
//
//   app.registry().add(FeatureStepKind{.name = "soundex", .section = &soundex_section, .make = make_soundex});
//
// Filled before the first pipeline is built, only read afterwards (then from any thread).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/error.h"
#include "thalweg/ports.h"
#include "thalweg/settings.h"

namespace thalweg {

// `format:` of a source. Gets the whole `from` node's checked format settings and the declared fields.
struct DecoderKind {
  std::string name;
  std::string doc;
  const Section* section =
      nullptr;  // extra settings of this format, beside the common ones of `from`
  // `fields` is the raw `fields:` node (may be null).
  std::function<Result<std::unique_ptr<Decoder>>(const Values& settings, const Node& fields)> make;
};

class ModelProvider;
class ScoreObserver;

// What an operator may know when it is built.
struct OperatorContext {
  const Schema* input = nullptr;  // the columns that arrive
  const Schema* coarser =
      nullptr;  // the columns that the nearest step of Grain::finer put aside; null: there is none
  ModelProvider* models = nullptr;  // the process's models
  const Registry* registry = nullptr;
  std::string where;                  // "step infer" or "step 3 (infer)": front of error messages
  ScoreObserver* observer = nullptr;  // told what models answered; null: nobody. Outlives the step
};

// A step: `- filter: {…}`.
struct OperatorKind {
  std::string name;
  std::string doc;
  const Section* section = nullptr;
  std::function<Result<std::unique_ptr<Operator>>(const Values& settings,
                                                  const OperatorContext& context)>
      make;
};

// What a feature step may know when it is built.
struct FeatureContext {
  std::vector<ColumnType> inputs;  // of the input expressions, in order
  std::string folder;              // files are relative to it
  // Reads a whole file and makes its bytes part of the program's content hash. A step that reads a file any other way
  // goes unnoticed when the file changes. Not set: nothing is hashed (a step built by hand, in a test).
  std::function<Result<std::string>(const std::string& path)> read_file{};
};

// A step of a feature expression: `{log1p: amount}`. Its own key holds the input expression(s), except in a chain, where the
// input is the step before; further keys are the settings of its section.
struct FeatureStepKind {
  std::string name;
  std::string doc;  // with the Keras / scikit-learn / NLTK operation it equals
  const Section* section = nullptr;
  std::function<Result<std::unique_ptr<FeatureStep>>(const Values& settings,
                                                     const FeatureContext& context)>
      make;
};

// `format:` / `value:` of an output.
struct EncoderKind {
  std::string name;
  std::string doc;
  const Section* section = nullptr;
  // `value` is the raw template node; `schema` the columns at the end of the steps.
  std::function<Result<std::unique_ptr<Encoder>>(const Values& settings, const Node& value,
                                                 const Schema& schema)>
      make;
};

struct RuntimeKind {
  std::string name;
  std::string doc;
  const Section* section = nullptr;                     // settings under the model's entry
  std::function<std::shared_ptr<ModelRuntime>()> make;  // cheap; libraries are opened by load()
};

class Registry {
 public:
  // Adding a name twice replaces the earlier part (so users can override).
  void add(DecoderKind kind);
  void add(OperatorKind kind);
  void add(FeatureStepKind kind);
  void add(EncoderKind kind);
  void add(RuntimeKind kind);

  // Null if there is none of that name.
  [[nodiscard]] const DecoderKind* decoder(std::string_view name) const noexcept;
  [[nodiscard]] const OperatorKind* op(std::string_view name) const noexcept;
  [[nodiscard]] const FeatureStepKind* feature_step(std::string_view name) const noexcept;
  [[nodiscard]] const EncoderKind* encoder(std::string_view name) const noexcept;
  [[nodiscard]] const RuntimeKind* runtime(std::string_view name) const noexcept;

  [[nodiscard]] const std::vector<DecoderKind>& decoders() const noexcept { return decoders_; }
  [[nodiscard]] const std::vector<OperatorKind>& operators() const noexcept { return operators_; }
  [[nodiscard]] const std::vector<FeatureStepKind>& feature_steps() const noexcept {
    return feature_steps_;
  }
  [[nodiscard]] const std::vector<EncoderKind>& encoders() const noexcept { return encoders_; }
  [[nodiscard]] const std::vector<RuntimeKind>& runtimes() const noexcept { return runtimes_; }

 private:
  std::vector<DecoderKind> decoders_;
  std::vector<OperatorKind> operators_;
  std::vector<FeatureStepKind> feature_steps_;
  std::vector<EncoderKind> encoders_;
  std::vector<RuntimeKind> runtimes_;
};

}  // namespace thalweg
