// JSON Schema of a pipeline file. Built as a Node, since that is a tree with a JSON text already.
#include "config/json_schema.h"

#include <initializer_list>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "config/json_text.h"
#include "config/pipeline.h"
#include "config/scalars.h"

namespace thalweg {

namespace {

Node text(std::string_view s) {
  return Node::scalar(std::string(s), true);
}
Node plain(std::string_view s) {
  return Node::scalar(std::string(s));
}
Node object(std::vector<std::pair<std::string, Node>> entries) {
  return Node::map(std::move(entries));
}
Node list(std::vector<Node> items) {
  return Node::sequence(std::move(items));
}
Node of_type(std::string_view type) {
  return object({{"type", text(type)}});
}
Node reference(std::string_view definition) {
  return object({{"$ref", text(fmt::format("#/$defs/{}", definition))}});
}
Node any_of(std::vector<Node> schemas) {
  return object({{"anyOf", list(std::move(schemas))}});
}

Node texts(const std::vector<std::string>& all) {
  Node node = list({});
  for (const std::string& one : all) node.append(text(one));
  return node;
}

// The settings of several sections that may stand in one map; the same name twice allows what either allows.
class Properties {
 public:
  void add(std::string_view name, Node schema) {
    const Node* before = all_.find(name);
    if (before == nullptr || before->to_json() == schema.to_json()) {
      all_.set(name, std::move(schema));
    } else {
      all_.set(name, any_of({*before, std::move(schema)}));
    }
  }
  [[nodiscard]] bool has(std::string_view name) const { return all_.find(name) != nullptr; }
  [[nodiscard]] Node take() { return std::move(all_); }

 private:
  Node all_ = Node::map({});
};

class SchemaWriter {
 public:
  SchemaWriter(const Registry& registry, const DocumentedParts& parts)
      : registry_(registry), parts_(parts) {}

  Node write();

 private:
  Node setting(const Setting& s, const Section& owner);
  Node type_of(const Setting& s, const Section& owner);
  Node node_of(const Setting& s, const Section& owner);
  Node number(const Setting& s, std::string_view type) const;
  // A section's schema: by reference, written once.
  Node section(const Section& s);
  Node section_body(const Section& s, Properties extra = {});
  Node with_shorthand(const Section& s, Node body);
  Node steps();
  Node models();
  Node fields();
  Node features();
  template <class Kind>
  void add_kinds(const std::vector<Kind>& kinds, Properties& properties);

