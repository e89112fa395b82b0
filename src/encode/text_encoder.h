// `format: text` and `format: bytes` of an output, and the keys of outputs: one reference as it is. A string is not copied; a number is
// written as text.
#pragma once

#include "thalweg/registry.h"

namespace thalweg::encode {

[[nodiscard]] EncoderKind text_encoder_kind();
[[nodiscard]] EncoderKind bytes_encoder_kind();

}  // namespace thalweg::encode
