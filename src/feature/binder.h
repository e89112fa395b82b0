// From expressions to steps: parses, checks types, finds what is computed twice.
//
//   amount                              a field
//   "text", {const: 1.5}                a constant
//   {log1p: amount}                     the first key names the step, its value is the input …
//   {stack: [a, {log1p: b}]}            … or a list of inputs;
//   {one_hot: mcc, depth: 4}            further keys are the step's settings
//   {chain: [text, lower_case, {split: ','}, {pad: {length: 4}}]}
//                                       each step has the one before as its input; behind its name stand its settings,
//                                       or its main setting alone
//
// Two expressions with the same canonical text are one step.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/error.h"
#include "thalweg/registry.h"
#include "thalweg/settings.h"

namespace thalweg::feature {

// Where a value comes from: a column of the input, or a step.
struct Operand {
  enum class Kind : std::uint8_t { field, step } kind = Kind::field;
  std::size_t index = 0;
  bool operator==(const Operand&) const = default;
};

struct BoundStep {
  std::unique_ptr<FeatureStep> step;
  std::vector<Operand> inputs;
  std::string label;  // "feature 'x': step 'log1p'", for the errors of rows
  // Its lists may be filled up to the longest of a call: it is a `pad` without a length, or made of one.
  bool padded = false;
  bool mask = false;  // tells elements from such filling
};

class Binder {
 public:
  Binder(const Schema& available, std::string folder, const Registry& registry)
      : available_(available), folder_(std::move(folder)), registry_(registry) {}

  // Binds one feature. Errors: config_invalid with file and line.
  Result<Operand> bind(const std::string& feature, const Node& expression);

  [[nodiscard]] const ColumnType& type_of(Operand source) const;
  // Of the expression and the bytes of all files it reads.
  [[nodiscard]] std::string hash_of(Operand source) const;
  [[nodiscard]] std::vector<BoundStep> take_steps() { return std::move(steps_); }
  [[nodiscard]] std::vector<std::size_t> fields_read() const;
  // Those that this value is made of, through all steps; ascending.
  [[nodiscard]] std::vector<std::size_t> fields_behind(Operand source) const;
  [[nodiscard]] bool padded(Operand source) const;
  [[nodiscard]] bool has_mask() const;

 private:
  Result<Operand> expression(const Node& node);
  Result<Operand> field(const Node& node);
  Result<Operand> call(const Node& node);
  Result<Operand> chain(const Node& node);
  Result<Operand> link(const Node& node, Operand before);
  // The settings as a map, whatever short way they were written in.
  Result<Node> settings_map(const FeatureStepKind& kind, const Node& written) const;
  Result<Operand> step(const FeatureStepKind& kind, const Where& where, const Node& settings,
                       std::vector<Operand> inputs);
  Result<std::unique_ptr<FeatureStep>> make(const FeatureStepKind& kind, const Where& where,
                                            const Node& settings,
                                            const std::vector<Operand>& inputs, std::string& files);
  Result<const FeatureStepKind*> find_kind(const std::string& name, const Where& where) const;
  [[nodiscard]] Error error(const Where& where, const std::string& message) const;

  const Schema& available_;
  std::string folder_;
  const Registry& registry_;
  std::string feature_;  // being bound
  std::vector<BoundStep> steps_;
  std::vector<std::string> canonical_;                  // one per step
  std::vector<std::string> hashes_;                     // one per step
  std::vector<bool> read_;                              // one per available field
  std::unordered_map<std::string, std::size_t> known_;  // canonical text → step
};

}  // namespace thalweg::feature
