// See decoders.h.
#include "decode/decoders.h"

#include "decode/bytes_decoder.h"
#include "decode/json_decoder.h"
#include "decode/raw_tensor_decoder.h"

namespace thalweg {

void register_decoders(Registry& registry) {
  registry.add(decode::json_decoder_kind());
  registry.add(decode::bytes_decoder_kind());
  registry.add(decode::text_decoder_kind());
  registry.add(decode::raw_tensor_decoder_kind());
}

}  // namespace thalweg
