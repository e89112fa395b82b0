// Any template of a JSON output, as a pipeline file has it, and any input: it is refused, or what it writes is JSON.
//
// The bytes up to the first NUL are the template, those behind it the record's value.
#include "encode/encoders.h"
#include "fuzz/input.h"

namespace {

using namespace thalweg;
using fuzz::require;

const Schema& schema() {
  static const Schema schema{{{"f", {DType::float32, {}}},
                              {"i", {DType::int64, {}}},
                              {"b", {DType::boolean, {}}},
                              {"s", {DType::string, {}}},
                              {"m", {DType::float64, {{2, 2}}}},
                              {"v", {DType::float32, {{-1}}}},
                              {"w", {DType::string, {{-1}}}}}};
  return schema;
}

void fill(Batch& batch, std::string_view value) {
  batch.reset();
  SourceRecord record;
  record.value = value;
  record.key = "key";
  batch.add_record(record);
  Rows& rows = batch.rows();
  rows.begin(schema());
  rows.record_of = {0};
  *rows.columns[0].append<float>() = 1.5F;
  *rows.columns[1].append<std::int64_t>() = -7;
  *rows.columns[2].append<std::uint8_t>() = 1;
  rows.columns[3].push_string("text \"quoted\"\n");
  rows.columns[3].end_row();
  std::fill_n(rows.columns[4].append<double>(), 4, 0.1);
  std::fill_n(rows.columns[5].extend<float>(3), 3, 2.0F);
  rows.columns[5].end_row();
  rows.columns[6].push_string("a");
  rows.columns[6].push_string("\xc3\xa4");
  rows.columns[6].end_row();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const EncoderKind* const kind = [] {
    static Registry registry;
    register_encoders(registry);
    return registry.encoder("json");
  }();
  static Batch batch;
  static simdjson::dom::parser judge;
  fuzz::Parts parts(data, size);
  const auto node = read_yaml(parts.next(), {.name = "fuzz", .expand = false});
  if (!node) return 0;
  // The whole input as the whole output is copied as it stands, whatever it is.
  if (node->is_scalar() && (node->text() == "input" || node->text() == "key")) return 0;
  static const Values settings = read(*kind->section, fuzz::yaml("{}")).value();
  const auto encoder = kind->make(settings, *node, schema());
  if (!encoder) {
    require(!encoder.error().message().empty());
    return 0;
  }
  fill(batch, parts.rest());
  const auto text = (*encoder)->encode(batch, 0);
  if (!text) return 0;
  const auto verdict = judge.parse(simdjson::padded_string(*text)).error();
  // The input's own numbers may be larger than a tree can hold, and it may be nested deeper.
  require(verdict == simdjson::SUCCESS || verdict == simdjson::NUMBER_ERROR ||
          verdict == simdjson::DEPTH_ERROR);
  return 0;
}
