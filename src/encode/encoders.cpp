// See encoders.h.
#include "encode/encoders.h"

#include "encode/json_encoder.h"
#include "encode/raw_encoder.h"
#include "encode/text_encoder.h"

namespace thalweg {

void register_encoders(Registry& registry) {
  registry.add(encode::json_encoder_kind());
  registry.add(encode::raw_encoder_kind());
  registry.add(encode::text_encoder_kind());
  registry.add(encode::bytes_encoder_kind());
}

}  // namespace thalweg
