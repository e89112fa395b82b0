// The settings of `from` and `to`: the two ends of a pipeline. Their formats add settings of their own, so both are open.
#include "config/pipeline.h"

namespace thalweg {

namespace {

constexpr double gib = 1024.0 * 1024 * 1024;
constexpr double day_ms = 24.0 * 3600 * 1000;

const Section& from_kafka_section() {
  static const Section section{
      .name = "from.kafka",
      .doc = "librdkafka's properties for the consumers only, as `max.poll.interval.ms`.",
      .settings = {},
      .open = true};
  return section;
}

const Section& to_kafka_section() {
  static const Section section{
      .name = "to.kafka",
      .doc = "librdkafka's properties for the producer only, as `compression.type`.",
      .settings = {},
      .open = true};
  return section;
}

std::vector<Setting> from_settings() {
  return {
      {.name = "topic",
       .example = "incoming_tweet",
       .doc = "The topic to read; either this or `topics`."},
      {.name = "topics",
       .type = SettingType::strings,
       .example = "[incoming_tweet, incoming_tweet.retry]",
       .doc = "Several topics to read, all in the same format."},
      {.name = "format", .fallback = "json", .example = "bytes", .doc = "How a value is decoded."},
      {.name = "fields",
       .type = SettingType::node,
       .example = "{value: string}",
       .doc = "The fields of a record: `name: type`, or `name: {at: /json/pointer, type: …, "
              "default: …}`."},
      {.name = "start",
       .example = "earliest",
       .required = true,
       .doc = "Where to begin while the group has no committed offset: `earliest` reads the topic "
              "from its beginning, `latest` "
              "only what comes from now on, a time (2026-05-01T00:00:00Z, or milliseconds since "
              "1970) what is as young."},
      {.name = "on_null",
       .fallback = "dead",
       .choices = {"dead", "drop", "forward"},
       .example = "drop",
       .doc = "A record without a value (a tombstone): `dead` makes it a dead letter, `drop` "
              "filters it, `forward` passes key and "
              "null on to outputs without `when`."},
      {.name = "value_bytes_max",
       .type = SettingType::bytes,
       .unit = "bytes",
       .fallback = "16MiB",
       .min = 1,
       .max = gib,
       .example = "1MiB",
       .doc = "A larger value is a dead letter."},
      {.name = "max_age",
       .type = SettingType::duration,
       .min = 1,
       .max = day_ms * 3650,
       .example = "10m",
       .doc = "A record whose timestamp is older than this is a dead letter; if absent, age does "
              "not matter."},
      {.name = "kafka",
       .type = SettingType::section,
       .example = "{max.poll.interval.ms: 600000}",
       .section = &from_kafka_section(),
       .doc = "librdkafka's properties for the consumers only."},
  };
}

std::vector<Setting> to_settings() {
  return {
      {.name = "topic",
       .example = "tweet_disaster_inference",
       .required = true,
       .doc = "The topic to write to."},
      {.name = "value",
       .type = SettingType::node,
       .example = "{text: value, score: score}",
       .doc = "What is written. A bare word is a reference (a field, a feature, a model's output, "
              "`input`, `meta.*`, `headers.*`), "
              "a constant is `{const: x}`; if absent, the format decides."},
      {.name = "format",
       .fallback = "json",
       .example = "tensor",
       .doc = "How the value is encoded."},
      {.name = "key",
       .type = SettingType::node,
       .example = "card",
       .doc = "The key of the output: a reference, or null for none; if absent, the key of the "
              "input."},
      {.name = "when",
       .type = SettingType::node,
       .example = "{field: score, above: 0.9}",
       .doc = "Writes only the records that pass this condition, as in a `filter` step; if absent, "
              "all."},
      {.name = "headers",
       .fallback = "keep",
       .choices = {"keep", "none"},
       .example = "none",
       .doc = "Whether the headers of the input are carried over; the `thalweg` header is written "
              "in any case."},
      {.name = "kafka",
       .type = SettingType::section,
       .example = "{compression.type: zstd}",
       .section = &to_kafka_section(),
       .doc = "librdkafka's properties for the producer only."},
  };
}

}  // namespace

const Section& from_section() {
  static const Section section{.name = "from",
                               .doc =
                                   "What is read: topics, their format, and where to begin. Each "
                                   "format adds settings of its own.",
                               .settings = from_settings(),
                               .open = true};
  return section;
}

const Section& to_section() {
  static const Section section{
      .name = "to",
      .doc =
          "An output: the topic, and what is written to it. Each format adds settings of its own.",
      .settings = to_settings(),
      .open = true,
      .shorthand = "topic"};
  return section;
}

}  // namespace thalweg
