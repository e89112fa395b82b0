// The gate: a template with a word and a score, and one with ten scores.
#include "encode/encoders.h"
#include "stage.h"

namespace {

using namespace thalweg;

std::unique_ptr<Encoder> make(const Schema& schema, const char* value) {
  Registry registry;
  register_encoders(registry);
  const EncoderKind* const kind = registry.encoder("json");
  return gate::must(
      kind->make(gate::must(read(*kind->section, gate::yaml("{}"))), gate::yaml(value), schema));
}

void fill(Batch& batch, const Schema& schema) {
  Rows& rows = batch.rows();
  rows.columns.resize(schema.fields.size());
  for (std::size_t i = 0; i < schema.fields.size(); ++i)
    rows.columns[i].reset(schema.fields[i].type);
  for (std::uint32_t i = 0; i < gate::batch_records; ++i) {
    SourceRecord record;
    record.value = "{}";
    batch.add_record(record);
    rows.record_of.push_back(i);
    rows.columns[0].push_string("000004d2-75d6-4700-9adf-252dee8c4b64");
    rows.columns[0].end_row();
    *rows.columns[1].append<float>() = 0.0037F * static_cast<float>(i);
    float* const scores = rows.columns[2].append<float>();
    for (std::uint32_t k = 0; k < 10; ++k) scores[k] = 0.0123F * static_cast<float>(i + k);
  }
}

}  // namespace

int main() {
  const Schema schema{{{"id", {DType::string, {}}},
                       {"score", {DType::float32, {{1}}}},
                       {"scores", {DType::float32, {{10}}}}}};
  const auto tabular = make(schema, "{id: id, score: score}");
  const auto image = make(schema, "{prediction: scores}");
  Batch batch;
  fill(batch, schema);
  return gate::measure(gate::batch_records, 20, [&] {
    batch.arena().reset();
    for (std::uint32_t row = 0; row < gate::batch_records; ++row) {
      if (!tabular->encode(batch, row) || !image->encode(batch, row)) gate::fail("encode failed");
    }
  });
}
