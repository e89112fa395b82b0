// Any bytes as the manifest.json of a model's version: it is refused, or written again it reads back the same, and names no file outside of its folder.
#include "fuzz/input.h"
#include "model/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using fuzz::require;
  const auto manifest = parse_manifest(std::string(fuzz::text_of(data, size)), "v/manifest.json");
  if (!manifest) {
    require(manifest.error().code() == Code::model_invalid);
    return 0;
  }
  for (const ManifestFile& file : manifest->files) {
    const auto path = std::filesystem::path("/v") / file.path;
    require(path.lexically_normal().string().starts_with("/v"));
  }
  const std::string json = to_json(*manifest);
  const auto again = parse_manifest(json, "again");
  require(again.ok());
  require(to_json(*again) == json);
  require(again->files.size() == manifest->files.size());
  require(again->signature.inputs == manifest->signature.inputs);
  return 0;
}
