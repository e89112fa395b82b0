#include "model/files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "model/checkpoint_index.h"
#include "model/saved_model.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using Kind = ModelFile::Kind;

struct Ending {
  const char* text;
  Kind kind;
};
constexpr std::array<Ending, 3> endings{
    {{".onnx", Kind::onnx}, {".tflite", Kind::tflite}, {".xml", Kind::openvino_ir}}};

Error half(const std::string& where, const std::string& got) {
  return {Code::model_invalid, where + ": expected a complete model; got " + got +
                                   "; it is half copied: copy it again, or wait until it is there"};
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// TensorFlow's checkpoint index is a table that ends in this number (tensorflow/core/lib/io/format.h).
bool index_is_whole(const fs::path& index) {
  constexpr std::array<unsigned char, 8> magic{0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};
  std::array<char, 8> tail{};
  std::ifstream file(index, std::ios::binary);
  file.seekg(-8, std::ios::end);
  file.read(tail.data(), tail.size());
  return file && std::equal(tail.begin(), tail.end(), magic.begin(), [](char a, unsigned char b) {
           return static_cast<unsigned char>(a) == b;
         });
}

// variables.data-00001-of-00003: every one of the three must be there, as long as the index says.
Status check_shards(const fs::path& variables, const ShardLengths& lengths) {
  constexpr std::string_view stem = "variables.data-";
  std::error_code error;
  std::size_t there = 0;
  std::size_t expected = 0;
  for (const auto& entry : fs::directory_iterator(variables, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(stem) || name.size() != stem.size() + 14) continue;
    ++there;
    expected = std::strtoul(name.c_str() + name.size() - 5, nullptr, 10);
    const auto needed = lengths.find(std::strtoul(name.c_str() + stem.size(), nullptr, 10));
    const auto size = fs::file_size(entry.path(), error);
    if (needed == lengths.end() || error || size >= needed->second) continue;
    return half(variables.string(),
                fmt::format("a cut-off {} ({} of {} bytes)", name, size, needed->second));
  }
  if (there == 0) return half(variables.string(), "variables.index without variables.data-…");
  if (there < expected) {
    return half(variables.string(), std::to_string(there) + " of " + std::to_string(expected) +
                                        " files variables.data-…");
  }
  return {};
}

Status check_variables(const fs::path& folder, bool needed) {
  const fs::path variables = folder / "variables";
  std::error_code error;
  if (!fs::is_directory(variables, error)) {
    if (needed) return half(folder.string(), "saved_model.pb without its folder variables/");
    return {};
  }
  if (!is_file(variables / "variables.index")) {
    if (needed || !fs::is_empty(variables, error))
      return half(variables.string(), "no variables.index");
    return {};
  }
  if (!index_is_whole(variables / "variables.index"))
    return half(variables.string(), "a cut-off variables.index");
  auto index = read_whole_file((variables / "variables.index").string());
  if (!index) return std::move(index).error();
  return check_shards(variables, shard_lengths(*index).value_or(ShardLengths()));
}

Status check_saved_model(const fs::path& folder) {
  auto bytes = read_whole_file((folder / "saved_model.pb").string());
  if (!bytes) return std::move(bytes).error();
  if (bytes->empty()) return half(folder.string(), "a saved_model.pb of 0 bytes");
  const auto graphs = read_saved_model(*bytes);
  if (!graphs) return Error(graphs.error()).at(folder.string());
  const bool needed =
      std::any_of(graphs->begin(), graphs->end(), [](const MetaGraph& g) { return g.has_saver; });
  return check_variables(folder, needed);
}

Status check_file(const ModelFile& file) {
  std::error_code error;
  if (fs::file_size(file.path, error) == 0 || error) return half(file.path, "a file of 0 bytes");
  if (file.kind == Kind::onnx) {
    auto bytes = read_whole_file(file.path);
    if (!bytes) return std::move(bytes).error();
    if (!is_whole_protobuf(*bytes))
      return half(file.path, "a cut-off ONNX file, or another kind of file");
  }
  if (file.kind == Kind::openvino_ir && !is_file(fs::path(file.path).replace_extension(".bin"))) {
    return half(file.path, "an .xml without its .bin");
  }
  return {};
}

}  // namespace

std::optional<ModelFile> model_file(const std::string& path) {
  const fs::path given(path);
  std::error_code error;
  if (!fs::is_directory(given, error)) {
    if (!is_file(given)) return std::nullopt;
    for (const Ending& ending : endings) {
      if (given.extension() == ending.text) return ModelFile{ending.kind, path};
    }
    return std::nullopt;
  }
  if (is_file(given / "saved_model.pb"))
    return ModelFile{Kind::saved_model, (given / "saved_model.pb").string()};
  if (is_file(given / "saved_model.pbtxt")) {
    return ModelFile{Kind::saved_model_text, (given / "saved_model.pbtxt").string()};
  }
  for (const Ending& ending : endings) {
    std::vector<fs::path> found;
    for (const fs::path& file : entries_of(path)) {
      if (file.extension() == ending.text && is_file(file)) found.push_back(file);
    }
    const fs::path usual = given / (std::string("model") + ending.text);
    if (is_file(usual)) return ModelFile{ending.kind, usual.string()};
    if (found.size() == 1) return ModelFile{ending.kind, found.front().string()};
  }
  return std::nullopt;
}

Status check_complete(const std::string& path) {
  const auto file = model_file(path);
  if (!file) {
    std::error_code error;
    if (fs::is_directory(fs::path(path) / "variables", error)) {
      return half(path, "variables/ without saved_model.pb");
    }
    return Error(Code::model_missing,
                 path + ": expected saved_model.pb, an .onnx, .tflite or .xml file; got none");
  }
  if (file->kind == Kind::saved_model) return check_saved_model(fs::path(path));
  return check_file(*file);
}

// Step by step: the iterator of a range-for throws where a folder goes away under it.
void each_file(const std::string& path, const std::function<void(const fs::path& file)>& see) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) see(path);
  fs::recursive_directory_iterator at(path, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    if (is_file(at->path())) see(at->path());
    at.increment(error);
  }
}

std::vector<fs::path> entries_of(const std::string& folder) {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error))
    all.push_back(at->path());
  return all;
}

std::string fingerprint(const std::string& path) {
  std::error_code error;
  std::vector<std::string> lines;
  each_file(path, [&](const fs::path& file) {
    const auto time = fs::last_write_time(file, error).time_since_epoch().count();
    lines.push_back(file.string() + " " + std::to_string(fs::file_size(file, error)) + " " +
                    std::to_string(time));
  });
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

}  // namespace thalweg
