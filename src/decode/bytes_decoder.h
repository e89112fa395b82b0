// `format: bytes` and `format: text`: the value as one string, without a copy. bytes takes anything (a JPEG, a tf.Example); text must be
// UTF-8.
#pragma once

#include "thalweg/registry.h"

namespace thalweg::decode {

[[nodiscard]] DecoderKind bytes_decoder_kind();
[[nodiscard]] DecoderKind text_decoder_kind();

}  // namespace thalweg::decode
