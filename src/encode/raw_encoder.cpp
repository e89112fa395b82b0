// See raw_encoder.h.
#include "encode/raw_encoder.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "encode/reference.h"

namespace thalweg::encode {

static_assert(std::endian::native == std::endian::little, "columns are written as they stand");

namespace {

const Section& raw_section() {
  static const Section section{
      .name = "raw",
      .doc =
          "The value is the dense little-endian numbers of the column that `value` names, or of "
          "several in a "
          "list, one behind the other. Without `value` there must be one column.",
      .settings = {}};
  return section;
}

std::string_view bytes_of(const Column& column, std::uint32_t row) {
  const std::size_t size = size_of(column.type().dtype);
  const auto [begin, end] = column.extent(row);
  return {static_cast<const char*>(column.raw()) + begin * size, (end - begin) * size};
}

class RawEncoder final : public Encoder {
 public:
  explicit RawEncoder(std::vector<std::size_t> columns) : columns_(std::move(columns)) {}

  [[nodiscard]] Result<std::string_view> encode(Batch& batch, std::uint32_t row) override {
    const auto& columns = batch.rows().columns;
    // Copied, one column too: outputs outlive the columns, whose memory serves the next batch.
    std::size_t size = 0;
    for (const std::size_t c : columns_) size += bytes_of(columns[c], row).size();
    char* const begin = batch.arena().allocate(size);
    char* to = begin;
    for (const std::size_t c : columns_) {
      const std::string_view bytes = bytes_of(columns[c], row);
      if (bytes.empty()) continue;
      std::memcpy(to, bytes.data(), bytes.size());
      to += bytes.size();
    }
    return std::string_view(begin, size);
  }

 private:
  std::vector<std::size_t> columns_;
};

Result<std::size_t> bind_numbers(const Node& node, const Schema& schema) {
  auto reference = bind_reference(node, schema);
  if (!reference) return std::move(reference).error();
  if (reference->kind == Reference::Kind::column && reference->type.dtype != DType::string)
    return reference->column;
  return config_error(node.where(), fmt::format("value: expected a column of numbers for `format: "
                                                "raw`; got '{}'; use `format: bytes` for "
                                                "strings and the input",
                                                node.text()));
}

Result<std::unique_ptr<Encoder>> make_raw(const Values&, const Node& value, const Schema& schema) {
  std::vector<std::size_t> columns;
  if (value.is_null()) {
    if (schema.fields.size() != 1 || schema.fields[0].type.dtype == DType::string) {
      return config_error(value.where(), fmt::format("value: expected one column of numbers for "
                                                     "`format: raw`; there {} {}; name the column, "
                                                     "as in `value: scores`",
                                                     schema.fields.size() == 1 ? "is" : "are",
                                                     quoted_list(schema.names())));
    }
    columns = {0};
  }
  const std::vector<Node> single{value};
  for (const Node& node : value.is_null()       ? std::vector<Node>{}
                          : value.is_sequence() ? value.items()
                                                : single) {
    auto column = bind_numbers(node, schema);
    if (!column) return std::move(column).error();
    columns.push_back(*column);
  }
  if (columns.empty())
    return config_error(value.where(),
                        "value: expected columns; got an empty list; name at least one");
  return std::unique_ptr<Encoder>(std::make_unique<RawEncoder>(std::move(columns)));
}

}  // namespace

EncoderKind raw_encoder_kind() {
  return {.name = "raw", .doc = raw_section().doc, .section = &raw_section(), .make = make_raw};
}

}  // namespace thalweg::encode
