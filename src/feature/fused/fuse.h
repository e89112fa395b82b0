// Puts neighbouring text steps of a bound program together, where nobody else reads what is between them.
//
//   remove_emoji, remove, replace_non_word, remove_digits, lower_case, split        → one step (fused_text.h)
//   lemmatise, remove_words, min_length, join, keras_tokens                         → one step (fused_words.h)
//
// What the program computes, refuses and says about it stays the same; only the time changes.
#pragma once

#include <vector>

#include "feature/binder.h"

namespace thalweg::feature {

// `sources`: what the program's outputs are made of; their indexes are changed with those of the steps.
void fuse(std::vector<BoundStep>& steps, std::vector<Operand>& sources);

}  // namespace thalweg::feature
