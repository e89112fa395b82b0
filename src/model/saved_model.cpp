// Reads saved_model.pb with protozero. Field numbers are those of TensorFlow's protos: saved_model.proto, meta_graph.proto,
// tensor_shape.proto. The graph itself, by far the largest part, is skipped over.
#include "model/saved_model.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <protozero/pbf_reader.hpp>

namespace thalweg {
namespace {

using protozero::pbf_reader;

constexpr std::size_t dims_max = 254;  // TensorFlow's own limit

// Field numbers together with the wire type we can read: a field that has another one is skipped like an unknown field.
constexpr auto block(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::length_delimited);
}
constexpr auto number(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::varint);
}

std::string text(const protozero::data_view& view) {
  return {view.data(), view.size()};
}

void read_shape(pbf_reader shape, TfTensorInfo& info) {
  while (shape.next()) {
    if (shape.tag_and_type() == block(2)) {  // dim
      std::int64_t size = 0;
      pbf_reader dim = shape.get_message();
      while (dim.next()) {
        if (dim.tag_and_type() == number(1)) {
          size = dim.get_int64();
        } else {
          dim.skip();
        }
      }
      if (info.shape.dims.size() < dims_max)
        info.shape.dims.push_back(size < 0 ? Shape::unknown : size);
    } else if (shape.tag_and_type() == number(3)) {
      info.unknown_rank = shape.get_bool();
    } else {
      shape.skip();
    }
  }
}

void read_tensor_info(pbf_reader message, TfTensorInfo& info) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case block(1): info.tensor = text(message.get_view()); break;
      case number(2): info.type = static_cast<TfType>(message.get_enum()); break;
      case block(3): read_shape(message.get_message(), info); break;
      default: message.skip();
    }
  }
  if (info.unknown_rank) info.shape.dims.clear();
}

// One entry of map<string, TensorInfo>.
TfTensorInfo read_tensor_entry(pbf_reader entry) {
  TfTensorInfo info;
  while (entry.next()) {
    if (entry.tag_and_type() == block(1)) {
      info.key = text(entry.get_view());
    } else if (entry.tag_and_type() == block(2)) {
      read_tensor_info(entry.get_message(), info);
    } else {
      entry.skip();
    }
  }
  return info;
}

void sort_by_key(std::vector<TfTensorInfo>& infos) {
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
}

// One entry of map<string, SignatureDef>.
TfSignature read_signature_entry(pbf_reader entry) {
  TfSignature signature;
  while (entry.next()) {
    if (entry.tag_and_type() == block(1)) {
      signature.name = text(entry.get_view());
      continue;
    }
    if (entry.tag_and_type() != block(2)) {
      entry.skip();
      continue;
    }
    pbf_reader definition = entry.get_message();
    while (definition.next()) {
      switch (definition.tag_and_type()) {
        case block(1):
          signature.inputs.push_back(read_tensor_entry(definition.get_message()));
          break;
        case block(2):
          signature.outputs.push_back(read_tensor_entry(definition.get_message()));
          break;
        default: definition.skip();
      }
    }
  }
  sort_by_key(signature.inputs);
  sort_by_key(signature.outputs);
  return signature;
}

void read_tags(pbf_reader meta_info, MetaGraph& graph) {
  while (meta_info.next()) {
    if (meta_info.tag_and_type() == block(4)) {
      graph.tags.push_back(text(meta_info.get_view()));
    } else {
      meta_info.skip();
    }
  }
}

MetaGraph read_meta_graph(pbf_reader message) {
  MetaGraph graph;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case block(1): read_tags(message.get_message(), graph); break;
      case block(3): graph.has_saver = message.get_view().size() > 0; break;
      case block(5): {
        TfSignature signature = read_signature_entry(message.get_message());
        if (!signature.name.starts_with("__saved_model_"))
          graph.signatures.push_back(std::move(signature));
        break;
      }
      default: message.skip();
    }
  }
  std::sort(graph.signatures.begin(), graph.signatures.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return graph;
}

Error not_a_model(const char* what) {
  return {Code::model_invalid,
          std::string("expected a SavedModel (saved_model.pb); got bytes that are not one (") +
              what + "); it may be cut off or another kind of file: copy it again"};
}

// protozero throws on malformed input; nothing leaves this file as an exception.
template <class F>
auto guarded(F read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const protozero::exception& e) {
    return not_a_model(e.what());
  }
}

}  // namespace

