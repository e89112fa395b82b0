// Any bytes into the JSON decoder: no crash, every record accounted for, whole rows only, and no JSON that simdjson's tree refuses.
#include <cstdint>
#include <cstdlib>

#include <simdjson.h>

#include "config/yaml_reader.h"
#include "decode/decoders.h"

namespace {

using namespace thalweg;

std::unique_ptr<Decoder> make() {
  Registry registry;
  register_decoders(registry);
  const DecoderKind* const kind = registry.decoder("json");
  const auto yaml = [](const char* text) { return read_yaml(text, {.name = "fuzz"}).value(); };
  const Node fields = yaml(
      "{a: {type: float32, default: 0}, b: {type: int64, default: 1}, c: {type: string, default: "
      "x}, d: {type: bool, default: true}, "
      "e: {type: 'float32[3]', default: 0, separator: ','}, f: {type: 'float64[]', default: [], "
      "separator: ';'}, "
      "g: {type: 'string[]', default: []}, h: {at: /o/p/0, type: uint8, default: 2}, i: {at: "
      "/l/*/x, type: int32, default: []}, "
      "j: {at: /l/*/y, type: string, default: none}, k: {at: /l/1/y, type: string, default: ''}, "
      "m: {type: 'int32[2,2]', default: 0}}");
  return kind->make(read(*kind->section, yaml("{}")).value(), fields).value();
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Decoder> decoder = make();
  static Batch batch;
  static simdjson::dom::parser judge;
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  batch.reset();
  const std::string_view good = R"({"a":1.5,"l":[{"x":1},{"x":2,"y":"z"}]})";
  for (const std::string_view v : {good, value, good}) {
    SourceRecord record;
    record.value = v;
    batch.add_record(record);
  }
  decoder->decode(batch);
  const bool dead = batch.disposition(1) == Disposition::dead;
  require(batch.disposition(0) == Disposition::pending &&
          batch.disposition(2) == Disposition::pending);
  require(batch.rows().count() == (dead ? 2U : 3U));
  for (const Column& column : batch.rows().columns) require(column.rows() == batch.rows().count());
  require(batch.rows().columns[0].row<float>(batch.rows().count() - 1)[0] == 1.5F);
  if (dead) {
    require(!batch.error_of(1)->message().empty());
  } else {
    const auto verdict = judge.parse(simdjson::padded_string(value)).error();
    require(verdict == simdjson::SUCCESS || verdict == simdjson::NUMBER_ERROR);
  }
  return 0;
}
