// `format: raw`: the value is the numbers themselves, little-endian and dense, as numpy's tobytes() writes them: one field, or
// several one behind the other in the order declared. The last may be of any length.
#pragma once

#include "thalweg/registry.h"

namespace thalweg::decode {

[[nodiscard]] DecoderKind raw_tensor_decoder_kind();

}  // namespace thalweg::decode
