// Which signature is called, and how rows become calls of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "thalweg/error.h"
#include "thalweg/model.h"

namespace thalweg {

// `wanted` empty: serving_default, else the only one there is. Errors: signature_mismatch, with those there are.
[[nodiscard]] Result<Signature> choose_signature(std::span<const Signature> signatures,
                                                 const std::string& wanted);

struct Batching {
  BatchDim dim = BatchDim::dynamic;
  std::int64_t fixed_rows = 0;  // BatchDim::fixed only
};

// `setting`: auto, dynamic, fixed or none. auto reads the signature:
//   dynamic  the first dimension of every input is unknown
//   fixed    it is the same number n in all inputs and outputs, and n is 1 or every input has more dimensions behind it
//   none     otherwise: a scalar input, a lone vector of known length
// Errors: signature_mismatch (the setting contradicts the signature).
[[nodiscard]] Result<Batching> find_batching(const Signature& signature,
                                             const std::string& setting);

// "serving_default: 'x' (float32 [?,4]) → 'y' (float32 [?])"
[[nodiscard]] std::string to_string(const Signature& signature);

}  // namespace thalweg
