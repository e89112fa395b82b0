// What a SavedModel says of itself, read from its protobufs without TensorFlow and without libprotobuf.
//
// The files come from strangers: whatever the bytes are, reading ends with signatures or with an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/model.h"
#include "thalweg/tensor.h"

#include "model/element.h"

namespace thalweg {

// TensorFlow's numbers of element types (DataType in tensorflow/core/framework/types.proto).
enum class TfType : std::int32_t {
  invalid = 0,
  float32 = 1,
  float64 = 2,
  int32 = 3,
  uint8 = 4,
  int16 = 5,
  int8 = 6,
  string = 7,
  complex64 = 8,
  int64 = 9,
  boolean = 10,
  bfloat16 = 14,
  uint16 = 17,
  complex128 = 18,
  half = 19,
  resource = 20,
  variant = 21,
  uint32 = 22,
  uint64 = 23,
};
// "half"; numbers without a name as "type 33".
[[nodiscard]] std::string tf_type_name(TfType type);
// A reference type (TensorFlow 1's variables) is its plain type plus 100.
[[nodiscard]] TfType plain(TfType type) noexcept;
// REQUIRES a plain type. Empty: one that no column can hold.
[[nodiscard]] std::optional<Element> element_of(TfType type) noexcept;

// One input or output as the file has it.
struct TfTensorInfo {
  std::string key;  // the name in the signature
  std::string
      tensor;  // the tensor's name in the graph, "dense/BiasAdd:0"; empty: sparse or composite
  TfType type = TfType::invalid;
  Shape shape;
  bool unknown_rank = false;
};

struct TfSignature {
  std::string name;
  std::vector<TfTensorInfo> inputs;   // sorted by key
  std::vector<TfTensorInfo> outputs;  // sorted by key
};

// One graph of a SavedModel.
struct MetaGraph {
  std::vector<std::string> tags;
  std::vector<TfSignature>
      signatures;          // sorted by name; without TensorFlow's own (__saved_model_…)
  bool has_saver = false;  // it restores variables: without a variables/ folder it is half a model
};

// Errors: model_invalid.
[[nodiscard]] Result<MetaGraph> read_meta_graph(std::string_view bytes);
// The meta graphs of a saved_model.pb.
[[nodiscard]] Result<std::vector<MetaGraph>> read_saved_model(std::string_view bytes);
// The graph tagged `serve` of a version's folder (or the only one).
[[nodiscard]] Result<MetaGraph> read_serving_graph(const std::string& folder);

// The signatures that a pipeline could use, as the runtime would show them: those with dense inputs of known types. TensorFlow
// also looks for their tensors in the graph, so that it may show fewer.
[[nodiscard]] std::vector<Signature> shown_signatures(const MetaGraph& graph);

// Does the graph parse bytes itself: a tf.Example, an image, a recording? Looks for the names of such operations.
[[nodiscard]] bool parses_bytes(std::string_view saved_model);

// Is this a protobuf message from the first to the last byte, and not empty? Looks at the outermost fields only.
[[nodiscard]] bool is_whole_protobuf(std::string_view bytes);

// The bytes of a file. Errors: io_failed.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path);

}  // namespace thalweg
