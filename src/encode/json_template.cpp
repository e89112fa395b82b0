// See json_template.h.
#include "encode/json_template.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/json_text.h"
#include "encode/labels.h"
#include "json/pointer.h"

namespace thalweg::encode {

namespace {

// Collects pieces; text that stands together becomes one.
class Compiler {
 public:
  Compiler(const Schema& schema, Nonfinite nonfinite) : schema_(schema), nonfinite_(nonfinite) {}

  Status add(const Node& node) {
    switch (node.kind()) {
      case Node::Kind::map: return add_map(node);
      case Node::Kind::sequence: return add_sequence(node);
      default: return add_reference(node);
    }
  }
  void add_all_columns() {
    text_ += '{';
    for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
      const Field& field = schema_.fields[i];
      add_key(field.name, i == 0);
      Reference reference{
          .kind = Reference::Kind::column, .column = i, .type = field.type, .text = field.name};
      add_piece(reference_piece(reference, nonfinite_));
    }
    text_ += '}';
  }
  [[nodiscard]] Pieces finish() {
    flush();
    return std::move(pieces_);
  }

 private:
  void flush() {
    if (!text_.empty()) pieces_.push_back(literal_piece(std::exchange(text_, {})));
  }
  void add_piece(std::unique_ptr<Piece> piece) {
    flush();
    pieces_.push_back(std::move(piece));
  }
  void add_key(std::string_view key, bool first) {
    if (!first) text_ += ',';
    config::append_json_string(key, text_);
    text_ += ':';
  }

  Status add_reference(const Node& node) {
    auto reference = bind_reference(node, schema_);
    if (!reference) return std::move(reference).error();
    add_piece(reference_piece(*reference, nonfinite_));
    return {};
  }
  Status add_sequence(const Node& node) {
    text_ += '[';
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      if (i != 0) text_ += ',';
      if (auto added = add(node.items()[i]); !added) return added;
    }
    text_ += ']';
    return {};
  }
  // `{argmx: scores}` is an object by the letter, and a slip by all likelihood.
  static Status check_slip(const Node& node) {
    const auto& entries = node.entries();
    if (entries.size() > 2 || (entries.size() == 2 && entries[1].first != "labels")) return {};
    static const std::vector<std::string> unmistakable{"argmax", "base64"};
    const std::string hint = did_you_mean(entries[0].first, unmistakable);
    if (hint.empty()) return {};
    return config_error(
        node.key_where(entries[0].first),
        fmt::format("value: expected a function ({}), or a member's name unlike them; got '{}'.{}",
                    quoted_list(functions()), entries[0].first, hint));
  }

  static const std::vector<std::string>& functions() {
    static const std::vector<std::string> names{"const", "base64", "argmax", "part", "merge"};
    return names;
  }

  Status add_map(const Node& node) {
    Status added = add_map_as_written(node);
    if (added.ok() || node.entries().empty()) return added;
    const std::string& first = node.entries().front().first;
    const bool function =
        std::find(functions().begin(), functions().end(), first) != functions().end();
    const std::string hint = function ? std::string() : did_you_mean(first, functions());
    const Error& error = added.error();
    if (hint.empty() || error.message().find("Did you mean") != std::string::npos) return added;
    return Error(error.code(),
                 fmt::format("{} There is no function '{}'.{}", error.message(), first, hint));
  }

  Status add_map_as_written(const Node& node) {
    if (!node.entries().empty()) {
      const std::string& first = node.entries().front().first;
      if (first == "const") return add_const(node);
      if (first == "base64") return add_base64(node);
      if (first == "argmax") return add_argmax(node);
      if (first == "part") return add_part(node);
      if (first == "merge") return add_merge(node);
      if (auto status = check_slip(node); !status) return status;
    }
    text_ += '{';
    bool first = true;
    for (const auto& [key, value] : node.entries()) {
      add_key(key, first);
      first = false;
      if (auto added = add(value); !added) return added;
    }
    text_ += '}';
    return {};
  }

