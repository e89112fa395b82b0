// A decoder by format and fields, and batches through it.
#pragma once

#include "decode/decoders.h"
#include "stage.h"

namespace thalweg::gate {

inline std::unique_ptr<Decoder> make_decoder(const char* format, const char* fields) {
  Registry registry;
  register_decoders(registry);
  static const Section nothing{.name = "nothing", .doc = "", .settings = {}};
  const DecoderKind* const kind = registry.decoder(format);
  return must(kind->make(
      must(read(kind->section != nullptr ? *kind->section : nothing, yaml("{}"))), yaml(fields)));
}

inline int measure_decode(const char* format, const char* fields,
                          const std::vector<std::string>& values, int rounds) {
  const auto decoder = make_decoder(format, fields);
  Batch batch;
  return measure(values.size(), rounds, [&] {
    fill(batch, values);
    decoder->decode(batch);
    if (batch.rows().count() != values.size()) fail("decode: a record was refused");
  });
}

}  // namespace thalweg::gate
