// Any strings, numbers and inputs into the JSON encoder: what comes out is JSON, or an error.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <simdjson.h>

#include "config/yaml_reader.h"
#include "encode/encoders.h"

namespace {

using namespace thalweg;

const Schema& schema() {
  static const Schema schema{{{"f", {DType::float32, {}}},
                              {"d", {DType::float64, {}}},
                              {"s", {DType::string, {}}},
                              {"v", {DType::float32, {{-1}}}}}};
  return schema;
}

std::unique_ptr<Encoder> make(const char* value) {
  Registry registry;
  register_encoders(registry);
  const EncoderKind* const kind = registry.encoder("json");
  const auto yaml = [](const char* text) { return read_yaml(text, {.name = "fuzz"}).value(); };
  return kind->make(read(*kind->section, yaml("{}")).value(), yaml(value), schema()).value();
}

void fill(Batch& batch, std::string_view value) {
  batch.reset();
  SourceRecord record;
  record.value = value;
  batch.add_record(record);
  Rows& rows = batch.rows();
  rows.columns.resize(4);
  for (std::size_t i = 0; i < 4; ++i) rows.columns[i].reset(schema().fields[i].type);
  rows.record_of = {0};
  char bytes[12] = {};
  std::memcpy(bytes, value.data(), std::min<std::size_t>(sizeof(bytes), value.size()));
  std::memcpy(rows.columns[0].append<float>(), bytes, 4);
  std::memcpy(rows.columns[1].append<double>(), bytes + 4, 8);
  rows.columns[2].push_string(value);
  rows.columns[2].end_row();
  const std::size_t count = value.size() / 4;
  if (count != 0) std::memcpy(rows.columns[3].extend<float>(count), value.data(), count * 4);
  rows.columns[3].end_row();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Encoder> encoders[] = {
      make("{f: f, d: d}"), make("s"), make("[v, {base64: s}]"),
      make("{i: input, p: {part: /a/0}}"),
      make("{merge: input, with: {a: f, z: {base64: input}}}")};
  static Batch batch;
  static simdjson::dom::parser judge;
  fill(batch, {reinterpret_cast<const char*>(data), size});
  for (const auto& encoder : encoders) {
    const auto text = encoder->encode(batch, 0);
    if (!text) continue;
    const auto verdict = judge.parse(simdjson::padded_string(*text)).error();
    // The input's own numbers may be larger than a tree can hold, and it may be nested deeper.
    if (verdict != simdjson::SUCCESS && verdict != simdjson::NUMBER_ERROR &&
        verdict != simdjson::DEPTH_ERROR) {
      std::abort();
    }
  }
  return 0;
}