  // A function takes its own keys and no others.
  static Status only_keys(const Node& node, std::vector<std::string> known) {
    for (const auto& entry : node.entries()) {
      if (std::find(known.begin(), known.end(), entry.first) != known.end()) continue;
      return config_error(
          node.key_where(entry.first),
          fmt::format(
              "{}: expected {} only; got '{}'; in an object, do not put a member '{}' first.{}",
              known[0], quoted_list(known), entry.first, known[0],
              did_you_mean(entry.first, known)));
    }
    return {};
  }

  Status add_const(const Node& node) {
    if (auto checked = only_keys(node, {"const"}); !checked) return checked;
    text_ += node.entries()[0].second.to_json();
    return {};
  }
  Status add_base64(const Node& node) {
    if (auto checked = only_keys(node, {"base64"}); !checked) return checked;
    auto reference = bind_reference(node.entries()[0].second, schema_);
    if (!reference) return std::move(reference).error();
    const bool strings =
        reference->type.dtype == DType::string && !reference->type.shape.dims.empty();
    using Kind = Reference::Kind;
    const bool bytes = reference->kind == Kind::input || reference->kind == Kind::key ||
                       reference->kind == Kind::header ||
                       (reference->kind == Kind::column && !strings);
    if (!bytes) {
      return config_error(node.where(),
                          "base64: expected a column of numbers, one string, `input`, `meta.key` "
                          "or a header; got '" +
                              node.entries()[0].second.text() + "'; write it as it is");
    }
    add_piece(base64_piece(*reference));
    return {};
  }
  Status add_argmax(const Node& node) {
    if (auto checked = only_keys(node, {"argmax", "labels"}); !checked) return checked;
    auto reference = bind_reference(node.entries()[0].second, schema_);
    if (!reference) return std::move(reference).error();
    if (reference->kind != Reference::Kind::column || reference->type.dtype == DType::string) {
      return config_error(node.where(), "argmax: expected a column of numbers; got '" +
                                            node.entries()[0].second.text() +
                                            "'; name a model's output");
    }
    std::vector<std::string> labels;
    if (const Node* const listed = node.find("labels")) {
      auto read = read_labels(*listed, reference->type);
      if (!read) return std::move(read).error();
      labels = *std::move(read);
    }
    add_piece(argmax_piece(*reference, std::move(labels)));
    return {};
  }
  Status add_part(const Node& node) {
    if (auto checked = only_keys(node, {"part"}); !checked) return checked;
    const Node& pointer = node.entries()[0].second;
    if (!pointer.is_scalar())
      return config_error(pointer.where(), "part: expected a JSON Pointer; got " +
                                               pointer.to_json() + "; write /a/b");
    if (auto parsed = json::parse_pointer(pointer.text()); !parsed) {
      return config_error(pointer.where(), "part: " + std::move(parsed).error().message());
    }
    add_piece(part_piece(pointer.text()));
    return {};
  }
  Status add_merge(const Node& node) {
    if (auto checked = only_keys(node, {"merge", "with"}); !checked) return checked;
    const Node& base = node.entries()[0].second;
    const Node* const with = node.find("with");
    if (!base.is_scalar() || base.text() != "input" || with == nullptr || !with->is_map()) {
      return config_error(node.where(), "merge: expected {merge: input, with: {name: …}}; got " +
                                            node.to_json() + "; only the input can be merged into");
    }
    std::vector<AddedMember> members;
    for (const auto& [key, value] : with->entries()) {
      Compiler inner(schema_, nonfinite_);
      inner.add_key(key, true);
      if (auto added = inner.add(value); !added) return added;
      members.push_back({key, inner.finish()});
    }
    add_piece(merge_piece(std::move(members)));
    return {};
  }

  const Schema& schema_;
  Nonfinite nonfinite_;
  std::string text_;
  Pieces pieces_;
};

}  // namespace

Result<Pieces> compile_template(const Node& value, const Schema& schema, Nonfinite nonfinite) {
  Compiler compiler(schema, nonfinite);
  if (value.is_null()) {
    compiler.add_all_columns();
  } else if (auto added = compiler.add(value); !added) {
    return std::move(added).error();
  }
  return compiler.finish();
}

}  // namespace thalweg::encode
