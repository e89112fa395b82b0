// `format: json` of an output. json_template.h says what `value:` may be.
#pragma once

#include "thalweg/registry.h"

namespace thalweg::encode {

[[nodiscard]] EncoderKind json_encoder_kind();

}  // namespace thalweg::encode
