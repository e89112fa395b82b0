// `format: json`: declared members of a JSON value become typed columns. json_values.h says what fits what.
#pragma once

#include "thalweg/registry.h"

namespace thalweg::decode {

[[nodiscard]] DecoderKind json_decoder_kind();

}  // namespace thalweg::decode
