// See json_encoder.h.
#include "encode/json_encoder.h"

#include <algorithm>

#include "encode/json_template.h"

namespace thalweg::encode {

namespace {

const Section& json_section() {
  static const Section section{
      .name = "json",
      .doc =
          "The value is JSON, made by the template `value`: a reference, an object, a list, "
          "{const: …}, {base64: …}, "
          "{argmax: …, labels: …}, {part: /pointer} or {merge: input, with: {…}}. Without `value` "
          "it is an object of all columns; "
          "with `value: input` it is the input itself. A row of shape [1] is written as a number.",
      .settings = {{.name = "nonfinite",
                    .type = SettingType::string,
                    .fallback = "dead",
                    .choices = {"dead", "null"},
                    .example = "\"null\"",
                    .doc = "A NaN or an infinity, which JSON has no word for: makes the record a "
                           "dead letter, or is written as null."}}};
  return section;
}

class JsonEncoder final : public Encoder {
 public:
  explicit JsonEncoder(Pieces pieces) : pieces_(std::move(pieces)) {}

  [[nodiscard]] Result<std::string_view> encode(Batch& batch, std::uint32_t row) override {
    ArenaWriter out(batch.arena(), expected_);
    Job job{.batch = batch,
            .row = row,
            .record = batch.rows().record_of[row],
            .out = out,
            .scratch = scratch_};
    if (!write_all(pieces_, job)) {
      out.abandon();
      return *std::move(job.error);
    }
    const std::string_view text = out.finish();
    // A bit more than the last one took: the next is mostly as long, and then never copied.
    expected_ = std::clamp(text.size() + text.size() / 8 + 64, expected_min, expected_max);
    return text;
  }

 private:
  static constexpr std::size_t expected_min = 128;
  static constexpr std::size_t expected_max = std::size_t{1} << 20;

  Pieces pieces_;
  Scratch scratch_;
  std::size_t expected_ = 256;
};

// `value: input`: the payload itself, untouched and not copied.
class EchoEncoder final : public Encoder {
 public:
  [[nodiscard]] Result<std::string_view> encode(Batch& batch, std::uint32_t row) override {
    const auto& value = batch.record(batch.rows().record_of[row]).value;
    if (value) return *value;
    return Error(Code::encode_failed,
                 "input: expected a value; got null; write `value` with something else");
  }
};

Result<std::unique_ptr<Encoder>> make_json(const Values& settings, const Node& value,
                                           const Schema& schema) {
  if (value.is_scalar() && !value.quoted() && value.text() == "input")
    return std::unique_ptr<Encoder>(std::make_unique<EchoEncoder>());
  const Nonfinite nonfinite =
      settings.string("nonfinite") == "null" ? Nonfinite::null : Nonfinite::dead;
  auto pieces = compile_template(value, schema, nonfinite);
  if (!pieces) return std::move(pieces).error();
  return std::unique_ptr<Encoder>(std::make_unique<JsonEncoder>(*std::move(pieces)));
}

}  // namespace

EncoderKind json_encoder_kind() {
  return {.name = "json", .doc = json_section().doc, .section = &json_section(), .make = make_json};
}

}  // namespace thalweg::encode