  const Registry& registry_;
  const DocumentedParts& parts_;
  Node definitions_ = Node::map({});
  std::map<const Section*, std::string> written_;
};

Node SchemaWriter::number(const Setting& s, std::string_view type) const {
  Node node = of_type(type);
  if (s.min) node.set("minimum", plain(config::number_text(*s.min)));
  if (s.max) node.set("maximum", plain(config::number_text(*s.max)));
  return any_of({std::move(node), reference("expansion")});
}

Node pattern(std::string_view regex) {
  return object({{"type", text("string")}, {"pattern", text(regex)}});
}

// The names of a `format:`, as choices that do not forbid others: `${…}` may give one.
template <class Kind>
Node names_of(const std::vector<Kind>& kinds) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return any_of({object({{"enum", texts(names)}}), reference("expansion")});
}

Node SchemaWriter::type_of(const Setting& s, const Section& owner) {
  switch (s.type) {
    case SettingType::boolean: return any_of({of_type("boolean"), reference("expansion")});
    case SettingType::integer: return number(s, "integer");
    case SettingType::number: return number(s, "number");
    case SettingType::duration:
      return any_of({pattern("^[0-9.]+ ?(ms|s|m|h|d)$"), object({{"const", plain("0")}}),
                     reference("expansion")});
    case SettingType::bytes:
      return any_of({object({{"type", text("integer")}, {"minimum", plain("0")}}),
                     pattern("^[0-9.]+ ?([kKMGT]i?)?B?$"), reference("expansion")});
    case SettingType::string:
      if (s.name == "format" && &owner == &from_section()) return names_of(registry_.decoders());
      if (s.name == "format" && &owner == &to_section()) return names_of(registry_.encoders());
      if (!s.choices.empty())
        return any_of({object({{"enum", texts(s.choices)}}), reference("expansion")});
      return reference("scalar");
    case SettingType::path: return of_type("string");
    case SettingType::strings:
      return any_of(
          {reference("scalar"), object({{"type", text("array")}, {"items", reference("scalar")}})});
    case SettingType::map:
      return object({{"type", text("object")}, {"additionalProperties", reference("scalar")}});
    case SettingType::section: return section(*s.section);
    case SettingType::sections: {
      Node one = section(*s.section);
      Node many = object({{"type", text("array")}, {"items", one}});
      return any_of({std::move(one), std::move(many)});
    }
    case SettingType::node: return node_of(s, owner);
  }
  return object({});
}

// Free structures whose form is known here by their name.
Node SchemaWriter::node_of(const Setting& s, const Section& owner) {
  if (&owner == &pipeline_section() && s.name == "steps") return steps();
  if (&owner == &pipeline_section() && s.name == "models") return models();
  if (&owner == &from_section() && s.name == "fields") return fields();
  if (s.name == "features") return features();
  return object({});
}

Node SchemaWriter::setting(const Setting& s, const Section& owner) {
  Node node = type_of(s, owner);
  std::string doc = s.doc;
  if (!s.unit.empty() && s.type != SettingType::bytes) doc += fmt::format(" In {}.", s.unit);
  node.set("description", text(doc));
  if (s.fallback) {
    const Node written = plain(*s.fallback);
    const bool typed = s.type == SettingType::boolean || s.type == SettingType::integer ||
                       s.type == SettingType::number;
    node.set("default", typed ? written : text(*s.fallback));
  }
  return node;
}

Node SchemaWriter::with_shorthand(const Section& s, Node body) {
  for (const Setting& one : s.settings) {
    if (one.name == s.shorthand) return any_of({std::move(body), setting(one, s)});
  }
  return body;
}

Node SchemaWriter::section_body(const Section& s, Properties extra) {
  Properties properties;
  std::vector<std::string> required;
  for (const Setting& one : s.settings) {
    properties.add(one.name, setting(one, s));
    if (one.required) required.push_back(one.name);
  }
  if (&s == &from_section()) add_kinds(registry_.decoders(), properties);
  if (&s == &to_section()) add_kinds(registry_.encoders(), properties);
  Node more = extra.take();
  for (const auto& [name, schema] : more.entries()) properties.add(name, schema);
  Node body = of_type("object");
  body.set("description", text(s.doc));
  body.set("properties", properties.take());
  if (!required.empty()) body.set("required", texts(required));
  const bool kafka = s.open && &s != &from_section() && &s != &to_section();
  body.set("additionalProperties", kafka ? plain("true") : plain("false"));
  if (&s == &pipeline_section()) body.set("patternProperties", object({{"^x-", plain("true")}}));
  return body;
}

Node SchemaWriter::section(const Section& s) {
  auto [found, fresh] = written_.try_emplace(&s, s.name);
  if (fresh) {
    while (definitions_.find(found->second) != nullptr) found->second += "_";
    const std::string name = found->second;  // `found` moves when inner sections are written
    definitions_.set(name, Node());          // takes its place before the sections inside it
    definitions_.set(name, with_shorthand(s, section_body(s)));
    return reference(name);
  }
  return reference(found->second);
}

// What formats and runtimes add to the map they stand in.
template <class Kind>
void SchemaWriter::add_kinds(const std::vector<Kind>& kinds, Properties& properties) {
  for (const Kind& kind : kinds) {
    if (kind.section == nullptr) continue;
    for (const Setting& s : kind.section->settings) {
      Node schema = setting(s, *kind.section);
      schema.set("description", text(fmt::format("{} ({})", s.doc, kind.name)));
      properties.add(s.name, std::move(schema));
    }
  }
}

Node SchemaWriter::steps() {
  Properties kinds;
  std::vector<std::string> names;
  for (const OperatorKind& kind : registry_.operators()) {
    static const Section nothing{};
    const Section& s = kind.section == nullptr ? nothing : *kind.section;
    Properties name;
    name.add("name", object({{"type", text("string")},
                             {"description", text("A name of your own, for messages.")}}));
    Node settings = any_of({with_shorthand(s, section_body(s, std::move(name))), of_type("null")});
    settings.set("description", text(kind.doc));
    kinds.add(kind.name, std::move(settings));
    names.push_back(kind.name);
  }
  // One map with all kinds of which one must be chosen: the same as oneOf, but editors complete and explain it better.
  Node step = object({{"type", text("object")},
                      {"properties", kinds.take()},
                      {"additionalProperties", plain("false")},
                      {"minProperties", plain("1")},
                      {"maxProperties", plain("1")}});
  definitions_.set("step", any_of({std::move(step), object({{"enum", texts(names)}})}));
  return object({{"type", text("array")}, {"items", reference("step")}});
}

Node SchemaWriter::models() {
  if (parts_.model == nullptr) return of_type("object");
  Properties runtimes;
  add_kinds(registry_.runtimes(), runtimes);
  definitions_.set("model",
                   with_shorthand(*parts_.model, section_body(*parts_.model, std::move(runtimes))));
  return object({{"type", text("object")}, {"additionalProperties", reference("model")}});
}

Node SchemaWriter::fields() {
  if (parts_.field == nullptr) return of_type("object");
  return object({{"type", text("object")}, {"additionalProperties", section(*parts_.field)}});
}

// An expression is a field's name, a step's name, or a map with one step and its settings. Left open at the end: what else stands in the
// map depends on the step.
Node SchemaWriter::features() {
  if (definitions_.find("feature") == nullptr) {
    definitions_.set("feature", Node());
    Properties steps;
    for (const FeatureStepKind& kind : registry_.feature_steps()) {
      steps.add(kind.name, object({{"description", text(kind.doc)}}));
    }
    for (const FeatureStepKind& kind : registry_.feature_steps()) {
      if (kind.section == nullptr) continue;
      for (const Setting& s : kind.section->settings) {
        if (!steps.has(s.name))
          steps.add(s.name,
                    object({{"description", text(fmt::format("{} ({})", s.doc, kind.name))}}));
      }
    }
    Node step = of_type("object");
    step.set("properties", steps.take());
    definitions_.set("feature", any_of({reference("scalar"), std::move(step), of_type("array")}));
  }
  return object({{"type", text("object")}, {"additionalProperties", reference("feature")}});
}

Node SchemaWriter::write() {
  definitions_.set("expansion",
                   object({{"type", text("string")},
                           {"pattern", text("\\$\\{")},
                           {"description", text("${NAME}, ${NAME:-default} or ${file:path}")}}));
  definitions_.set("scalar", object({{"type", texts({"string", "number", "boolean"})}}));
  Node body = section_body(pipeline_section());
  Node schema = object({{"$schema", text("https://json-schema.org/draft/2020-12/schema")},
                        {"title", text("Thalweg pipeline")}});
  for (const auto& [key, value] : body.entries()) schema.set(key, value);
  schema.set("$defs", definitions_);
  return schema;
}

}  // namespace

std::string json_schema(const Registry& registry, const DocumentedParts& parts) {
  return config::pretty_json(SchemaWriter(registry, parts).write()) + "\n";
}

}  // namespace thalweg
