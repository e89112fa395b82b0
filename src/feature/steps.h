// The built-in feature steps, one line each: this list declares them and registers them.
//
// To add one: a .cpp beside its like that defines `FeatureStepKind name()`, its line here, a test, a golden of the operation
// it equals.
#pragma once

#include "thalweg/registry.h"

// Underscores behind a name keep it apart from a C++ word or a function of the C library.
#define THALWEG_FEATURE_STEPS(X) \
  /* numbers */                  \
  X(standardise)                 \
  X(min_max)                     \
  X(log1p_)                      \
  X(clip)                        \
  X(rescale)                     \
  X(fill_nan)                    \
  X(bucketize)                   \
  X(cast)                        \
  /* categories */               \
  X(vocabulary)                  \
  X(hash_buckets)                \
  X(one_hot)                     \
  X(multi_hot)                   \
  X(count)                       \
  /* text */                     \
  X(lower_case)                  \
  X(remove_emoji)                \
  X(remove_digits)               \
  X(remove_punctuation)          \
  X(replace_non_word)            \
  X(remove_)                     \
  X(replace)                     \
  X(split)                       \
  X(join)                        \
  X(remove_words)                \
  X(min_length)                  \
  X(lemmatise)                   \
  X(keras_tokens)                \
  X(text_vectorization)          \
  /* shape */                    \
  X(const_)                      \
  X(stack)                       \
  X(pad)                         \
  X(mask)

namespace thalweg::feature::steps {

#define THALWEG_DECLARE_FEATURE_STEP(name) [[nodiscard]] FeatureStepKind name();
THALWEG_FEATURE_STEPS(THALWEG_DECLARE_FEATURE_STEP)
#undef THALWEG_DECLARE_FEATURE_STEP

}  // namespace thalweg::feature::steps
