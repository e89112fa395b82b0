#include "model/manifest.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <openssl/evp.h>

#include <fmt/format.h>

#include "config/json_text.h"
#include "config/yaml_reader.h"
#include "feature/content_hash.h"
#include "model/files.h"
#include "model/saved_model.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using config::json_string;

Error bad(const std::string& where, const std::string& got) {
  return {Code::model_invalid,
          where + ": expected a manifest as `thalweg model publish` writes it; got " + got +
              "; publish the version again"};
}

Error differs(const std::string& folder, const std::string& file, const std::string& got) {
  return {Code::model_invalid, fmt::format("{}: expected what {} lists; got {} {}; it is half "
                                           "copied, or was changed: copy it again",
                                           folder, manifest_name, file, got)};
}

std::string text_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node != nullptr && node->is_scalar() ? node->text() : std::string();
}

// A path of the list must stay in the folder, whoever wrote the list.
bool stays_inside(const std::string& path) {
  const fs::path p(path);
  if (path.empty() || p.is_absolute()) return false;
  return std::none_of(p.begin(), p.end(), [](const fs::path& part) { return part == ".."; });
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<ManifestFile> parse_file(const Node& node, const std::string& where) {
  ManifestFile file;
  file.path = text_of(node, "path");
  file.sha256 = text_of(node, "sha256");
  const Node* bytes = node.find("bytes");
  const std::int64_t length = bytes == nullptr ? -1 : bytes->as_integer().value_or(-1);
  if (!stays_inside(file.path)) return bad(where, "a file '" + file.path + "', which lies outside");
  if (length < 0 || !is_sha256(file.sha256))
    return bad(where, "no `bytes` or `sha256` of '" + file.path + "'");
  file.bytes = static_cast<std::uint64_t>(length);
  return file;
}

Result<std::vector<TensorSpec>> parse_specs(const Node* list, const std::string& where) {
  std::vector<TensorSpec> specs;
  if (list == nullptr) return specs;
  for (const Node& item : list->items()) {
    TensorSpec spec;
    spec.name = text_of(item, "name");
    const auto dtype = dtype_from(text_of(item, "dtype"));
    const Node* shape = item.find("shape");
    if (!dtype || shape == nullptr) return bad(where, "a tensor without dtype or shape");
    spec.dtype = *dtype;
    spec.unknown_rank = shape->is_null();
    for (const Node& dim : shape->items()) {
      const auto number = dim.as_integer();
      if (!number) return bad(where, "a shape that is no list of numbers");
      spec.shape.dims.push_back(*number);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::string specs_json(const std::vector<TensorSpec>& specs) {
  std::string json;
  for (const TensorSpec& spec : specs) {
    json += fmt::format(
        "{}{{\"name\": {}, \"dtype\": \"{}\", \"shape\": {}}}", json.empty() ? "" : ", ",
        json_string(spec.name), to_string(spec.dtype),
        spec.unknown_rank ? "null" : fmt::format("[{}]", fmt::join(spec.shape.dims, ", ")));
  }
  return "[" + json + "]";
}

Status parse_signature(const Node& root, const std::string& where, Signature& signature) {
  const Node* node = root.find("signature");
  if (node == nullptr || !node->is_map()) return {};
  signature.name = text_of(*node, "name");
  auto inputs = parse_specs(node->find("inputs"), where);
  if (!inputs) return std::move(inputs).error();
  auto outputs = parse_specs(node->find("outputs"), where);
  if (!outputs) return std::move(outputs).error();
  signature.inputs = std::move(*inputs);
  signature.outputs = std::move(*outputs);
  return {};
}

Status parse_golden(const Node& root, const std::string& where, Manifest& manifest) {
  manifest.baseline = text_of(root, "baseline");
  if (!manifest.baseline.empty() && !stays_inside(manifest.baseline))
    return bad(where, "a baseline outside of the folder");
  const Node* golden = root.find("golden");
  if (golden == nullptr || golden->is_null()) return {};
  manifest.golden = golden->is_map() ? text_of(*golden, "path") : golden->text();
  if (!stays_inside(manifest.golden)) return bad(where, "golden rows outside of the folder");
  if (const Node* tolerance = golden->find("tolerance"); tolerance != nullptr)
    manifest.golden_tolerance = tolerance->as_number().value_or(manifest.golden_tolerance);
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(const std::string& text, const std::string& where) {
  YamlOptions options;  // JSON is YAML, and here nobody counts microseconds
  options.name = where;
  options.expand = false;
  auto root = read_yaml(text, options);
  if (!root || !root->is_map()) return bad(where, "something else");
  Manifest manifest;
  manifest.sha256 = feature::sha256_hex(text);
  const Node* format = root->find("format");
  if (format == nullptr || format->as_integer() != 1) return bad(where, "no `format` 1");
  if (const Node* version = root->find("version"); version != nullptr)
    manifest.version = version->as_integer().value_or(-1);
  manifest.runtime = text_of(*root, "runtime");
  manifest.created = text_of(*root, "created");
  manifest.features_sha256 = text_of(*root, "features_sha256");
  const Node* files = root->find("files");
  if (files == nullptr || files->items().empty()) return bad(where, "no `files`");
  for (const Node& node : files->items()) {
    auto file = parse_file(node, where);
    if (!file) return std::move(file).error();
    manifest.files.push_back(std::move(*file));
  }
  if (Status status = parse_signature(*root, where, manifest.signature); !status.ok())
    return std::move(status).error();
  if (Status status = parse_golden(*root, where, manifest); !status.ok())
    return std::move(status).error();
  return manifest;
}

Result<std::shared_ptr<const Manifest>> read_manifest(const std::string& folder) {
  const fs::path file = fs::path(folder) / manifest_name;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::shared_ptr<const Manifest>();
  auto text = read_whole_file(file.string());
  if (!text) return std::move(text).error();
  auto manifest = parse_manifest(*text, file.string());
  if (!manifest) return std::move(manifest).error();
  return std::shared_ptr<const Manifest>(std::make_shared<Manifest>(std::move(*manifest)));
}

std::string to_json(const Manifest& manifest) {
  std::string json = "{\n  \"format\": 1,\n";
  if (manifest.version >= 0) json += fmt::format("  \"version\": {},\n", manifest.version);
  if (!manifest.created.empty())
    json += fmt::format("  \"created\": {},\n", json_string(manifest.created));
  if (!manifest.runtime.empty())
    json += fmt::format("  \"runtime\": {},\n", json_string(manifest.runtime));
  if (!manifest.signature.inputs.empty() || !manifest.signature.outputs.empty()) {
    json += fmt::format("  \"signature\": {{\"name\": {}, \"inputs\": {}, \"outputs\": {}}},\n",
                        json_string(manifest.signature.name), specs_json(manifest.signature.inputs),
                        specs_json(manifest.signature.outputs));
  }
  if (!manifest.golden.empty()) {
    json += fmt::format("  \"golden\": {{\"path\": {}, \"tolerance\": {}}},\n",
                        json_string(manifest.golden), manifest.golden_tolerance);
  }
  if (!manifest.baseline.empty())
    json += fmt::format("  \"baseline\": {},\n", json_string(manifest.baseline));
  if (!manifest.features_sha256.empty())
    json += fmt::format("  \"features_sha256\": {},\n", json_string(manifest.features_sha256));
  json += "  \"files\": [";
  for (const ManifestFile& file : manifest.files) {
    json += fmt::format("{}\n    {{\"path\": {}, \"bytes\": {}, \"sha256\": \"{}\"}}",
                        &file == &manifest.files.front() ? "" : ",", json_string(file.path),
                        file.bytes, file.sha256);
  }
  return json + "\n  ]\n}\n";
}

Status check_sizes(const std::string& folder, const Manifest& manifest) {
  for (const ManifestFile& file : manifest.files) {
    std::error_code error;
    const auto bytes = fs::file_size(fs::path(folder) / file.path, error);
    if (error) return differs(folder, file.path, "missing");
    if (bytes != file.bytes)
      return differs(folder, file.path, fmt::format("with {} of {} bytes", bytes, file.bytes));
  }
  return {};
}

Status check_hashes(const std::string& folder, const Manifest& manifest) {
  if (Status sizes = check_sizes(folder, manifest); !sizes.ok()) return sizes;
  for (const ManifestFile& file : manifest.files) {
    auto hash = sha256_of_file((fs::path(folder) / file.path).string());
    if (!hash) return std::move(hash).error();
    if (*hash != file.sha256) return differs(folder, file.path, "with other content");
  }
  return {};
}

Status check_signature(const Manifest& manifest, const std::string& runtime,
                       const Signature& signature) {
  const Signature& said = manifest.signature;
  if (said.inputs.empty() && said.outputs.empty()) return {};
  // The pipeline may choose another of the model's signatures, or another runtime, which may see types its own way.
  if (!said.name.empty() && said.name != signature.name) return {};
  if (!manifest.runtime.empty() && manifest.runtime != runtime) return {};
  if (said.inputs == signature.inputs && said.outputs == signature.outputs) return {};
  return Error(
      Code::signature_mismatch,
      fmt::format("expected the signature that {} names: inputs {}, outputs {}; got inputs "
                  "{}, outputs {}; publish the version again",
                  manifest_name, specs_json(said.inputs), specs_json(said.outputs),
                  specs_json(signature.inputs), specs_json(signature.outputs)));
}

Result<std::string> sha256_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  bool fine = file.is_open() && context != nullptr &&
              EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> buffer(std::size_t{1} << 18);
  while (fine && !file.eof()) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    fine = !file.bad() && EVP_DigestUpdate(context.get(), buffer.data(),
                                           static_cast<std::size_t>(file.gcount())) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!fine || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) {
    return Error(
        Code::io_failed,
        path + ": expected to read the file; it failed; check that it is there and readable");
  }
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Result<std::vector<ManifestFile>> list_files(const std::string& folder) {
  std::vector<ManifestFile> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(
           folder, fs::directory_options::follow_directory_symlink, error)) {
    if (!entry.is_regular_file(error)) continue;
    ManifestFile file;
    file.path = entry.path().lexically_relative(folder).generic_string();
    if (file.path == manifest_name) continue;
    file.bytes = entry.file_size(error);
    auto hash = sha256_of_file(entry.path().string());
    if (!hash) return std::move(hash).error();
    file.sha256 = std::move(*hash);
    files.push_back(std::move(file));
  }
  if (error) {
    return Error(Code::io_failed,
                 folder + ": expected to read the folder; got: " + error.message());
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

}  // namespace thalweg
