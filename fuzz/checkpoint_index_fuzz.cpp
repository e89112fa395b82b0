// Any bytes as the variables.index of a checkpoint: lengths, or nothing.
#include "fuzz/input.h"
#include "model/checkpoint_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)thalweg::shard_lengths(thalweg::fuzz::text_of(data, size));
  return 0;
}
