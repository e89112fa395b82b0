// Finds runs of steps along the only reader of each, and writes the program anew.
#include "feature/fused/fuse.h"

#include <algorithm>
#include <optional>

#include "feature/fused/fused_text.h"
#include "feature/fused/fused_words.h"

namespace thalweg::feature {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

template <class Kind>
const Kind* as(const BoundStep& bound) {
  return dynamic_cast<const Kind*>(bound.step.get());
}

class Fuser {
 public:
  Fuser(std::vector<BoundStep>& steps, std::vector<Operand>& sources)
      : steps_(steps), sources_(sources), next_(steps.size(), none), place_(steps.size(), none) {
    find_only_readers();
  }

  void run() {
    std::vector<BoundStep> written;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].step == nullptr) continue;  // it is in a run already
      std::vector<std::size_t> members = text_run(i);
      const bool text = members.size() > 1;
      if (!text) members = word_run(i);
      BoundStep bound = members.size() > 1 || worth_alone(i)
                            ? (text ? fused_text_of(members) : fused_words_of(members))
                            : std::move(steps_[i]);
      for (const std::size_t member : members) place_[member] = written.size();
      place_[i] = written.size();
      for (Operand& input : bound.inputs) relocate(input);
      written.push_back(std::move(bound));
    }
    for (Operand& source : sources_) relocate(source);
    steps_ = std::move(written);
  }

 private:
  // next_[i]: the step that alone reads step i, and reads nothing else.
  void find_only_readers() {
    std::vector<std::size_t> readers(steps_.size(), 0);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      for (const Operand input : steps_[i].inputs) {
        if (input.kind != Operand::Kind::step) continue;
        ++readers[input.index];
        next_[input.index] = steps_[i].inputs.size() == 1 ? i : none;
      }
    }
    for (const Operand source : sources_) {
      if (source.kind == Operand::Kind::step) readers[source.index] = 2;
    }
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (readers[i] != 1) next_[i] = none;
    }
  }

  template <class Kind>
  [[nodiscard]] std::size_t next_as(std::size_t i) const {
    return next_[i] != none && as<Kind>(steps_[next_[i]]) != nullptr ? next_[i] : none;
  }

  // From step i on; only i itself where nothing follows.
  template <class Kind>
  [[nodiscard]] std::vector<std::size_t> run_of(std::size_t i) const {
    std::vector<std::size_t> members{i};
    for (std::size_t next = next_as<Kind>(i); next != none; next = next_as<Kind>(next))
      members.push_back(next);
    return members;
  }

  [[nodiscard]] std::vector<std::size_t> text_run(std::size_t i) const {
    const auto* first = as<TextStep>(steps_[i]);
    if (first == nullptr || !first->type().shape.dims.empty()) return {i};
    std::vector<std::size_t> members = run_of<TextStep>(i);
    if (const std::size_t split = next_as<SplitOnSpace>(members.back()); split != none)
      members.push_back(split);
    return members;
  }

  [[nodiscard]] std::vector<std::size_t> word_run(std::size_t i) const {
    if (as<WordStep>(steps_[i]) == nullptr) return {i};
    std::vector<std::size_t> members = run_of<WordStep>(i);
    const std::size_t join = next_as<JoinWords>(members.back());
    const std::size_t tokens = join == none ? none : next_as<TokenStep>(join);
    if (tokens != none &&
        cut_where_joined(*as<JoinWords>(steps_[join]), *as<TokenStep>(steps_[tokens])))
      members.insert(members.end(), {join, tokens});
    return members;
  }

  [[nodiscard]] bool worth_alone(std::size_t i) const {
    const auto* word = as<WordStep>(steps_[i]);
    return word != nullptr && word->dear();
  }

  BoundStep fused_text_of(const std::vector<std::size_t>& members) {
    std::vector<TextMember> parts;
    for (const std::size_t member : members)
      parts.push_back({std::move(steps_[member].step), std::move(steps_[member].label)});
    return bound(members, fused_text(std::move(parts)));
  }

  BoundStep fused_words_of(const std::vector<std::size_t>& members) {
    WordMembers parts;
    for (const std::size_t member : members) {
      BoundStep& bound = steps_[member];
      if (as<TokenStep>(bound) != nullptr) {
        parts.tokens_label = std::move(bound.label);
        parts.tokens = std::move(bound.step);
      } else if (as<JoinWords>(bound) != nullptr) {
        parts.join = std::move(bound.step);
      } else {
        parts.words.push_back(std::move(bound.step));
      }
    }
    return bound(members, fused_words(std::move(parts)));
  }

  // Reads what the first member read; says itself who refused a row.
  BoundStep bound(const std::vector<std::size_t>& members, std::unique_ptr<FeatureStep> step) {
    BoundStep made;
    made.step = std::move(step);
    made.inputs = std::move(steps_[members.front()].inputs);
    return made;
  }

  void relocate(Operand& operand) const {
    if (operand.kind == Operand::Kind::step) operand.index = place_[operand.index];
  }

  std::vector<BoundStep>& steps_;
  std::vector<Operand>& sources_;
  std::vector<std::size_t> next_;
  std::vector<std::size_t> place_;  // of each old step among the new ones
};

}  // namespace

void fuse(std::vector<BoundStep>& steps, std::vector<Operand>& sources) {
  Fuser(steps, sources).run();
}

}  // namespace thalweg::feature
