// See decode_support.h.
#include "decode/decode_support.h"

#include <cstdio>
#include <cstdlib>

#include "config/yaml_reader.h"
#include "decode/decoders.h"

namespace thalweg::test {

namespace {

const Registry& registry() {
  static const Registry filled = [] {
    Registry registry;
    register_decoders(registry);
    return registry;
  }();
  return filled;
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::abort();
  }
  return *std::move(result);
}

Result<std::unique_ptr<Decoder>> build(const std::string& format, const std::string& fields,
                                       const std::string& settings) {
  static const Section nothing{.name = "nothing", .doc = "", .settings = {}};
  const DecoderKind* const kind = registry().decoder(format);
  const Node field_node = must(read_yaml(fields, {.name = "test.yaml"}));
  const Node setting_node = must(read_yaml(settings, {.name = "test.yaml"}));
  auto values = read(kind->section != nullptr ? *kind->section : nothing, setting_node);
  if (!values) return std::move(values).error();
  return kind->make(*values, field_node);
}

}  // namespace

std::unique_ptr<Decoder> make_decoder(const std::string& format, const std::string& fields,
                                      const std::string& settings) {
  return must(build(format, fields, settings));
}

Error decoder_error(const std::string& format, const std::string& fields) {
  auto made = build(format, fields, "{}");
  if (made) {
    std::fprintf(stderr, "expected an error from %s\n", fields.c_str());
    std::abort();
  }
  return std::move(made).error();
}

void add_values(Batch& batch, const std::vector<std::string>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    SourceRecord record;
    record.topic = "in";
    record.offset = Offset{static_cast<std::int64_t>(i)};
    record.value = values[i];
    batch.add_record(record);
  }
}

Decoded::Decoded(const std::string& fields, std::string value, const std::string& format,
                 const std::string& settings)
    : bytes(std::move(value)), decoder(make_decoder(format, fields, settings)) {
  SourceRecord record;
  record.topic = "in";
  record.value = bytes;
  batch.add_record(record);
  decoder->decode(batch);
}

}  // namespace thalweg::test
