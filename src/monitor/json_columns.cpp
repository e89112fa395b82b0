#include "monitor/json_columns.h"

#include <fmt/format.h>

#include "config/json_text.h"

namespace thalweg::monitor {
namespace {

constexpr std::string_view mask_text = "\"***\"";

std::string place_name(std::size_t column) {
  return fmt::format("c{}", column);
}

}  // namespace

Result<JsonColumns> JsonColumns::make(const std::vector<JsonColumn>& columns, const Schema& schema,
                                      const Registry& registry) {
  const EncoderKind* json = registry.encoder("json");
  auto settings = read(*json->section, Node::map({{"nonfinite", Node::scalar("null", true)}}));
  if (!settings) return std::move(settings).error();
  Schema places = schema;
  for (std::size_t i = 0; i < places.fields.size(); ++i) places.fields[i].name = place_name(i);
  JsonColumns made;
  for (const JsonColumn& column : columns) {
    Member& member = made.members_.emplace_back();
    member.key += made.members_.size() == 1 ? '{' : ',';
    config::append_json_string(column.name, member.key);
    member.key += ':';
    if (column.masked) continue;
    auto encoder = json->make(*settings, Node::scalar(place_name(column.column)), places);
    if (!encoder) return std::move(encoder).error();
    member.encoder = std::move(encoder).value();
  }
  return made;
}

bool JsonColumns::put(Batch& batch, std::uint32_t row, std::size_t bytes_max,
                      std::string& out) const {
  const std::size_t begin = out.size();
  if (members_.empty()) out += '{';
  for (const Member& member : members_) {
    out += member.key;
    if (member.encoder == nullptr) {
      out += mask_text;
      continue;
    }
    auto value = member.encoder->encode(batch, row);
    if (value && out.size() - begin + value->size() < bytes_max) {
      out += *value;
      continue;
    }
    out.resize(begin);
    return false;
  }
  out += '}';
  return true;
}

}  // namespace thalweg::monitor
