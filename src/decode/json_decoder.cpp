// See json_decoder.h.
#include "decode/json_decoder.h"

#include "decode/fields.h"
#include "decode/json_record.h"
#include "decode/value_checks.h"
#include "json/index.h"

namespace thalweg::decode {

namespace {

const Section& json_section() {
  static const Section section{
      .name = "json",
      .doc =
          "The value is one JSON document; `fields` names the members to read. A record is judged "
          "whole: what no "
          "field reads must be JSON too. Of members with the same key the first counts.",
      .settings = {{.name = "depth_max",
                    .type = SettingType::integer,
                    .unit = "levels",
                    .fallback = "256",
                    .min = 1,
                    .max = static_cast<double>(json::Walker::depth_bound),
                    .example = "32",
                    .doc = "A value nested deeper is a dead letter (too_deep)."}}};
  return section;
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(std::vector<FieldSpec> fields, std::size_t depth_max)
      : fields_(std::move(fields)),
        schema_(schema_of(fields_)),
        record_(fields_),
        depth_max_(depth_max) {}

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }

  void decode(Batch& batch) override {
    Rows& rows = batch.rows();
    const std::size_t rows_made = batch.count(Disposition::pending);
    rows.begin(schema_);
    auto& slots = record_.slots();
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i].begin_batch(rows.columns[i], rows_made);
    const std::size_t filled = decode_pending(
        batch, [&](std::string_view value, std::size_t row) { return read(batch, value, row); });
    for (std::size_t i = 0; i < slots.size(); ++i)
      slots[i].end_batch(rows.columns[i], filled, rows_made);
    index_.trim();
  }

 private:
  std::optional<Error> read(Batch& batch, std::string_view value, std::size_t row) {
    if (!index_.build(value)) {
      if (auto framed = check_unframed(value, "JSON")) return framed;
      return json::to_error(index_.fault(), value);
    }
    if (!record_.read(index_, depth_max_, row, batch.arena())) {
      if (auto framed = check_unframed(value, "JSON")) return framed;
      return record_.take_error();
    }
    auto& columns = batch.rows().columns;
    auto& slots = record_.slots();
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i].commit(columns[i]);
    return std::nullopt;
  }

  std::vector<FieldSpec> fields_;
  Schema schema_;
  json::Index index_;
  RecordReader record_;
  std::size_t depth_max_;
};

Result<std::unique_ptr<Decoder>> make_json(const Values& settings, const Node& fields) {
  auto specs = read_fields(fields);
  if (!specs) return std::move(specs).error();
  return std::unique_ptr<Decoder>(std::make_unique<JsonDecoder>(
      *std::move(specs), static_cast<std::size_t>(settings.integer("depth_max"))));
}

}  // namespace

DecoderKind json_decoder_kind() {
  return {.name = "json", .doc = json_section().doc, .section = &json_section(), .make = make_json};
}

}  // namespace thalweg::decode
