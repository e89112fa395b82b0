// Every setting of a pipeline file but those of `from` and `to` (stream_sections.cpp), declared once: parser, errors,
// reference page and JSON Schema come from here.
#include "config/control_section.h"
#include "config/error_rules.h"
#include "config/monitor_sections.h"
#include "config/pipeline.h"

namespace thalweg {

namespace {

constexpr double second = 1000;
constexpr double minute = 60 * second;
constexpr double hour = 60 * minute;
constexpr double day = 24 * hour;
constexpr double kib = 1024;
constexpr double mib = 1024 * kib;
constexpr double gib = 1024 * mib;

const Section& kafka_section() {
  static const Section section{.name = "kafka",
                               .doc =
                                   "librdkafka's own properties for all clients of the pipeline, "
                                   "under their own names; those that Thalweg needs for its "
                                   "promises (offsets, acknowledgements) are refused.",
                               .settings = {{.name = "bootstrap.servers",
                                             .fallback = "localhost:9092",
                                             .example = "\"broker-1:9092,broker-2:9092\"",
                                             .doc = "Brokers to ask first, comma-separated."}},
                               .open = true};
  return section;
}

const Section& dead_letters_section() {
  static const Section section{
      .name = "dead_letters",
      .doc =
          "Where a record goes that cannot go on, with the reason in its headers. Without it the "
          "pipeline stops at the first such "
          "record.",
      .settings = {{.name = "topic",
                    .example = "tweet_disaster.dead",
                    .required = true,
                    .doc = "The topic for dead letters; neither read nor written otherwise."},
                   {.name = "retry_topic",
                    .example = "tweet_disaster.retry",
                    .doc = "Where `thalweg dead replay` sends them; the pipeline reads it as a "
                           "further input, always from its beginning. If absent, nothing can be "
                           "sent again."},
                   {.name = "replays_max",
                    .type = SettingType::integer,
                    .unit = "times",
                    .fallback = "3",
                    .min = 1,
                    .max = 1000,
                    .example = "1",
                    .doc = "A record that was sent again so often, and died again, is not sent "
                           "any more."}},
      .shorthand = "topic"};
  return section;
}

const Section& create_topics_section() {
  static const Section section{
      .name = "create_topics",
      .doc = "Creates the topics that are missing at the start: outputs, dead letters and inputs.",
      .settings = {{.name = "enabled",
                    .type = SettingType::boolean,
                    .fallback = "false",
                    .example = "true",
                    .doc = "Without it a missing topic is an error."},
                   {.name = "partitions",
                    .type = SettingType::integer,
                    .unit = "partitions",
                    .min = 1,
                    .max = 100'000,
                    .example = "4",
                    .doc = "Partitions of a new topic; if absent, the broker's default."},
                   {.name = "replication_factor",
                    .type = SettingType::integer,
                    .unit = "replicas",
                    .min = 1,
                    .max = 100,
                    .example = "3",
                    .doc = "Copies of each partition; if absent, the broker's default."},
                   {.name = "config",
                    .type = SettingType::map,
                    .example = "{retention.ms: 86400000}",
                    .doc = "Kafka's own settings of a new topic."}},
      .shorthand = "enabled"};
  return section;
}

const Section& batch_section() {
  static const Section section{
      .name = "batch",
      .doc =
          "Bounds of a micro-batch. A batch is what had arrived when the worker came back for "
          "more; nothing waits for it to fill.",
      .settings = {
          {.name = "rows_max",
           .type = SettingType::integer,
           .unit = "rows",
           .fallback = "1024",
           .min = 1,
           .max = 1'000'000,
           .example = "256",
           .doc = "Most records of one batch."},
          {.name = "bytes_max",
           .type = SettingType::bytes,
           .unit = "bytes",
           .fallback = "16MiB",
           .min = kib,
           .max = 4 * gib,
           .example = "4MiB",
           .doc = "Most payload bytes of one batch; one record is always taken."},
          {.name = "in_flight",
           .type = SettingType::integer,
           .unit = "batches",
           .fallback = "2",
           .min = 1,
           .max = 64,
           .example = "4",
           .doc =
               "Batches that a worker may have under way while a slow or remote model answers."}}};
  return section;
}

const Section& watchdog_section() {
  static const Section section{
      .name = "watchdog",
      .doc = "Watches for model calls that do not return; they cannot be cancelled.",
      .settings = {
          {.name = "report_after",
           .type = SettingType::duration,
           .fallback = "30s",
           .min = 10,
           .max = day,
           .example = "5s",
           .doc = "A call that takes longer is reported in the log, and /livez answers 503."},
          {.name = "exit_after",
           .type = SettingType::duration,
           .fallback = "10m",
           .min = 10,
           .max = day,
           .example = "2m",
           .doc = "A call that takes longer ends the process, its offsets uncommitted, "
                  "with an exit code of its own."}}};
  return section;
}

const Section& http_section() {
  static const Section section{
      .name = "http",
      .doc =
          "Serves /metrics (Prometheus), /livez, /readyz and the API that changes models. Off "
          "unless given.",
      .settings = {{.name = "port",
                    .type = SettingType::integer,
                    .min = 0,
                    .max = 65535,
                    .example = "8080",
                    .required = true,
                    .doc = "The port to listen on; 0 takes any free one and logs it."},
                   {.name = "address",
                    .fallback = "127.0.0.1",
                    .example = "0.0.0.0",
                    .doc = "The address to listen on; any other than a loopback address may only "
                           "change models with a token."},
                   {.name = "token",
                    .example = "a-long-secret",
                    .secret = true,
                    .doc = "What a caller of the API and of `/monitoring` sends as "
                           "`Authorization: Bearer TOKEN`; metrics and health are open to all."},
                   {.name = "connections_max",
                    .type = SettingType::integer,
                    .fallback = "64",
                    .min = 16,
                    .max = 4096,
                    .example = "256",
                    .doc = "Connections at once; one more drops the one that has rested or "
                           "dawdled longest."}},
      .shorthand = "port"};
  return section;
}

const Section& log_section() {
  static const Section section{
      .name = "log",
      .doc = "What is logged to standard error, and how.",
      .settings =
          {{.name = "level",
            .fallback = "info",
            .choices = {"debug", "info", "warning", "error"},
            .example = "debug",
            .doc = "The least important lines still written."},
           {.name = "format",
            .fallback = "auto",
            .choices = {"auto", "human", "json"},
            .example = "json",
            .doc =
                "One JSON object a line, or text for people; auto chooses people on a terminal."}},
      .shorthand = "level"};
  return section;
}

std::vector<Setting> data_settings() {
  return {
      {.name = "pipeline",
       .example = "tweet-disaster",
       .required = true,
       .doc = "The pipeline's name: in logs, metrics and headers, and the consumer group unless "
              "`group` is set. Letters, digits, "
              "'.', '_' and '-'."},
      {.name = "group",
       .example = "tweet-disaster-blue",
       .doc = "The consumer group; if absent, the pipeline's name."},
      {.name = "workers",
       .type = SettingType::integer,
       .unit = "threads",
       .fallback = "1",
       .min = 1,
       .max = 1024,
       .example = "4",
       .doc = "Worker threads; each is a member of the consumer group, so more than there are "
              "partitions are idle."},
      {.name = "kafka",
       .type = SettingType::section,
       .example = "{bootstrap.servers: \"localhost:9092\"}",
       .section = &kafka_section(),
       .doc = "librdkafka's own properties, for all clients."},
      {.name = "models",
       .type = SettingType::node,
       .example = "{disaster: {path: models/tweet_cnn, runtime: tensorflow}}",
       .doc = "The models by name, for `infer` steps to call."},
      {.name = "from",
       .type = SettingType::section,
       .example = "{topic: incoming_tweet, start: earliest, fields: {value: string}}",
       .required = true,
       .section = &from_section(),
       .doc = "What is read."},
      {.name = "steps",
       .type = SettingType::node,
       .example = "[infer: {model: disaster}]",
       .doc = "What happens to the records, in order: a list of `kind: {settings}`; any step may "
              "have a `name`."},
      {.name = "to",
       .type = SettingType::sections,
       .example = "{topic: tweet_disaster_inference, value: {score: score}}",
       .required = true,
       .section = &to_section(),
       .doc = "What is written: one output, or a list of them."},
      {.name = "dead_letters",
       .type = SettingType::section,
       .example = "tweet_disaster.dead",
       .section = &dead_letters_section(),
       .doc = "Where records go that cannot go on; if absent, the pipeline stops at the first."},
      {.name = "errors",
       .type = SettingType::section,
       .example = "{codes: {not_json: skip}, dead_share_max: 0.1}",
       .section = &errors_section(),
       .doc = "Which records become dead letters, are skipped, or stop the pipeline."},
      {.name = "create_topics",
       .type = SettingType::section,
       .example = "true",
       .section = &create_topics_section(),
       .doc = "Creates missing topics."},
  };
}

std::vector<Setting> running_settings() {
  return {
      {.name = "delivery",
       .fallback = "at_least_once",
       .choices = {"at_least_once", "exactly_once"},
       .example = "at_least_once",
       .doc = "at_least_once commits an offset when every output of the record is acknowledged: "
              "nothing is lost, and a crash may write some outputs twice. exactly_once writes "
              "outputs, dead letters and offsets in transactions, for readers with "
              "isolation.level=read_committed."},
      {.name = "batch",
       .type = SettingType::section,
       .example = "{rows_max: 256}",
       .section = &batch_section(),
       .doc = "Bounds of a micro-batch."},
      {.name = "commit_interval",
       .type = SettingType::duration,
       .min = 1,
       .max = hour,
       .example = "200ms",
       .doc = "How often finished offsets are committed: what a crash makes a restart read again. "
              "If absent, 1s; under exactly_once 100ms, and outputs are readable only then."},
      {.name = "state_directory",
       .type = SettingType::path,
       .example = "/var/lib/thalweg/fraud",
       .doc = "Where this process keeps what it must find again after a restart: its id, which "
              "makes the `transactional.id`s of exactly_once, what is wanted of its models where "
              "`control` has no topic, and which records were inside of its steps, to find the one "
              "that ends the process. One process a directory (it is locked). If absent, the id is "
              "new at each start, and nobody is suspected."},
      {.name = "memory_max",
       .type = SettingType::bytes,
       .unit = "bytes",
       .fallback = "64MiB",
       .min = mib,
       .max = 1024 * gib,
       .example = "256MiB",
       .doc = "Most bytes of records held by the pipeline's workers together; past it they stop "
              "reading until outputs are "
              "acknowledged. Models are not counted."},
      {.name = "shutdown_timeout",
       .type = SettingType::duration,
       .fallback = "30s",
       .min = 1,
       .max = hour,
       .example = "10s",
       .doc = "How long a stop may take to finish and commit what is under way."},
      {.name = "control",
       .type = SettingType::section,
       .example = "thalweg.control",
       .section = &control_section(),
       .doc = "How models are changed while the pipeline runs."},
      {.name = "watchdog",
       .type = SettingType::section,
       .example = "{exit_after: 2m}",
       .section = &watchdog_section(),
       .doc = "Watches for model calls that hang."},
      {.name = "http",
       .type = SettingType::section,
       .example = "{port: 8080}",
       .section = &http_section(),
       .doc = "Serves metrics and health; off unless given."},
      {.name = "drift",
       .type = SettingType::section,
       .example = "{window: 10m}",
       .section = &drift_section(),
       .doc = "Watches fields and scores for drift; off unless given (`drift: {}` is enough)."},
      {.name = "comparison",
       .type = SettingType::section,
       .example = "{threshold: 0.8}",
       .section = &comparison_section(),
       .doc = "How the scores of a champion and of its shadow are compared."},
      {.name = "inference_log",
       .type = SettingType::section,
       .example = "{topic: fraud.inference, share: 0.1}",
       .section = &inference_log_section(),
       .doc = "Writes a sample of the predictions to a topic of its own; off unless given."},
      {.name = "log",
       .type = SettingType::section,
       .example = "{format: json}",
       .section = &log_section(),
       .doc = "What is logged, and how."},
  };
}

}  // namespace

const Section& pipeline_section() {
  static const Section section = [] {
    Section s{.name = "pipeline",
              .doc =
                  "A pipeline file: what is read, what happens to it, what is written. Keys that "
                  "begin with `x-` are ignored, as "
                  "a place for YAML anchors.",
              .settings = data_settings()};
    for (Setting& setting : running_settings()) s.settings.push_back(std::move(setting));
    return s;
  }();
  return section;
}

}  // namespace thalweg
