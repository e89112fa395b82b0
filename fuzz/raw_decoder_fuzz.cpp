// Any bytes into the raw, text and bytes decoders: no crash, and a row is what the bytes are.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "config/yaml_reader.h"
#include "decode/decoders.h"

namespace {

using namespace thalweg;

std::unique_ptr<Decoder> make(const char* format, const char* fields) {
  Registry registry;
  register_decoders(registry);
  static const Section nothing{.name = "nothing", .doc = "", .settings = {}};
  const auto yaml = [](const char* text) { return read_yaml(text, {.name = "fuzz"}).value(); };
  return registry.decoder(format)->make(read(nothing, yaml("{}")).value(), yaml(fields)).value();
}

void require(bool holds) {
  if (!holds) std::abort();
}

void decode(Decoder& decoder, Batch& batch, std::string_view value) {
  batch.reset();
  SourceRecord record;
  record.value = value;
  batch.add_record(record);
  decoder.decode(batch);
  const bool dead = batch.disposition(0) == Disposition::dead;
  require(batch.rows().count() == (dead ? 0U : 1U));
  for (const Column& column : batch.rows().columns) require(column.rows() == batch.rows().count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto raw = make("raw", "{id: int64, b: 'bool[2]', rest: 'float32[?,2]'}");
  static const auto text = make("text", "{}");
  static const auto bytes = make("bytes", "{}");
  static Batch batch;
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  decode(*raw, batch, value);
  require((batch.rows().count() == 1) ==
          (size >= 10 && (size - 10) % 8 == 0 && data[8] <= 1 && data[9] <= 1));
  if (batch.rows().count() == 1 && size > 10) {
    require(std::memcmp(batch.rows().columns[2].raw(), data + 10, size - 10) == 0);
  }
  decode(*text, batch, value);
  decode(*bytes, batch, value);
  require(batch.rows().columns[0].strings()[0] == value);
  return 0;
}
