// See reference.h.
#include "encode/reference.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/pointer.h"

namespace thalweg::encode {

namespace {

using Kind = Reference::Kind;

struct Meta {
  std::string_view name;
  Kind kind;
};
constexpr Meta metas[] = {{"meta.topic", Kind::topic},
                          {"meta.partition", Kind::partition},
                          {"meta.offset", Kind::offset},
                          {"meta.timestamp", Kind::timestamp},
                          {"meta.key", Kind::key}};

Error unknown(const Node& node, const Schema& schema) {
  const std::vector<std::string> columns = schema.names();
  std::vector<std::string> known = columns;
  known.emplace_back("input");
  for (const Meta& meta : metas) known.emplace_back(meta.name);
  std::string have = columns.empty() ? "there are no columns" : "there are " + quoted_list(columns);
  return config_error(
      node.where(),
      fmt::format("expected a column, `input`, `meta.…` or `headers.…`; got '{}', and {}; write "
                  "{{const: …}} for a constant.{}",
                  node.text(), have, did_you_mean(node.text(), known)));
}

}  // namespace

Result<Reference> bind_reference(const Node& node, const Schema& schema) {
  if (!node.is_scalar()) {
    return config_error(node.where(),
                        "expected the name of a column, `input`, `meta.…` or `headers.…`; got " +
                            node.to_json() + "; write one bare word");
  }
  const std::string& text = node.text();
  if (node.quoted()) {
    return config_error(
        node.where(),
        fmt::format(
            "expected a reference or {{const: …}}; got the quoted text {}; write it without "
            "quotes, or as {{const: {}}}",
            node.to_json(), node.to_json()));
  }
  if (text == "input") return Reference{.kind = Kind::input, .type = {}, .text = {}};
  if (text.starts_with("input./")) {
    if (auto pointer = json::parse_pointer(text.substr(6)); !pointer) {
      return config_error(node.where(), std::move(pointer).error().message());
    }
    return Reference{.kind = Kind::part, .type = {}, .text = text.substr(6)};
  }
  if (text.starts_with("headers.") && text.size() > 8)
    return Reference{.kind = Kind::header, .type = {}, .text = text.substr(8)};
  for (const Meta& meta : metas) {
    if (text == meta.name) return Reference{.kind = meta.kind, .type = {}, .text = {}};
  }
  const auto column = schema.find(text);
  if (!column) return unknown(node, schema);
  return Reference{
      .kind = Kind::column, .column = *column, .type = schema.fields[*column].type, .text = text};
}

std::optional<std::string_view> find_header(const Batch& batch, std::size_t record,
                                            std::string_view name) noexcept {
  const auto headers = batch.headers_of(record);
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const Header& h) { return h.name == name; });
  return found == headers.rend() ? std::nullopt : found->value;
}

}  // namespace thalweg::encode
