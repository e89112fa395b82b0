// The pipeline file: its settings, declared once, and its reader.
//
//   auto file = read_pipeline("tweets.yaml", {{"workers", "4"}});     // --set workers=4
//   if (!file) return file.error();
//   file->values.integer("workers");                                    // 4
//   file->values.section("from").string("start");                       // "earliest"
//   file->values.sections("to").at(0).string("topic");
//
// What is checked here is what needs no broker, model or registry: names, types, ranges, and settings that contradict each
// other. Kinds (steps, formats, runtimes) and references belong to those who know them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"
#include "thalweg/settings.h"

namespace thalweg {

struct PipelineFile {
  Values values;       // read by pipeline_section()
  Node root;           // the tree after expansion and overrides; secrets are marked
  std::string path;    // as given; empty: built in code
  std::string folder;  // of path; empty: the process's own
};

// `--set a.b.c=value`: (a.b.c, value). The value is YAML. List items by number: `to.0.topic`. Behind `kafka` the rest is one name:
// `kafka.bootstrap.servers`.
using Overrides = std::vector<std::pair<std::string, std::string>>;
// Splits "a.b.c=value" at the first '='.
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_override(std::string_view text);

// Errors: config_invalid, with file, line and cure.
[[nodiscard]] Result<PipelineFile> read_pipeline(const std::string& path,
                                                 const Overrides& overrides = {});
// `name` stands in errors, and relative paths are relative to its folder.
[[nodiscard]] Result<PipelineFile> read_pipeline_text(std::string_view text,
                                                      const std::string& name,
                                                      const Overrides& overrides = {});
// From a tree built in code. `to` may be an empty list there: outputs are then the application's business.
[[nodiscard]] Result<PipelineFile> read_pipeline_node(Node root, const Overrides& overrides = {});

// --- the declarations -----------------------------------------------------------------------------------------

[[nodiscard]] const Section& pipeline_section();
// The common settings of a source and an output; both are open, since each format adds its own.
[[nodiscard]] const Section& from_section();
[[nodiscard]] const Section& to_section();

// The settings that a format adds to `from` or to an output: reads what `common` (read by common_section) left over. `format` may be
// null: then nothing may be left over. An unknown key is compared with the names of both.
[[nodiscard]] Result<Values> read_format_settings(const Section& common_section,
                                                  const Values& common, const Section* format);

// --- parts that need a second look -----------------------------------------------------------------------------

// `- infer: {name: scorer, model: …}`
struct Step {
  std::string kind;       // "infer"
  std::string name;       // "scorer", or empty
  Node settings;          // the map without `name`; null node if there is none
  Where where;            // of the kind
  std::size_t index = 0;  // from 0
  // "step infer", or "step scorer (infer)": front of error messages.
  [[nodiscard]] std::string label() const;
};
// In order. read_pipeline has checked that this works; the error is for trees that did not pass there.
[[nodiscard]] Result<std::vector<Step>> steps_of(const Node& steps);

// `start:` while the group has no committed offset.
struct Start {
  enum class Kind : std::uint8_t { earliest, latest, time };
  Kind kind = Kind::earliest;
  Timestamp time;  // Kind::time only: the first record at or after it
};
// "earliest", "latest", an RFC 3339 time ("2026-05-01T00:00:00Z") or milliseconds since the epoch.
[[nodiscard]] Result<Start> parse_start(std::string_view text);

// `topic` or `topics` of `from`.
[[nodiscard]] std::vector<std::string> input_topics(const Values& from);

// Everything the pipeline reads: those, and the retry topic of its dead letters.
[[nodiscard]] std::vector<std::string> read_topics(const Values& pipeline);

// Where the file sends what the shadows of its models say: each `models.NAME.shadow.topic`.
struct ShadowTopic {
  std::string model;
  std::string topic;
  Where where;
};
[[nodiscard]] std::vector<ShadowTopic> shadow_topics(const Values& pipeline);
// Of a `control` section: where the history of changes goes. Empty: nowhere, there is no control topic.
[[nodiscard]] std::string audit_topic(const Values& control);
// Every topic that it reads or writes in earnest, so that nothing else may be written there: shadows' topics are not among them.
[[nodiscard]] std::vector<std::string> own_topics(const Values& pipeline);

// One of librdkafka's own properties, as written under a `kafka:` key. Its name is for source and sink to check.
struct KafkaProperty {
  std::string name;
  std::string value;
  Where where;
  bool secret = false;
};
// `kafka` is a Values of a `kafka:` key; defaults declared here (bootstrap.servers) come first.
[[nodiscard]] std::vector<KafkaProperty> kafka_properties(const Values& kafka);

}  // namespace thalweg
