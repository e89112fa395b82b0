// Any `--set NAME=VALUE`, one a line, on a pipeline file that is right: it is read or refused, and a refusal names the override or the file.
//
// `${file:…}` is left out: it would read whatever file the fuzzer names.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/pipeline.h"

namespace {

constexpr std::string_view pipeline = R"(
pipeline: p
kafka: { bootstrap.servers: "b:9092", sasl.password: hidden }
models: { m: { runtime: fake, inputs: { x: 'float32[?]' } } }
from: { topics: [a, b], start: earliest, fields: { x: float32, s: { at: /o/s, type: string, default: "" } } }
steps:
  - filter: { field: x, above: 0 }
  - infer: { model: m, features: { x: { chain: [x, log1p] } }, outputs: { y: z }, on_error: { default: { z: 0 } } }
to: [ { topic: o, value: { z: z } }, { topic: q, when: { field: z, above: 1 }, value: input } ]
dead_letters: d
errors: { codes: { not_json: skip } }
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  if (rest.find("file:") != std::string_view::npos) return 0;
  thalweg::Overrides overrides;
  while (!rest.empty() && overrides.size() < 8) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (auto one = thalweg::parse_override(rest.substr(0, end)))
      overrides.push_back(std::move(one).value());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto file = thalweg::read_pipeline_text(pipeline, "fuzz.yaml", overrides);
  if (file) {
    (void)file->root.to_json_redacted();
    return 0;
  }
  const std::string& message = file.error().message();
  if (!message.starts_with("fuzz.yaml") && message.find("--set") == std::string::npos) std::abort();
  return 0;
}
