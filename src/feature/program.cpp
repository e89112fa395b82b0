// FeatureProgram: the bound steps, run one after the other over columns.
#include "feature/program.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>

#include <fmt/format.h>

#include "feature/binder.h"
#include "feature/content_hash.h"
#include "feature/fused/fuse.h"

namespace thalweg {
namespace {

using feature::BoundStep;
using feature::Operand;

class Program final : public FeatureProgram {
 public:
  Program(std::vector<BoundStep> steps, std::vector<Operand> sources, Schema outputs,
          std::vector<std::size_t> reads, std::vector<std::vector<std::size_t>> reads_of,
          std::vector<bool> padded, std::string hash)
      : steps_(std::move(steps)),
        sources_(std::move(sources)),
        outputs_(std::move(outputs)),
        reads_(std::move(reads)),
        reads_of_(std::move(reads_of)),
        padded_(std::move(padded)),
        hash_(std::move(hash)) {
    static std::atomic<std::uint64_t> programs{0};
    id_ = ++programs;
    pointers_ = sources_.size();
    for (const BoundStep& step : steps_) {
      pointers_ += step.inputs.size();
      remembering_.push_back(dynamic_cast<const feature::RememberingStep*>(step.step.get()));
    }
  }

  [[nodiscard]] const Schema& outputs() const noexcept override { return outputs_; }
  [[nodiscard]] std::span<const std::size_t> reads() const noexcept override { return reads_; }
  [[nodiscard]] std::span<const std::size_t> reads_of(std::size_t output) const noexcept override {
    return reads_of_[output];
  }
  [[nodiscard]] bool padded(std::size_t output) const noexcept override { return padded_[output]; }
  [[nodiscard]] bool computed(std::size_t output) const noexcept override {
    return sources_[output].kind == Operand::Kind::step;
  }
  [[nodiscard]] const std::string& content_hash() const noexcept override { return hash_; }

  [[nodiscard]] std::span<const Column* const> run(std::span<const Column> columns,
                                                   std::size_t rows,
                                                   FeatureFrame& frame) const override {
    prepare(frame);
    const Column** to = frame.pointers.data();
    const auto resolve = [&](const std::vector<Operand>& sources) {
      const Column** first = to;
      for (const Operand& source : sources)
        *to++ = source.kind == Operand::Kind::field ? &columns[source.index]
                                                    : &frame.slots[source.index];
      return std::span<const Column* const>(first, sources.size());
    };
    for (std::size_t i = 0; i < steps_.size(); ++i)
      apply(i, resolve(steps_[i].inputs), rows, frame);
    return resolve(sources_);
  }

 private:
  // Gives the frame a slot per step. A frame that comes back to the same program keeps all its memory.
  void prepare(FeatureFrame& frame) const {
    frame.scratch.failures.clear();
    if (frame.program == id_) return;
    frame.program = id_;
    frame.pointers.resize(pointers_);
    frame.slots.resize(steps_.size());
    frame.memories.clear();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      frame.slots[i].reset(steps_[i].step->type());
      frame.memories.push_back(remembering_[i] == nullptr ? nullptr
                                                          : remembering_[i]->make_memory());
    }
  }

  void apply(std::size_t step, std::span<const Column* const> inputs, std::size_t rows,
             FeatureFrame& frame) const {
    const BoundStep& bound = steps_[step];
    Column& out = frame.slots[step];
    FeatureScratch& scratch = frame.scratch;
    const std::size_t failed_before = scratch.failures.size();
    out.clear();
    const char* mistake = nullptr;
    try {
      if (remembering_[step] != nullptr) {
        remembering_[step]->apply(inputs, rows, out, scratch, *frame.memories[step]);
      } else {
        bound.step->apply(inputs, rows, out, scratch);
      }
      if (out.rows() != rows) mistake = "the step wrote another number of rows than it was given";
    } catch (const std::exception&) {  // a step of the application's own; ours do not throw
      mistake = "the step threw an exception";
    } catch (...) {
      mistake = "the step threw something";
    }
    if (mistake != nullptr) refuse_all(bound, mistake, rows, out, scratch);
    if (bound.label.empty()) return;  // several steps as one: it has said which of them
    for (std::size_t i = failed_before; i < scratch.failures.size(); ++i) {
      Error& error = scratch.failures[i].error;
      error = std::move(error).at(bound.label);
    }
  }

  static void refuse_all(const BoundStep& bound, const char* why, std::size_t rows, Column& out,
                         FeatureScratch& scratch) {
    out.reset(bound.step->type());
    for (std::size_t row = 0; row < rows; ++row) {
      out.append_zero_row();
      scratch.failures.push_back(
          {static_cast<std::uint32_t>(row), Error(Code::feature_failed, why)});
    }
  }

  std::vector<BoundStep> steps_;                              // each after the steps it reads
  std::vector<const feature::RememberingStep*> remembering_;  // one per step; null: it does not
  std::vector<Operand> sources_;                              // one per output
  Schema outputs_;
  std::vector<std::size_t> reads_;
  std::vector<std::vector<std::size_t>> reads_of_;  // one per output
  std::vector<bool> padded_;                        // one per output
  std::string hash_;
  std::uint64_t id_ = 0;
  std::size_t pointers_ = 0;
};

// The order in which features are written does not change what they compute.
std::string hash_of_all(std::vector<std::string> parts) {
  std::sort(parts.begin(), parts.end());
  std::string all;
  for (const std::string& part : parts) all += part + '\n';
  return feature::sha256_hex(all);
}

}  // namespace

Result<std::shared_ptr<const FeatureProgram>> FeatureProgram::bind(const Node& features,
                                                                   const Schema& available,
                                                                   const std::string& folder,
                                                                   const Registry& registry) {
  if (!features.is_map() || features.entries().empty()) {
    return config_error(features.where(),
                        fmt::format("features: expected a map from names to expressions; got {}",
                                    features.shown()));
  }
  feature::Binder binder(available, folder, registry);
  std::vector<Operand> sources;
  std::vector<std::string> hashes;
  Schema outputs;
  for (const auto& [name, expression] : features.entries()) {
    if (outputs.find(name))
      return config_error(features.key_where(name),
                          fmt::format("features: expected each name once; got '{}' twice", name));
    auto source = binder.bind(name, expression);
    if (!source) return std::move(source).error();
    sources.push_back(*source);
    outputs.fields.push_back({name, binder.type_of(*source)});
    hashes.push_back(name + " = " + binder.hash_of(*source));
  }
  std::vector<std::size_t> reads = binder.fields_read();
  std::vector<std::vector<std::size_t>> reads_of;
  std::vector<bool> padded;
  for (const Operand source : sources) {
    reads_of.push_back(binder.fields_behind(source));
    padded.push_back(binder.has_mask() || binder.padded(source));
  }
  std::vector<BoundStep> steps = binder.take_steps();
  feature::fuse(steps, sources);
  return std::shared_ptr<const FeatureProgram>(std::make_shared<Program>(
      std::move(steps), std::move(sources), std::move(outputs), std::move(reads),
      std::move(reads_of), std::move(padded), hash_of_all(std::move(hashes))));
}

}  // namespace thalweg
