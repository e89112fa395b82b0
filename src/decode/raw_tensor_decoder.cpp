// See raw_tensor_decoder.h.
#include "decode/raw_tensor_decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "decode/fields.h"
#include "decode/value_checks.h"

namespace thalweg::decode {

static_assert(std::endian::native == std::endian::little, "raw tensors are copied as they stand");

namespace {

class RawTensorDecoder final : public Decoder {
 public:
  explicit RawTensorDecoder(Schema schema) : schema_(std::move(schema)) {
    for (const Field& field : schema_.fields) {
      const std::size_t bytes = field.type.width() * size_of(field.type.dtype);
      if (field.type.ragged()) {
        step_bytes_ = bytes;
      } else {
        fixed_bytes_ += bytes;
      }
    }
  }

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }

  void decode(Batch& batch) override {
    batch.rows().begin(schema_);
    auto& columns = batch.rows().columns;
    decode_pending(batch, [&](std::string_view value, std::size_t) -> std::optional<Error> {
      if (auto failure = check(value)) return failure;
      for (Column& column : columns) value.remove_prefix(append(column, value));
      return std::nullopt;
    });
  }

 private:
  // Everything that can be wrong, before anything is written.
  [[nodiscard]] std::optional<Error> check(std::string_view value) const {
    const bool any_length = step_bytes_ != 0;
    const bool fits = any_length ? value.size() >= fixed_bytes_ &&
                                       (value.size() - fixed_bytes_) % step_bytes_ == 0
                                 : value.size() == fixed_bytes_;
    if (!fits) {
      const std::string expected =
          any_length ? fmt::format("{} bytes and any number of times {}", fixed_bytes_, step_bytes_)
                     : fmt::format("{} bytes", fixed_bytes_);
      return Error(
          Code::wrong_length,
          fmt::format(
              "value: expected {} ({}); got {} bytes; compare the producer's dtype and shape",
              expected, layout(), value.size()));
    }
    std::size_t at = 0;
    for (const Field& field : schema_.fields) {
      const std::size_t bytes = bytes_of(field.type, value.size());
      const std::string_view part = value.substr(at, bytes);
      const auto bad = std::find_if(part.begin(), part.end(),
                                    [](char c) { return static_cast<unsigned char>(c) > 1; });
      if (field.type.dtype == DType::boolean && bad != part.end()) {
        return Error(
            Code::wrong_type,
            fmt::format(
                "field '{}': expected bools, bytes 0 or 1; got {} at byte {}; declare uint8 for "
                "other numbers",
                field.name, static_cast<unsigned char>(*bad),
                at + static_cast<std::size_t>(bad - part.begin())));
      }
      at += bytes;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t bytes_of(const ColumnType& type,
                                     std::size_t value_bytes) const noexcept {
    return type.ragged() ? value_bytes - fixed_bytes_ : type.width() * size_of(type.dtype);
  }

  // Appends one row from the front of `value`; returns the bytes used.
  static std::size_t append(Column& column, std::string_view value) {
    switch (size_of(column.type().dtype)) {
      case 1: return append_as<std::uint8_t>(column, value);
      case 4: return append_as<std::uint32_t>(column, value);
      default: return append_as<std::uint64_t>(column, value);
    }
  }
  // The ragged field is the last one: it takes what is left.
  template <class T>
  static std::size_t append_as(Column& column, std::string_view value) {
    const bool ragged = column.type().ragged();
    const std::size_t bytes = ragged ? value.size() : column.type().width() * sizeof(T);
    if (bytes != 0) {
      T* const to = ragged ? column.extend<T>(bytes / sizeof(T)) : column.append<T>();
      std::memcpy(to, value.data(), bytes);
    }
    if (ragged) column.end_row();
    return bytes;
  }

  [[nodiscard]] std::string layout() const {
    std::string text;
    for (const Field& field : schema_.fields) {
      if (!text.empty()) text += ", ";
      text += field.name + " " + field.type.to_string();
    }
    return text;
  }

  Schema schema_;
  std::size_t fixed_bytes_ = 0;
  std::size_t step_bytes_ = 0;  // 0: no field of any length
};

Result<std::unique_ptr<Decoder>> make_raw(const Values&, const Node& fields) {
  auto schema = read_plain_fields(fields, "raw");
  if (!schema) return std::move(schema).error();
  const auto wrong = [&](const std::string& expected, const std::string& got) {
    return config_error(
        fields.where(),
        fmt::format("fields: expected {}; got {}; write {{image: float32[784]}}", expected, got));
  };
  if (schema->fields.empty()) return wrong("at least one field for `format: raw`", "none");
  for (std::size_t i = 0; i < schema->fields.size(); ++i) {
    const Field& field = schema->fields[i];
    if (field.type.dtype == DType::string)
      return wrong("numbers for `format: raw`", "'" + field.name + "' of type string");
    if (field.type.ragged() && i + 1 < schema->fields.size()) {
      return wrong("only the last field to be of any length", "'" + field.name + "'");
    }
  }
  return std::unique_ptr<Decoder>(std::make_unique<RawTensorDecoder>(*std::move(schema)));
}

}  // namespace

DecoderKind raw_tensor_decoder_kind() {
  return {
      .name = "raw",
      .doc = "The value is dense little-endian numbers: the declared fields one behind the other.",
      .make = make_raw};
}

}  // namespace thalweg::decode
