// Any bytes as saved_model.pb, as the MetaGraphDef TensorFlow returns and as variables.index: an answer or an error, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/checkpoint_index.h"
#include "model/saved_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)thalweg::read_saved_model(bytes);
  (void)thalweg::read_meta_graph(bytes);
  (void)thalweg::is_whole_protobuf(bytes);
  (void)thalweg::shard_lengths(bytes);
  return 0;
}
