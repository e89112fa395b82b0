// One pass by a table for ASCII, the steps one by one for the rest.
#include "feature/fused/fused_text.h"

#include <cassert>

#include "feature/text/utf8.h"

namespace thalweg::feature {
namespace {

constexpr unsigned char space = 0x81;  // in a table for words: a word ends here

class FusedText final : public FeatureStep {
 public:
  explicit FusedText(std::vector<TextMember> members);
  [[nodiscard]] const ColumnType& type() const noexcept override {
    return members_.back().step->type();
  }
  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
             FeatureScratch& scratch) const override;

 private:
  // What is still to be done to a text of ASCII at one of the steps, up to the first that is no table.
  struct Rest {
    bool any = false;
    bool nothing = true;  // the table changes nothing
    bool words = false;   // and then it is cut into words
    std::size_t next = 0;
    std::array<unsigned char, 128> becomes{};
  };

  [[nodiscard]] bool apply_to(std::string_view s, std::size_t row, Column& out,
                              FeatureScratch& scratch) const;
  [[nodiscard]] Rest rest_from(std::size_t member) const;
  static std::string_view rewritten(std::string_view s, const Rest& rest, Arena& arena);
  static void push_words(std::string_view s, const Rest& rest, Arena& arena, Column& out);
  void refuse(std::size_t member, std::size_t row, FeatureScratch& scratch) const;

  std::vector<TextMember> members_;
  std::vector<const TextStep*> texts_;
  const SplitOnSpace* split_ = nullptr;
  std::vector<Rest> rests_;  // one per text step
};

FusedText::FusedText(std::vector<TextMember> members) : members_(std::move(members)) {
  for (const TextMember& member : members_) {
    if (const auto* text = dynamic_cast<const TextStep*>(member.step.get())) texts_.push_back(text);
  }
  split_ = dynamic_cast<const SplitOnSpace*>(members_.back().step.get());
  assert(texts_.size() + (split_ != nullptr ? 1 : 0) == members_.size());
  for (std::size_t i = 0; i < texts_.size(); ++i) rests_.push_back(rest_from(i));
}

FusedText::Rest FusedText::rest_from(std::size_t member) const {
  Rest rest;
  const auto same = [](char c) { return static_cast<unsigned char>(c); };
  AsciiMap map = AsciiMap::from(same);
  std::size_t next = member;
  for (; next < texts_.size() && texts_[next]->ascii(); ++next)
    map = map.then(*texts_[next]->ascii());
  rest.any = next > member;
  rest.next = next;
  rest.nothing = map == AsciiMap::from(same);
  rest.words = next == texts_.size() && split_ != nullptr;
  rest.becomes = map.becomes;
  for (unsigned char& to : rest.becomes) {
    if (rest.words && to != AsciiMap::gone && is_space(to)) to = space;
  }
  return rest;
}

void FusedText::apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
                      FeatureScratch& scratch) const {
  for (std::size_t row = 0; row < rows; ++row) {
    if (!apply_to(inputs[0]->string_row(row)[0], row, out, scratch) && split_ == nullptr)
      out.push_string({});
    out.end_row();
  }
}

// Writes what becomes of `s`; false, and nothing written, if it was refused.
bool FusedText::apply_to(std::string_view s, std::size_t row, Column& out,
                         FeatureScratch& scratch) const {
  for (std::size_t at = 0; at < texts_.size();) {
    const Rest& rest = rests_[at];
    if (rest.any && is_ascii(s)) {
      if (rest.words) {
        push_words(s, rest, *scratch.arena, out);
        return true;
      }
      if (!rest.nothing) s = rewritten(s, rest, *scratch.arena);
      at = rest.next;
      continue;
    }
    const auto made = texts_[at]->text(s, *scratch.arena);
    if (!made) {
      refuse(at, row, scratch);
      return false;
    }
    s = *made;
    ++at;
  }
  if (split_ == nullptr) {
    out.push_string(s);
    return true;
  }
  const bool valid = split_->split(s, out);
  if (!valid) refuse(members_.size() - 1, row, scratch);
  return valid;
}

std::string_view FusedText::rewritten(std::string_view s, const Rest& rest, Arena& arena) {
  char* const begin = arena.allocate(s.size());
  char* to = begin;
  for (const char c : s) {
    const unsigned char becomes = rest.becomes[static_cast<unsigned char>(c)];
    *to = static_cast<char>(becomes);
    to += becomes != AsciiMap::gone ? 1 : 0;
  }
  const auto size = static_cast<std::size_t>(to - begin);
  arena.shrink(begin, size);
  return {begin, size};
}

void FusedText::push_words(std::string_view s, const Rest& rest, Arena& arena, Column& out) {
  char* const begin = arena.allocate(s.size());
  char* to = begin;
  char* word = begin;
  const auto end_word = [&] {
    if (to != word) out.push_string({word, static_cast<std::size_t>(to - word)});
    word = to;
  };
  for (const char c : s) {
    const unsigned char becomes = rest.becomes[static_cast<unsigned char>(c)];
    if (becomes < AsciiMap::gone) {
      *to++ = static_cast<char>(becomes);
    } else if (becomes == space) {
      end_word();
    }
  }
  end_word();
  arena.shrink(begin, static_cast<std::size_t>(to - begin));
}

void FusedText::refuse(std::size_t member, std::size_t row, FeatureScratch& scratch) const {
  refuse_not_utf8(scratch, row);
  Error& error = scratch.failures.back().error;
  error = std::move(error).at(members_[member].label);
}

}  // namespace

std::unique_ptr<FeatureStep> fused_text(std::vector<TextMember> members) {
  return std::make_unique<FusedText>(std::move(members));
}

}  // namespace thalweg::feature
