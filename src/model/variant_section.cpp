#include "model/variant_section.h"

#include <algorithm>

namespace thalweg {
namespace {

const Section& variant_section() {
  static const Section& section = *new Section{
      .name = "variant",
      .doc = "One of several versions that answer at the same time, each its share of the keys.",
      .settings = {
          {.name = "name",
           .type = SettingType::string,
           .example = "b",
           .required = true,
           .doc = "What the output header, metrics and reports call it."},
          {.name = "version",
           .type = SettingType::string,
           .fallback = "latest",
           .example = "4",
           .doc = "Which version: as the model's own `version`."},
          {.name = "share",
           .type = SettingType::string,
           .example = "10%",
           .required = true,
           .doc = "How many of the keys it answers: a percentage with two decimals at most. All "
                  "shares add up to 100 %. The variants take the buckets in the order written, so "
                  "that a change of two neighbours' shares moves only the border between them."},
      }};
  return section;
}

const Section& shadow_section() {
  static const Section& section = *new Section{
      .name = "shadow",
      .doc = "A version that sees the same rows and answers to nobody, to be compared.",
      .settings =
          {
              {.name = "version",
               .type = SettingType::string,
               .example = "5",
               .required = true,
               .doc = "Which version: as the model's own `version`."},
              {.name = "topic",
               .type = SettingType::string,
               .example = "fraud.shadow",
               .doc = "Where its answers are written, each beside that of the version in use, as "
                      "JSON; if absent, they are only measured."},
              {.name = "cpu_share",
               .type = SettingType::number,
               .fallback = "0.5",
               .min = cpu_share_min,
               .max = cpu_share_max,
               .doc = "What it may use, in processor cores, for all workers together."},
          },
      .shorthand = "version"};
  return section;
}

}  // namespace

const Section& variant_settings() {
  static const Section& section = *new Section{
      .name = "model",
      .doc = {},
      .settings = {
          {.name = "variants",
           .type = SettingType::sections,
           .example = "[{name: a, version: 3, share: 90%}, {name: b, version: 4, share: 10%}]",
           .section = &variant_section(),
           .doc = "Several versions that answer at the same time, in place of `version`; the first "
                  "is the champion."},
          {.name = "shadow",
           .type = SettingType::section,
           .example = "{version: 5, topic: fraud.shadow, cpu_share: 0.25}",
           .section = &shadow_section(),
           .doc = "A version that sees the same rows and answers to nobody."},
          {.name = "salt",
           .type = SettingType::string,
           .example = "fraud-2026-11",
           .doc = "What is hashed with the key to find a record's variant; unset: the model's "
                  "name. Another one deals all keys anew."},
          {.name = "key",
           .type = SettingType::string,
           .example = "card",
           .doc = "The field, a string or a whole number, whose value decides the variant; unset: "
                  "the record's key, and without one its topic, partition and offset."},
      }};
  return section;
}

bool is_variant_setting(std::string_view name) {
  const auto& settings = variant_settings().settings;
  return std::any_of(settings.begin(), settings.end(),
                     [name](const Setting& setting) { return setting.name == name; });
}

}  // namespace thalweg
