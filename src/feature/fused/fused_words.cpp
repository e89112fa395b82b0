// Each word is looked up in the memory first.
#include "feature/fused/fused_words.h"

#include <algorithm>

#include "feature/support/step_memory.h"
#include "feature/support/word_memory.h"
#include "record/with_number.h"

namespace thalweg::feature {
namespace {

std::vector<const WordStep*> as_word_steps(const WordMembers& members) {
  std::vector<const WordStep*> steps;
  for (const auto& step : members.words)
    steps.push_back(static_cast<const WordStep*>(step.get()));  // as fused_words demands
  return steps;
}

std::optional<std::string_view> through(const std::vector<const WordStep*>& steps,
                                        std::string_view word) noexcept {
  std::optional<std::string_view> left = word;
  for (const WordStep* step : steps) {
    if (left) left = step->word(*left);
  }
  return left;
}

bool can_be_remembered(std::string_view word) noexcept {
  return !word.empty() && word.size() <= WordMemory<int>::longest;
}

// --- words → words ---------------------------------------------------------------------------------------------------

// A step's own string, the word itself, or nothing.
struct WordAnswer {
  const char* data = nullptr;  // null: the word itself, or nothing
  std::uint32_t size = 0;
  bool stays = false;
};

struct WordsMemory final : StepMemory {
  WordMemory<WordAnswer> words;
};

class FusedWords final : public RememberingStep {
 public:
  explicit FusedWords(WordMembers members)
      : members_(std::move(members)), steps_(as_word_steps(members_)) {}
  [[nodiscard]] const ColumnType& type() const noexcept override { return steps_.back()->type(); }
  [[nodiscard]] std::unique_ptr<StepMemory> make_memory() const override {
    return std::make_unique<WordsMemory>();
  }

  using RememberingStep::apply;
  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out, FeatureScratch&,
             StepMemory& memory) const override {
    auto& words = static_cast<WordsMemory&>(memory).words;
    for (std::size_t row = 0; row < rows; ++row) {
      for (const std::string_view word : inputs[0]->string_row(row)) {
        if (const auto left = answer(word, words)) out.push_string(*left);
      }
      out.end_row();
    }
  }

 private:
  [[nodiscard]] std::optional<std::string_view> answer(std::string_view word,
                                                       WordMemory<WordAnswer>& memory) const {
    if (!can_be_remembered(word)) return through(steps_, word);
    const auto key = memory.key(word);
    const WordAnswer* found = memory.find(key);
    if (found == nullptr) found = &memory.keep(key, asked(word));
    if (!found->stays) return std::nullopt;
    return found->data == nullptr ? word : std::string_view(found->data, found->size);
  }

  // What is kept must outlive the word, so the word itself is not.
  [[nodiscard]] WordAnswer asked(std::string_view word) const noexcept {
    const auto left = through(steps_, word);
    if (!left) return {};
    if (left->data() == word.data() || *left == word) return {.stays = true};
    return {left->data(), static_cast<std::uint32_t>(left->size()), true};
  }

  WordMembers members_;
  std::vector<const WordStep*> steps_;
};

// --- words → ids -----------------------------------------------------------------------------------------------------

// Most words give one id or none; those that give more than these are asked again.
struct IdAnswer {
  std::array<std::int32_t, 3> ids{};
  std::uint32_t count = 0;
};

struct IdsMemory final : StepMemory {
  WordMemory<IdAnswer> words;
  std::vector<std::int32_t> row;   // of the row at hand
  std::vector<std::int32_t> word;  // of a word that is asked
};

class FusedIds final : public RememberingStep {
 public:
  explicit FusedIds(WordMembers members)
      : members_(std::move(members)),
        steps_(as_word_steps(members_)),
        tokens_(static_cast<const TokenStep&>(*members_.tokens)) {}
  [[nodiscard]] const ColumnType& type() const noexcept override { return tokens_.type(); }
  [[nodiscard]] std::unique_ptr<StepMemory> make_memory() const override {
    return std::make_unique<IdsMemory>();
  }

  using RememberingStep::apply;
  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
             FeatureScratch& scratch, StepMemory& memory) const override {
    auto& mine = static_cast<IdsMemory&>(memory);
    with_number(type().dtype, [&]<class Id>(Id) {
      for (std::size_t row = 0; row < rows; ++row) {
        mine.row.clear();
        bool valid = true;
        for (const std::string_view word : inputs[0]->string_row(row))
          valid = append(word, mine, *scratch.arena) && valid;
        if (!valid) refuse(row, mine, scratch);
        std::copy(mine.row.begin(), mine.row.end(), out.extend<Id>(mine.row.size()));
        out.end_row();
      }
    });
  }

 private:
  // Appends the word's ids to the row's; false if it is not UTF-8.
  [[nodiscard]] bool append(std::string_view word, IdsMemory& memory, Arena& arena) const {
    if (!can_be_remembered(word)) return ask(word, memory.row, arena);
    const auto key = memory.words.key(word);
    const IdAnswer* found = memory.words.find(key);
    if (found == nullptr) {
      IdAnswer answer;
      memory.word.clear();
      if (!ask(word, memory.word, arena)) return false;
      if (memory.word.size() > answer.ids.size()) {
        memory.row.insert(memory.row.end(), memory.word.begin(), memory.word.end());
        return true;
      }
      std::copy(memory.word.begin(), memory.word.end(), answer.ids.begin());
      answer.count = static_cast<std::uint32_t>(memory.word.size());
      found = &memory.words.keep(key, answer);
    }
    for (std::uint32_t i = 0; i < found->count; ++i) memory.row.push_back(found->ids[i]);
    return true;
  }

  [[nodiscard]] bool ask(std::string_view word, std::vector<std::int32_t>& ids,
                         Arena& arena) const {
    const auto left = through(steps_, word);
    return !left || tokens_.append_ids(*left, arena, ids);
  }

  void refuse(std::size_t row, IdsMemory& memory, FeatureScratch& scratch) const {
    memory.row.clear();
    refuse_not_utf8(scratch, row);
    Error& error = scratch.failures.back().error;
    error = std::move(error).at(members_.tokens_label);
  }

  WordMembers members_;
  std::vector<const WordStep*> steps_;
  const TokenStep& tokens_;
};

}  // namespace

bool cut_where_joined(const JoinWords& join, const TokenStep& tokens) {
  const std::string_view with = join.with();
  return !with.empty() &&
         std::all_of(with.begin(), with.end(), [&](char c) { return tokens.separates(c); });
}

std::unique_ptr<FeatureStep> fused_words(WordMembers members) {
  if (members.tokens != nullptr) return std::make_unique<FusedIds>(std::move(members));
  return std::make_unique<FusedWords>(std::move(members));
}

}  // namespace thalweg::feature
