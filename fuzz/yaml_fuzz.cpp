// Any bytes as a pipeline file: no crash, no hang, and whatever is accepted has a JSON text that reads back as the same tree.
//
// `${file:…}` is left out: it would read whatever file the fuzzer names.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/expand.h"
#include "config/pipeline.h"
#include "config/yaml_reader.h"

namespace {

void require(bool claim) {
  if (!claim) std::abort();
}

// YAML allows 1024 characters for a key on one line, and an escaped one has six for each.
bool has_long_key(const thalweg::Node& node) {
  for (const thalweg::Node& item : node.items()) {
    if (has_long_key(item)) return true;
  }
  for (const auto& [key, value] : node.entries()) {
    if (key.size() > 1000 / 6 || has_long_key(value)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  thalweg::YamlOptions options;
  options.name = "fuzz.yaml";
  options.expand = text.find("file:") == std::string_view::npos;
  options.environment = [](const std::string& name) {
    return name.size() % 2 == 0 ? std::optional<std::string>("value of " + name) : std::nullopt;
  };
  auto node = thalweg::read_yaml(text, options);
  if (!node) {
    require(node.error().message().starts_with("fuzz.yaml"));
    return 0;
  }
  const std::string json = node->to_json();
  options.expand = false;
  auto again = thalweg::read_yaml(json, options);
  require(has_long_key(*node) || (again.ok() && again->to_json() == json));
  (void)node->to_json_redacted();
  (void)thalweg::read_pipeline_node(*node, {{"batch.rows_max", "3"}});
  return 0;
}
