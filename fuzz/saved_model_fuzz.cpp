// Any bytes as saved_model.pb and as the MetaGraphDef TensorFlow returns: signatures or an error, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/saved_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)thalweg::read_saved_model(bytes);
  (void)thalweg::read_meta_graph(bytes);
  (void)thalweg::is_whole_protobuf(bytes);
  return 0;
}
