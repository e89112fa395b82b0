// Claims about what is generated from the declarations: the JSON Schema and the reference page.
#include "config/reference.h"

#include <gtest/gtest.h>

#include "config/json_schema.h"
#include "config/pipeline.h"
#include "config/yaml_reader.h"

namespace thalweg {
namespace {

const Section filter_section{
    .name = "filter",
    .doc = "Lets pass.",
    .settings =
        {{.name = "above", .type = SettingType::number, .example = "0.9", .doc = "Greater | than."},
         {.name = "field", .example = "x", .required = true, .doc = "Which."}},
    .shorthand = "field"};
const Section infer_section{
    .name = "infer",
    .doc = "Calls.",
    .settings = {{.name = "features", .type = SettingType::node, .doc = "F."}}};
const Section csv_section{.name = "csv",
                          .doc = ".",
                          .settings = {{.name = "separator", .fallback = ",", .doc = "Between."}}};
const Section clip_section{
    .name = "clip",
    .doc = ".",
    .settings = {{.name = "low", .type = SettingType::number, .doc = "Least."}}};
const Section cpu_section{.name = "cpu",
                          .doc = ".",
                          .settings = {{.name = "threads",
                                        .type = SettingType::integer,
                                        .fallback = "1",
                                        .min = 1,
                                        .doc = "How many."}}};
const Section model_part{
    .name = "model",
    .doc = "A model.",
    .settings = {{.name = "path", .type = SettingType::path, .required = true, .doc = "Where."}}};
const Section field_part{.name = "field",
                         .doc = "A field.",
                         .settings = {{.name = "type", .required = true, .doc = "Its type."}},
                         .shorthand = "type"};

Registry kinds() {
  Registry registry;
  registry.add(DecoderKind{.name = "json", .doc = "JSON.", .make = {}});
  registry.add(DecoderKind{.name = "csv", .doc = "Lines.", .section = &csv_section, .make = {}});
  registry.add(OperatorKind{
      .name = "filter", .doc = "Passes rows.", .section = &filter_section, .make = {}});
  registry.add(OperatorKind{
      .name = "infer", .doc = "Calls a model.", .section = &infer_section, .make = {}});
  registry.add(FeatureStepKind{
      .name = "clip", .doc = "Clips, as numpy.clip.", .section = &clip_section, .make = {}});
  registry.add(EncoderKind{.name = "json", .doc = "JSON.", .make = {}});
  registry.add(
      RuntimeKind{.name = "cpu", .doc = "Runs here.", .section = &cpu_section, .make = {}});
  return registry;
}

const DocumentedParts parts{.model = &model_part, .field = &field_part};

// The node at a JSON Pointer ("~1" for '/').
const Node* at(const Node& root, std::string_view pointer) {
  const Node* node = &root;
  while (!pointer.empty() && node != nullptr) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string key(pointer.substr(0, end));
    node = node->is_sequence() ? &node->items().at(static_cast<std::size_t>(std::stoi(key)))
                               : node->find(key);
    pointer.remove_prefix(end);
  }
  return node;
}

Node schema() {
  auto node = read_yaml(json_schema(kinds(), parts), {.name = "schema", .expand = false});
  EXPECT_TRUE(node.ok()) << node.error().message();
  return *std::move(node);
}

void references_resolve(const Node& node, const Node& root) {
  if (const Node* to = node.find("$ref"); to != nullptr && to->is_scalar()) {
    const Node* found = at(root, to->text().substr(1));
    EXPECT_TRUE(found != nullptr && found->is_map()) << to->text();
  }
  for (const Node& item : node.items()) references_resolve(item, root);
  for (const auto& [key, value] : node.entries()) references_resolve(value, root);
}

TEST(JsonSchema, Every_top_level_setting_is_there_with_its_sentence) {
  const Node root = schema();
  EXPECT_EQ(at(root, "/$schema")->text(), "https://json-schema.org/draft/2020-12/schema");
  for (const Setting& setting : pipeline_section().settings) {
    const Node* property = at(root, "/properties/" + setting.name);
    ASSERT_NE(property, nullptr) << setting.name;
    EXPECT_TRUE(property->find("description")->text().starts_with(setting.doc)) << setting.name;
  }
  EXPECT_EQ(at(root, "/required")->to_json(), R"(["pipeline","from","to"])");
  EXPECT_EQ(at(root, "/additionalProperties")->as_boolean(), false);
  EXPECT_NE(at(root, "/patternProperties/^x-"), nullptr);
}

TEST(JsonSchema, Every_reference_leads_somewhere) {
  const Node root = schema();
  references_resolve(root, root);
}

TEST(JsonSchema, Types_ranges_and_defaults_come_from_the_declarations) {
  const Node root = schema();
  EXPECT_EQ(at(root, "/properties/workers/anyOf/0")->to_json(),
            R"({"type":"integer","minimum":1,"maximum":1024})");
  EXPECT_EQ(at(root, "/properties/workers/default")->to_json(), "1");
  EXPECT_EQ(at(root, "/properties/shutdown_timeout/default")->to_json(), R"("30s")");
  EXPECT_EQ(at(root, "/$defs/from/properties/on_null/anyOf/0/enum")->to_json(),
            R"(["dead","drop","forward"])");
  EXPECT_EQ(at(root, "/$defs/kafka/additionalProperties")->as_boolean(), true);
}

TEST(JsonSchema, Kinds_come_from_the_registry) {
  const Node root = schema();
  EXPECT_EQ(at(root, "/$defs/step/anyOf/0/properties/filter/description")->text(), "Passes rows.");
  EXPECT_NE(at(root, "/$defs/step/anyOf/0/properties/filter/anyOf/0/anyOf/0/properties/name"),
            nullptr);
  EXPECT_EQ(at(root, "/$defs/step/anyOf/1/enum")->to_json(), R"(["filter","infer"])");
  EXPECT_EQ(at(root, "/$defs/from/properties/format/anyOf/0/enum")->to_json(), R"(["json","csv"])");
  EXPECT_EQ(at(root, "/$defs/from/properties/separator/description")->text(), "Between. (csv)");
  EXPECT_NE(at(root, "/$defs/model/properties/threads"), nullptr);
  EXPECT_NE(at(root, "/$defs/model/properties/path"), nullptr);
  EXPECT_EQ(at(root, "/properties/models/additionalProperties/$ref")->text(), "#/$defs/model");
  EXPECT_EQ(at(root, "/$defs/from/properties/fields/additionalProperties/$ref")->text(),
            "#/$defs/field");
  EXPECT_EQ(at(root, "/$defs/feature/anyOf/1/properties/clip/description")->text(),
            "Clips, as numpy.clip.");
  EXPECT_EQ(at(root, "/$defs/feature/anyOf/1/properties/low/description")->text(), "Least. (clip)");
}

TEST(JsonSchema, Without_kinds_and_parts_it_is_a_schema_still) {
  auto node = read_yaml(json_schema(Registry()), {.name = "schema", .expand = false});
  ASSERT_TRUE(node.ok());
  references_resolve(*node, *node);
}

bool in_order(const std::string& page, std::initializer_list<std::string_view> parts_wanted) {
  std::size_t from = 0;
  for (const std::string_view part : parts_wanted) {
    from = page.find(part, from);
    if (from == std::string::npos) {
      ADD_FAILURE() << "not found, or not there: " << part;
      return false;
    }
  }
  return true;
}

TEST(Reference, Sections_kinds_and_codes_stand_in_the_order_of_a_file) {
  const std::string page = reference_markdown(kinds(), parts);
  EXPECT_TRUE(in_order(
      page, {"# Settings reference", "## Pipeline file", "### kafka",         "### from",
             "#### from.kafka",      "### to",           "### log",           "## Fields",
             "## Input formats",     "### `csv`",        "`separator`",       "## Models",
             "## Model runtimes",    "### `cpu`",        "## Steps",          "### `filter`",
             "## Feature steps",     "### `clip`",       "## Output formats", "## Error codes",
             "`null_value`",         "`internal`"}));
}

TEST(Reference, A_row_says_what_is_expected_the_default_and_an_example) {
  const std::string page = reference_markdown(kinds(), parts);
  EXPECT_NE(page.find("| `rows_max` | a whole number of rows between 1 and 1000000 | `1024` | Most "
                      "records of one batch. Example: "
                      "`rows_max: 256`. |\n"),
            std::string::npos);
  EXPECT_NE(page.find("| `above` | a number | none | Greater \\| than. Example: `above: 0.9`. |\n"),
            std::string::npos);
  EXPECT_NE(page.find("| `field` | a text | **required** | Which. Example: `field: x`. |\n\nA "
                      "value in place of the map is `field`.\n"),
            std::string::npos);
  EXPECT_NE(page.find("See [from](#from)."), std::string::npos);
}

}  // namespace
}  // namespace thalweg