std::string tf_type_name(TfType type) {
  static constexpr std::array<std::pair<TfType, const char*>, 19> names{{
      {TfType::invalid, "unknown"},
      {TfType::float32, "float32"},
      {TfType::float64, "float64"},
      {TfType::int32, "int32"},
      {TfType::uint8, "uint8"},
      {TfType::int16, "int16"},
      {TfType::int8, "int8"},
      {TfType::string, "string"},
      {TfType::complex64, "complex64"},
      {TfType::int64, "int64"},
      {TfType::boolean, "bool"},
      {TfType::bfloat16, "bfloat16"},
      {TfType::uint16, "uint16"},
      {TfType::half, "float16"},
      {TfType::resource, "resource"},
      {TfType::variant, "variant"},
      {TfType::uint32, "uint32"},
      {TfType::uint64, "uint64"},
      {TfType::complex128, "complex128"},
  }};
  for (const auto& [known, name] : names) {
    if (known == type) return name;
  }
  return "type " + std::to_string(static_cast<int>(type));
}

TfType plain(TfType type) noexcept {
  const auto number = static_cast<int>(type);
  return static_cast<TfType>(number > 100 ? number - 100 : number);
}

std::optional<Element> element_of(TfType type) noexcept {
  switch (type) {
    case TfType::float32: return Element::float32;
    case TfType::float64: return Element::float64;
    case TfType::int32: return Element::int32;
    case TfType::int64: return Element::int64;
    case TfType::uint8: return Element::uint8;
    case TfType::boolean: return Element::boolean;
    case TfType::string: return Element::string;
    case TfType::half: return Element::half;
    case TfType::bfloat16: return Element::bfloat16;
    case TfType::int8: return Element::int8;
    case TfType::int16: return Element::int16;
    case TfType::uint16: return Element::uint16;
    case TfType::uint32: return Element::uint32;
    default: return std::nullopt;
  }
}

std::vector<Signature> shown_signatures(const MetaGraph& graph) {
  std::vector<Signature> all;
  const auto shown = [](const TfTensorInfo& info) -> std::optional<TensorSpec> {
    const auto element = element_of(plain(info.type));
    if (info.tensor.empty() || !element) return std::nullopt;
    return TensorSpec{info.key, shown_as(*element), info.shape, info.unknown_rank};
  };
  for (const TfSignature& described : graph.signatures) {
    Signature signature{described.name, {}, {}};
    for (const TfTensorInfo& info : described.inputs) {
      if (auto spec = shown(info)) signature.inputs.push_back(std::move(*spec));
    }
    for (const TfTensorInfo& info : described.outputs) {
      if (auto spec = shown(info)) signature.outputs.push_back(std::move(*spec));
    }
    if (signature.inputs.size() == described.inputs.size() && !signature.outputs.empty())
      all.push_back(std::move(signature));
  }
  return all;
}

bool parses_bytes(std::string_view saved_model) {
  static constexpr std::array<std::string_view, 9> operations{
      "DecodeImage", "DecodeJpeg",         "DecodePng",   "DecodeWav",   "DecodeRaw",
      "DecodeProto", "ParseSingleExample", "ParseTensor", "ParseExample"};
  return std::any_of(operations.begin(), operations.end(), [&](std::string_view operation) {
    return saved_model.find(operation) != std::string_view::npos;
  });
}

Result<MetaGraph> read_meta_graph(std::string_view bytes) {
  return guarded([&] { return read_meta_graph(pbf_reader(bytes.data(), bytes.size())); });
}

Result<std::vector<MetaGraph>> read_saved_model(std::string_view bytes) {
  auto graphs = guarded([&] {
    std::vector<MetaGraph> found;
    pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) {
      if (message.tag_and_type() == block(2)) {
        found.push_back(read_meta_graph(message.get_message()));
      } else {
        message.skip();
      }
    }
    return found;
  });
  if (graphs.ok() && graphs->empty()) return not_a_model("no graph in it");
  return graphs;
}

Result<MetaGraph> read_serving_graph(const std::string& folder) {
  auto bytes = read_whole_file(folder + "/saved_model.pb");
  if (!bytes) return std::move(bytes).error();
  auto graphs = read_saved_model(*bytes);
  if (!graphs) return std::move(graphs).error();
  for (MetaGraph& graph : *graphs) {
    if (std::find(graph.tags.begin(), graph.tags.end(), "serve") != graph.tags.end())
      return std::move(graph);
  }
  return Error(Code::model_invalid,
               "expected a graph tagged 'serve' in saved_model.pb; found none; export the model "
               "for serving");
}

bool is_whole_protobuf(std::string_view bytes) {
  if (bytes.empty()) return false;
  try {
    pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) message.skip();
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

Result<std::string> read_whole_file(const std::string& path) {
  const auto failed = [&](const std::string& why) {
    return Error(Code::io_failed, "expected to read the file '" + path + "'; got: " + why);
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return failed("it is a folder");
  const auto size = std::filesystem::file_size(path, error);
  if (error) return failed(error.message());
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file) return failed(std::strerror(errno));
  return bytes;
}

}  // namespace thalweg
