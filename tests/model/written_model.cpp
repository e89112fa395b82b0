#include "model/written_model.h"

#include <protozero/pbf_writer.hpp>

namespace thalweg {
namespace {

using protozero::pbf_writer;

void add_type(pbf_writer& node, const char* key, TfType type) {
  pbf_writer entry(node, 5);
  entry.add_string(1, key);
  pbf_writer value(entry, 2);
  value.add_enum(6, static_cast<int>(type));
}

void add_node(pbf_writer& graph, const char* name, const char* op, const char* input,
              const char* key, TfType type) {
  pbf_writer node(graph, 1);
  node.add_string(1, name);
  node.add_string(2, op);
  if (input != nullptr) node.add_string(3, input);
  add_type(node, key, type);
}

void add_info(pbf_writer& definition, int field, const char* key, const std::string& tensor,
              TfType type, bool sparse) {
  pbf_writer entry(definition, static_cast<protozero::pbf_tag_type>(field));
  entry.add_string(1, key);
  pbf_writer info(entry, 2);
  if (sparse) {
    pbf_writer coo(info, 4);
    coo.add_string(1, tensor);
  } else {
    info.add_string(1, tensor);
  }
  info.add_enum(2, static_cast<int>(type));
  pbf_writer shape(info, 3);
  pbf_writer dim(shape, 2);
  dim.add_int64(1, -1);
}

}  // namespace

std::string write_saved_model(const WrittenModel& model) {
  std::string bytes;
  pbf_writer file(bytes);
  file.add_int64(1, 1);
  pbf_writer meta(file, 2);
  {
    pbf_writer info(meta, 1);
    info.add_string(4, model.tag);
  }
  {
    pbf_writer graph(meta, 2);
    add_node(graph, "x", "Placeholder", nullptr, "dtype", model.type);
    add_node(graph, "y", "Identity", "x", "T", model.type);
    pbf_writer versions(graph, 4);
    versions.add_int32(1, 1000);
  }
  pbf_writer entry(meta, 5);
  entry.add_string(1, model.signature);
  pbf_writer definition(entry, 2);
  add_info(definition, 1, "x", model.input_tensor, model.type, model.sparse_input);
  add_info(definition, 2, "y", "y:0", model.type, false);
  return bytes;
}

std::string write_onnx(int type) {
  std::string bytes;
  pbf_writer file(bytes);
  file.add_int64(1, 8);  // the version of the format
  {
    pbf_writer graph(file, 7);
    {
      pbf_writer node(graph, 1);
      node.add_string(1, "x");
      node.add_string(2, "y");
      node.add_string(4, "Identity");
    }
    graph.add_string(2, "graph");
    for (const auto& [field, name] : {std::pair{11U, "x"}, std::pair{12U, "y"}}) {
      pbf_writer info(graph, field);
      info.add_string(1, name);
      pbf_writer value(info, 2);
      pbf_writer tensor(value, 1);
      tensor.add_int32(1, type);
      pbf_writer shape(tensor, 2);
      pbf_writer dim(shape, 1);
      dim.add_string(2, "rows");
    }
  }
  pbf_writer opset(file, 8);
  opset.add_int64(2, 13);
  return bytes;
}

}  // namespace thalweg
