// See bytes_decoder.h.
#include "decode/bytes_decoder.h"

#include <fmt/format.h>

#include "decode/fields.h"
#include "decode/value_checks.h"
#include "json/utf8.h"

namespace thalweg::decode {

namespace {

enum class Content : std::uint8_t { bytes, text };

class BytesDecoder final : public Decoder {
 public:
  BytesDecoder(Content content, Schema schema) : content_(content), schema_(std::move(schema)) {}

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }

  void decode(Batch& batch) override {
    batch.rows().begin(schema_);
    Column& column = batch.rows().columns[0];
    decode_pending(batch, [&](std::string_view value, std::size_t) -> std::optional<Error> {
      if (content_ == Content::text) {
        if (auto failure = check_text(value)) return failure;
      }
      column.push_string(value);
      column.end_row();
      return std::nullopt;
    });
  }

 private:
  static std::optional<Error> check_text(std::string_view value) {
    if (auto framed = check_unframed(value, "text")) return framed;
    if (json::valid_utf8(value)) return std::nullopt;
    return Error(
        Code::not_utf8,
        fmt::format(
            "value: expected UTF-8; got other bytes at byte {}; use `format: bytes` for bytes",
            json::valid_utf8_prefix(value)));
  }

  Content content_;
  Schema schema_;
};

Result<std::unique_ptr<Decoder>> make(Content content, const Node& fields) {
  const std::string_view format = content == Content::bytes ? "bytes" : "text";
  auto schema = read_plain_fields(fields, format);
  if (!schema) return std::move(schema).error();
  if (schema->fields.empty()) schema->fields.push_back({"value", {DType::string, {}}});
  if (schema->fields.size() != 1 || schema->fields[0].type != ColumnType{DType::string, {}}) {
    return config_error(
        fields.where(),
        fmt::format("fields: expected one field of type string for `format: {}`; got {}; write "
                    "{{value: string}}",
                    format, fields.to_json()));
  }
  return std::unique_ptr<Decoder>(std::make_unique<BytesDecoder>(content, *std::move(schema)));
}

}  // namespace

DecoderKind bytes_decoder_kind() {
  return {.name = "bytes",
          .doc =
              "The value as one string, whatever its bytes: an image, a tf.Example. `fields` may "
              "name it; without, it is `value`.",
          .make = [](const Values&, const Node& fields) { return make(Content::bytes, fields); }};
}

DecoderKind text_decoder_kind() {
  return {
      .name = "text",
      .doc = "The value as one string of UTF-8 text. `fields` may name it; without, it is `value`.",
      .make = [](const Values&, const Node& fields) { return make(Content::text, fields); }};
}

}  // namespace thalweg::decode
