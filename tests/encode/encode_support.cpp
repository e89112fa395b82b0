// See encode_support.h.
#include "encode/encode_support.h"

#include <cstdio>
#include <cstdlib>

#include "config/yaml_reader.h"
#include "encode/encoders.h"

namespace thalweg::test {

namespace {

const Registry& registry() {
  static const Registry filled = [] {
    Registry registry;
    register_encoders(registry);
    return registry;
  }();
  return filled;
}

Node yaml(const std::string& text) {
  auto node = read_yaml(text, {.name = "test.yaml"});
  if (!node) {
    std::fprintf(stderr, "%s\n", node.error().message().c_str());
    std::abort();
  }
  return *std::move(node);
}

}  // namespace

Result<std::unique_ptr<Encoder>> make_encoder(const std::string& format, const std::string& value,
                                              const Schema& schema, const std::string& settings) {
  const EncoderKind* const kind = registry().encoder(format);
  auto values = read(*kind->section, yaml(settings));
  if (!values) return std::move(values).error();
  return kind->make(*values, yaml(value), schema);
}

OneRow::OneRow(std::string input, std::optional<std::string> key)
    : input_(std::move(input)), key_(std::move(key)) {
  batch.add_header({"trace", "first"});
  batch.add_header({"trace", "last"});
  batch.add_header({"none", std::nullopt});
  SourceRecord record;
  record.topic = "in";
  record.partition = Partition{3};
  record.offset = Offset{42};
  record.timestamp = Timestamp{1700000000000};
  record.value = input_;
  if (key_) record.key = *key_;
  record.headers_end = 3;
  batch.add_record(record);
  batch.rows().record_of = {0};
}

Column& OneRow::add(const std::string& name, DType dtype, std::vector<std::int64_t> dims) {
  const ColumnType type{dtype, Shape{std::move(dims)}};
  schema.fields.push_back({name, type});
  return batch.rows().columns.emplace_back(type);
}

OneRow& OneRow::bools(const std::string& name, std::vector<std::uint8_t> values,
                      std::vector<std::int64_t> dims) {
  std::copy(values.begin(), values.end(),
            add(name, DType::boolean, std::move(dims)).append<std::uint8_t>());
  return *this;
}

OneRow& OneRow::strings(const std::string& name, std::vector<std::string> values,
                        std::vector<std::int64_t> dims) {
  Column& column = add(name, DType::string, std::move(dims));
  for (std::string& value : values)
    column.push_string(*texts_.emplace_back(std::make_unique<std::string>(std::move(value))));
  column.end_row();
  return *this;
}

std::string OneRow::encode(const std::string& format, const std::string& value,
                           const std::string& settings) {
  auto encoder = make_encoder(format, value, schema, settings);
  if (!encoder) return "unbound: " + encoder.error().message();
  auto text = (*encoder)->encode(batch, 0);
  if (!text) return std::string(to_string(text.error().code())) + ": " + text.error().message();
  return std::string(*text);
}

std::string OneRow::refusal(const std::string& format, const std::string& value) {
  auto encoder = make_encoder(format, value, schema);
  return encoder ? "bound" : encoder.error().message();
}

}  // namespace thalweg::test
