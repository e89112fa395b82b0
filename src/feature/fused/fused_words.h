// Neighbouring word steps as one, with a memory of what became of each word: stop words, lemmas, ids.
//
// Two forms:
//
//   words → words   lemmatise, remove_words, min_length, …
//   words → ids     the same, then join and a tokenizer: the text between them is never made. It would be cut where it was joined,
//                   so each word gives the ids that it gives there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/support/text_parts.h"

namespace thalweg::feature {

// Steps that are run one after the other on each word: all are WordSteps; `join` and `tokens` are both there or both null.
struct WordMembers {
  std::vector<std::unique_ptr<FeatureStep>> words;
  std::unique_ptr<FeatureStep> join;
  std::unique_ptr<FeatureStep> tokens;
  std::string tokens_label;  // for the errors of rows
};

// Would the tokenizer cut everywhere the join has put something, and does how it reads a word depend on that word alone?
[[nodiscard]] bool cut_where_joined(const JoinWords& join, const TokenStep& tokens);

// The step puts the label before its errors itself.
[[nodiscard]] std::unique_ptr<FeatureStep> fused_words(WordMembers members);

}  // namespace thalweg::feature
