// `format: raw` of an output: the numbers of a column (or of several, one behind the other) as dense little-endian bytes, as numpy's
// frombuffer() reads them.
#pragma once

#include "thalweg/registry.h"

namespace thalweg::encode {

[[nodiscard]] EncoderKind raw_encoder_kind();

}  // namespace thalweg::encode
