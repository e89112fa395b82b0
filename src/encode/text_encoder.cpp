// See text_encoder.h.
#include "encode/text_encoder.h"

#include <charconv>
#include <cmath>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "encode/reference.h"

namespace thalweg::encode {

namespace {

using Kind = Reference::Kind;

const Section& text_section() {
  static const Section section{.name = "text",
                               .doc =
                                   "The value is one reference as text: a string as it is, a "
                                   "number in digits. Without `value` there must "
                                   "be one column.",
                               .settings = {}};
  return section;
}

const Section& bytes_section() {
  static const Section section{.name = "bytes",
                               .doc =
                                   "The value is one string, whatever its bytes: a column, "
                                   "`input`, `meta.key` or a header. Without "
                                   "`value` there must be one column.",
                               .settings = {}};
  return section;
}

template <class T>
std::string_view number_text(T value, Arena& arena) {
  constexpr std::size_t room = 32;
  char* const begin = arena.allocate(room);
  char* end = begin;
  if constexpr (std::is_floating_point_v<T>) {
    end = fmt::format_to(begin, FMT_COMPILE("{}"), value);
  } else {
    end = std::to_chars(begin, begin + room, value).ptr;
  }
  const auto size = static_cast<std::size_t>(end - begin);
  arena.shrink(begin, size);
  return {begin, size};
}

class TextEncoder final : public Encoder {
 public:
  explicit TextEncoder(Reference reference) : reference_(std::move(reference)) {}

  [[nodiscard]] Result<std::string_view> encode(Batch& batch, std::uint32_t row) override {
    const std::uint32_t index = batch.rows().record_of[row];
    const SourceRecord& record = batch.record(index);
    switch (reference_.kind) {
      case Kind::column: return column_text(batch, row);
      case Kind::input: return present(record.value);
      case Kind::key: return present(record.key);
      case Kind::topic: return record.topic;
      case Kind::partition: return number_text(record.partition.value, batch.arena());
      case Kind::offset: return number_text(record.offset.value, batch.arena());
      case Kind::timestamp: return number_text(record.timestamp.ms, batch.arena());
      default: return present(find_header(batch, index, reference_.text));
    }
  }

 private:
  [[nodiscard]] Result<std::string_view> present(
      const std::optional<std::string_view>& text) const {
    if (text) return *text;
    const std::string what = reference_.kind == Kind::input ? "input"
                             : reference_.kind == Kind::key ? "meta.key"
                                                            : "headers." + reference_.text;
    return Error(
        Code::encode_failed,
        fmt::format("{}: expected a text; got none; name something that every record has", what));
  }

  [[nodiscard]] Result<std::string_view> column_text(Batch& batch, std::uint32_t row) const {
    const Column& column = batch.rows().columns[reference_.column];
    switch (reference_.type.dtype) {
      case DType::float32: return float_text(column.row<float>(row)[0], batch.arena());
      case DType::float64: return float_text(column.row<double>(row)[0], batch.arena());
      case DType::int32: return number_text(column.row<std::int32_t>(row)[0], batch.arena());
      case DType::int64: return number_text(column.row<std::int64_t>(row)[0], batch.arena());
      case DType::uint8: return number_text(column.row<std::uint8_t>(row)[0], batch.arena());
      case DType::boolean:
        return column.row<std::uint8_t>(row)[0] != 0 ? std::string_view("true")
                                                     : std::string_view("false");
      case DType::string: return column.string_row(row)[0];
    }
    return std::string_view();
  }

  template <class T>
  [[nodiscard]] Result<std::string_view> float_text(T value, Arena& arena) const {
    if (std::isfinite(value)) return number_text(value, arena);
    return Error(
        Code::nonfinite,
        fmt::format("column '{}': expected a finite number; got {}; look at the model's inputs",
                    reference_.text, value));
  }

  Reference reference_;
};

Error unfit(const Node& value, std::string_view format, const Schema& schema) {
  return config_error(
      value.where(),
      fmt::format(
          "value: expected one scalar {}for `format: {}`; got {}, and there are {}; name a column",
          format == "bytes" ? "string " : "", format, value.is_null() ? "nothing" : value.to_json(),
          quoted_list(schema.names())));
}

Result<std::unique_ptr<Encoder>> make(std::string_view format, const Node& value,
                                      const Schema& schema) {
  Reference reference;
  if (value.is_null()) {
    if (schema.fields.size() != 1) return unfit(value, format, schema);
    reference.type = schema.fields[0].type;
    reference.text = schema.fields[0].name;
  } else {
    auto bound = bind_reference(value, schema);
    if (!bound) return std::move(bound).error();
    reference = *std::move(bound);
  }
  const bool bytes = format == "bytes";
  const auto& dims = reference.type.shape.dims;
  const bool column_fits = (dims.empty() || (dims.size() == 1 && dims[0] == 1)) &&
                           (!bytes || reference.type.dtype == DType::string);
  const bool other_fits = bytes ? reference.kind == Kind::input || reference.kind == Kind::key ||
                                      reference.kind == Kind::header
                                : reference.kind != Kind::part;
  if (reference.kind == Kind::column ? !column_fits : !other_fits)
    return unfit(value, format, schema);
  return std::unique_ptr<Encoder>(std::make_unique<TextEncoder>(std::move(reference)));
}

}  // namespace

EncoderKind text_encoder_kind() {
  return {.name = "text",
          .doc = text_section().doc,
          .section = &text_section(),
          .make = [](const Values&, const Node& value, const Schema& schema) {
            return make("text", value, schema);
          }};
}

EncoderKind bytes_encoder_kind() {
  return {.name = "bytes",
          .doc = bytes_section().doc,
          .section = &bytes_section(),
          .make = [](const Values&, const Node& value, const Schema& schema) {
            return make("bytes", value, schema);
          }};
}

}  // namespace thalweg::encode
