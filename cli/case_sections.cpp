#include "cli/case_sections.h"

namespace thalweg::cli {
namespace {

const Section& input_section() {
  static const Section section{
      .name = "input",
      .doc = "The record that goes in.",
      .settings = {
          {.name = "value",
           .type = SettingType::node,
           .example = "{value: \"Forest fire\"}",
           .required = true,
           .doc = "A map or list is sent as JSON, a text as it stands, `{base64: …}` as bytes, "
                  "null as a tombstone."},
          {.name = "key",
           .type = SettingType::node,
           .example = "k1",
           .doc = "The key, written as the value is."},
          {.name = "headers",
           .type = SettingType::node,
           .example = "{source: app}",
           .doc = "The headers: a map of name and value."},
          {.name = "timestamp",
           .type = SettingType::integer,
           .unit = "ms",
           .example = "1700000000000",
           .doc = "The record's time, in milliseconds since 1970; if absent, the clock's."},
          {.name = "topic",
           .example = "incoming_tweet",
           .doc = "The topic it comes from; needed where the pipeline reads several."},
          {.name = "partition",
           .type = SettingType::integer,
           .fallback = "0",
           .min = 0,
           .max = 1023,
           .example = "1",
           .doc = "The partition it comes from."}}};
  return section;
}

const Section& output_section() {
  static const Section section{
      .name = "output",
      .doc = "A record that must come out.",
      .settings = {{.name = "topic",
                    .example = "tweet_disaster_inference",
                    .doc = "The topic it goes to; needed where the pipeline has several outputs."},
                   {.name = "value",
                    .type = SettingType::node,
                    .example = "{score: 0.98}",
                    .doc = "What it must be: JSON is compared as JSON, `{base64: …}` as bytes, "
                           "null is a tombstone; if absent, anything."},
                   {.name = "subset",
                    .type = SettingType::boolean,
                    .fallback = "false",
                    .example = "true",
                    .doc = "Members that are not named may be there."},
                   {.name = "key",
                    .type = SettingType::node,
                    .example = "k1",
                    .doc = "What the key must be; null: none. If absent, anything."},
                   {.name = "headers",
                    .type = SettingType::node,
                    .example = "{source: app, secret: null}",
                    .doc = "Headers that must be there; null: must not be there; a map names "
                           "entries of a `name=value,…` header."}}};
  return section;
}

const Section& dead_section() {
  static const Section section{
      .name = "dead",
      .doc = "The record must become a dead letter.",
      .settings = {{.name = "code",
                    .example = "missing_field",
                    .required = true,
                    .doc = "The code of its reason."},
                   {.name = "message", .example = "amount", .doc = "A part of its message."}},
      .shorthand = "code"};
  return section;
}

const Section& case_section() {
  static const Section section{
      .name = "cases",
      .doc =
          "One record, and what must come of it: `output`, `outputs`, `filtered: true` or `dead`.",
      .settings = {{.name = "name",
                    .example = "a fire is a disaster",
                    .required = true,
                    .doc = "The claim, as a sentence."},
                   {.name = "input",
                    .type = SettingType::section,
                    .example = "{value: {value: \"Forest fire\"}}",
                    .required = true,
                    .section = &input_section(),
                    .doc = "The record that goes in."},
                   {.name = "output",
                    .type = SettingType::section,
                    .example = "{value: {score: 0.98}}",
                    .section = &output_section(),
                    .doc = "The only record that comes out."},
                   {.name = "outputs",
                    .type = SettingType::sections,
                    .example = "[{topic: scores, value: {score: 0.98}}, {topic: alerts}]",
                    .section = &output_section(),
                    .doc = "All records that come out, in the order of each topic."},
                   {.name = "filtered",
                    .type = SettingType::boolean,
                    .example = "true",
                    .doc = "Nothing comes out, and that is right."},
                   {.name = "dead",
                    .type = SettingType::section,
                    .example = "missing_field",
                    .section = &dead_section(),
                    .doc = "The record becomes a dead letter, for this reason."}}};
  return section;
}

}  // namespace

const Section& case_file_section() {
  static const Section section{
      .name = "case file",
      .doc = "The cases of a pipeline, for `thalweg test`.",
      .settings = {{.name = "tolerance",
                    .type = SettingType::number,
                    .fallback = "1e-5",
                    .min = 0,
                    .max = 1,
                    .example = "1e-4",
                    .doc = "How far numbers may be off, absolutely or relatively; whole numbers "
                           "must be equal."},
                   {.name = "now",
                    .example = "2026-05-01T00:00:00Z",
                    .doc = "What the clock says, for `max_age`; not before 2023-11-14T22:13:20Z, "
                           "which it says if absent."},
                   {.name = "cases",
                    .type = SettingType::sections,
                    .example = "[{name: no text, input: {value: {}}, dead: missing_field}]",
                    .required = true,
                    .section = &case_section(),
                    .doc = "The cases."}}};
  return section;
}

const std::vector<std::string>& dead_letter_codes() {
  static const std::vector<std::string> codes = [] {
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
      const auto code = static_cast<Code>(i);
      if (domain_of(code) == Domain::user && retry_of(code) == Retry::no)
        names.emplace_back(to_string(code));
    }
    return names;
  }();
  return codes;
}

}  // namespace thalweg::cli
