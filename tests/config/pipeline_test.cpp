// Claims about the pipeline file: what is read, which defaults hold, what is refused and with which words.
#include "config/pipeline.h"

#include <gtest/gtest.h>

#include "config/delivery.h"
#include "config/yaml_reader.h"

namespace thalweg {
namespace {

const std::string tweets = R"(pipeline: tweet-disaster
kafka: { bootstrap.servers: "localhost:9092" }
models:
  disaster: { path: models/tweet_cnn, runtime: tensorflow }
from:
  topic: incoming_tweet
  format: json
  start: earliest
  fields: { value: string }
steps:
  - infer: { model: disaster, outputs: { dense_5: score } }
to: { topic: tweet_disaster_inference, value: { text: value, score: score } }
dead_letters: { topic: tweet_disaster.dead }
)";

const std::string small = "pipeline: p\nfrom: {topic: a, start: earliest}\nto: b\n";

PipelineFile good(const std::string& text, const Overrides& overrides = {}) {
  auto file = read_pipeline_text(text, "conf/t.yaml", overrides);
  if (file.ok()) return *std::move(file);
  ADD_FAILURE() << file.error().message();
  return *read_pipeline_text(small, "conf/t.yaml");
}

std::string error_of(const std::string& text, const Overrides& overrides = {}) {
  auto file = read_pipeline_text(text, "t.yaml", overrides);
  if (file.ok()) return "no error";
  EXPECT_EQ(file.error().code(), Code::config_invalid);
  return file.error().message();
}

// `small` with one line more, which is line 4.
std::string with(const std::string& line) {
  return small + line + "\n";
}

TEST(Pipeline, The_tweets_pipeline_is_read) {
  const PipelineFile f = good(tweets);
  const Values& v = f.values;
  EXPECT_EQ(v.string("pipeline"), "tweet-disaster");
  EXPECT_EQ(v.section("from").string("topic"), "incoming_tweet");
  EXPECT_EQ(v.section("from").node("fields").to_json(), R"({"value":"string"})");
  EXPECT_EQ(v.node("models").find("disaster")->find("path")->text(), "models/tweet_cnn");
  ASSERT_EQ(v.sections("to").size(), 1U);
  EXPECT_EQ(v.sections("to")[0].node("value").to_json(), R"({"text":"value","score":"score"})");
  EXPECT_EQ(v.section("dead_letters").string("topic"), "tweet_disaster.dead");
  EXPECT_EQ(f.path, "conf/t.yaml");
  EXPECT_EQ(f.folder, "conf");
}

TEST(Pipeline, Everything_else_has_a_default) {
  const Values v = good(small).values;
  EXPECT_EQ(v.integer("workers"), 1);
  EXPECT_FALSE(v.has("group"));
  EXPECT_EQ(v.string("delivery"), "at_least_once");
  EXPECT_EQ(v.section("kafka").string("bootstrap.servers"), "localhost:9092");
  EXPECT_EQ(v.section("from").string("format"), "json");
  EXPECT_EQ(v.section("from").string("on_null"), "dead");
  EXPECT_EQ(v.section("from").integer("value_bytes_max"), 16 << 20);
  EXPECT_FALSE(v.section("from").has("max_age"));
  EXPECT_EQ(v.sections("to").at(0).string("topic"), "b");
  EXPECT_EQ(v.sections("to").at(0).string("headers"), "keep");
  EXPECT_FALSE(v.sections("to").at(0).given("key"));
  EXPECT_FALSE(v.given("dead_letters"));
  EXPECT_FALSE(v.given("http"));
  EXPECT_FALSE(v.section("create_topics").boolean("enabled"));
  EXPECT_EQ(v.section("batch").integer("rows_max"), 1024);
  EXPECT_EQ(v.section("batch").integer("bytes_max"), 16 << 20);
  EXPECT_EQ(v.section("batch").integer("in_flight"), 2);
  EXPECT_EQ(commit_interval_of(v).count(), 1000);
  EXPECT_EQ(v.integer("memory_max"), 64 << 20);
  EXPECT_EQ(v.integer("shutdown_timeout"), 30'000);
  EXPECT_EQ(v.section("watchdog").integer("report_after"), 30'000);
  EXPECT_EQ(v.section("watchdog").integer("exit_after"), 600'000);
  EXPECT_EQ(v.section("log").string("level"), "info");
  EXPECT_TRUE(steps_of(v.node("steps"))->empty());
}

TEST(Pipeline, Shorthands_stand_for_their_one_setting) {
  const Values v =
      good(small + "dead_letters: d\nhttp: 8080\ncreate_topics: true\nlog: debug\n").values;
  EXPECT_EQ(v.section("dead_letters").string("topic"), "d");
  EXPECT_EQ(v.section("http").integer("port"), 8080);
  EXPECT_TRUE(v.section("create_topics").boolean("enabled"));
  EXPECT_EQ(v.section("log").string("level"), "debug");
  EXPECT_EQ(good("pipeline: p\nfrom: {topic: a, start: latest}\nto: [b, {topic: c, key: null}]\n")
                .values.sections("to")
                .size(),
            2U);
}

TEST(Pipeline, Outputs_may_be_none_in_so_many_words) {
  EXPECT_TRUE(good("pipeline: p\nfrom: {topic: a, start: earliest}\nto: []\n")
                  .values.sections("to")
                  .empty());
}

TEST(Pipeline, A_null_key_is_not_an_absent_key) {
  const Values v =
      good("pipeline: p\nfrom: {topic: a, start: latest}\nto: {topic: b, key: null}\n").values;
  EXPECT_TRUE(v.sections("to")[0].given("key"));
  EXPECT_TRUE(v.sections("to")[0].node("key").is_null());
}

TEST(Pipeline, Keys_that_begin_with_x_are_a_place_for_anchors) {
  const PipelineFile f = good("x-out: &out {format: bytes}\n" +
                              small.substr(0, small.rfind("to:")) + "to: {<<: *out, topic: b}\n");
  EXPECT_EQ(f.values.sections("to")[0].string("format"), "bytes");
  EXPECT_EQ(f.root.find("x-out"), nullptr);
}

TEST(Pipeline, An_empty_or_wrong_file_is_an_error) {
  EXPECT_EQ(error_of(""),
            "t.yaml:1: expected a pipeline; got an empty file; `thalweg model DIR` prints one to "
            "start from");
  EXPECT_EQ(error_of("hello"),
            "t.yaml:1: pipeline: expected a map of settings; got 'hello'; write its settings one a "
            "line, as pipeline: …");
  EXPECT_EQ(error_of("- a"),
            "t.yaml:1: pipeline: expected a map of settings; got a list of 1; write its settings "
            "one a line, as pipeline: …");
}

TEST(Pipeline, What_is_required_is_named_with_its_sense) {
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a}\nto: b\n"),
            "t.yaml:2: from: expected the setting 'start' (a text); got none; write start: "
            "earliest. Where to begin while the "
            "group has no committed offset: `earliest` reads the topic from its beginning, "
            "`latest` only what comes from now "
            "on, a time (2026-05-01T00:00:00Z, or milliseconds since 1970) what is as young.");
  EXPECT_TRUE(error_of("from: {topic: a, start: latest}\nto: b\n")
                  .starts_with("t.yaml:1: pipeline: expected the setting 'pipeline' (a text); got "
                               "none; write pipeline: "
                               "tweet-disaster. "));
  EXPECT_TRUE(error_of("pipeline: p\nto: b\n")
                  .starts_with("t.yaml:1: pipeline: expected the setting 'from'"));
  EXPECT_TRUE(error_of("pipeline: p\nfrom: {topic: a, start: latest}\n")
                  .starts_with("t.yaml:1: pipeline: expected the setting 'to'"));
  EXPECT_TRUE(error_of(with("http: {address: x}"))
                  .starts_with("t.yaml:4: http: expected the setting 'port'"));
}

TEST(Pipeline, Misspelt_settings_are_suggested) {
  EXPECT_EQ(
      error_of(with("worker: 4")),
      "t.yaml:4: pipeline: expected one of its settings; got 'worker'. Did you mean 'workers'?");
  EXPECT_EQ(error_of(with("delivery: exactly-once")),
            "t.yaml:4: pipeline: delivery: expected 'at_least_once' or 'exactly_once'; got "
            "'exactly-once'. Did you mean "
            "'exactly_once'?");
}

TEST(Pipeline, Names_must_be_what_Kafka_accepts) {
  EXPECT_EQ(error_of("pipeline: my pipeline\nfrom: {topic: a, start: latest}\nto: b\n"),
            "t.yaml:1: pipeline: expected letters, digits, '.', '_' and '-', at most 249; got 'my "
            "pipeline'; write pipeline: "
            "tweet-disaster");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: ^a.*, start: latest}\nto: b\n"),
            "t.yaml:2: from: expected a topic name (letters, digits, '.', '_', '-', at most 249); "
            "got '^a.*'; patterns are not "
            "read; name each topic under topics");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, start: latest}\nto: \"b c\"\n"),
            "t.yaml:3: to: expected a topic name (letters, digits, '.', '_', '-', at most 249); "
            "got 'b c'; correct the name");
  EXPECT_EQ(error_of(with("group: ''")),
            "t.yaml:4: group: expected a name; got an empty text; remove it, and the pipeline's "
            "name is the group");
}

TEST(Pipeline, A_source_has_one_topic_or_several_not_both) {
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, topics: [b], start: latest}\nto: c\n"),
            "t.yaml:2: from: expected either 'topic' or 'topics'; got both; keep one of them");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {start: latest}\nto: c\n"),
            "t.yaml:2: from: expected the setting 'topic' (what to read); got none; write topic: "
            "incoming_tweet");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topics: [a, b, a], start: latest}\nto: c\n"),
            "t.yaml:2: from: topics: expected every topic once; got 'a' twice; remove one");
  EXPECT_EQ(input_topics(good("pipeline: p\nfrom: {topics: [x, y], start: latest}\nto: c\n")
                             .values.section("from")),
            (std::vector<std::string>{"x", "y"}));
}

TEST(Pipeline, A_loop_is_refused) {
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, start: latest}\nto:\n  - b\n  - a\n"),
            "t.yaml:5: to: expected another topic than the one that is read; got 'a', so that the "
            "pipeline would read its own "
            "output for ever; name another topic");
  EXPECT_EQ(error_of(with("dead_letters: a")),
            "t.yaml:4: dead_letters: expected a topic of its own; got 'a', which is read too; name "
            "another topic");
  EXPECT_EQ(error_of(with("dead_letters: b")),
            "t.yaml:4: dead_letters: expected a topic of its own; got 'b', which is written to "
            "too; name another topic");
}

TEST(Pipeline, Exactly_once_commits_ten_times_as_often_and_bounds_a_transaction_by_ten_seconds) {
  const PipelineFile f = good(with("delivery: exactly_once"));
  EXPECT_TRUE(exactly_once(f.values));
  EXPECT_EQ(commit_interval_of(f.values).count(), 100);
  EXPECT_EQ(transaction_timeout_of(f.values).count(), 10'000);
  const PipelineFile own =
      good(with("delivery: exactly_once\ncommit_interval: 2s\n"
                "kafka: {transaction.timeout.ms: 3000, message.timeout.ms: 2500}"));
  EXPECT_EQ(commit_interval_of(own.values).count(), 2000);
  EXPECT_EQ(transaction_timeout_of(own.values).count(), 3000);
}

TEST(Pipeline, What_breaks_exactly_once_is_refused_and_nowhere_else) {
  const auto eos = [](const std::string& line) {
    return error_of(with("delivery: exactly_once\n" + line));
  };
  EXPECT_EQ(eos("kafka: {isolation.level: read_uncommitted}"),
            "t.yaml:5: kafka.isolation.level: expected read_committed, since delivery is "
            "exactly_once; got read_uncommitted: what another transaction takes back would have "
            "been read already; remove the line");
  EXPECT_EQ(eos("commit_interval: 10s"),
            "t.yaml:5: commit_interval: expected less than transaction.timeout.ms (10s), or the "
            "broker would abort each transaction before it is committed; got 10s; lower it, or "
            "raise kafka.transaction.timeout.ms");
  EXPECT_EQ(eos("kafka: {transaction.timeout.ms: 50}").substr(0, 26), "t.yaml:5: commit_interval:");
  EXPECT_EQ(eos("kafka: {message.timeout.ms: 20000}"),
            "t.yaml:5: message.timeout.ms: expected at most transaction.timeout.ms (10000 ms) and "
            "more than 0, since delivery is exactly_once; got 20000; lower it, or remove it");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, start: earliest, kafka: "
                     "{bootstrap.servers: east}}\nto: b\ndelivery: exactly_once\n"),
            "t.yaml:2: bootstrap.servers: expected the same brokers for input and outputs, since "
            "delivery is exactly_once and a transaction lives in one cluster; got 'east' and "
            "'localhost:9092'; write delivery: at_least_once, or give both the same");
  (void)good(with("kafka: {isolation.level: read_uncommitted}\ncommit_interval: 10s"));
}

TEST(Pipeline, The_three_times_of_a_transaction_are_held_against_each_other_wherever_they_stand) {
  const auto eos = [](const std::string& to, const std::string& more) {
    return "pipeline: p\nfrom: {topic: a, start: earliest}\nto: {topic: b" + to +
           "}\ndelivery: exactly_once\n" + more + "\n";
  };
  // The outputs' own counts before the common one.
  EXPECT_EQ(transaction_timeout_of(
                good(eos(", kafka: {transaction.timeout.ms: 2000}",
                         "kafka: {transaction.timeout.ms: 1000}\ncommit_interval: 1500ms"))
                    .values)
                .count(),
            2000);
  EXPECT_EQ(error_of(eos(", kafka: {transaction.timeout.ms: 1500}", "commit_interval: 1500ms")),
            "t.yaml:5: commit_interval: expected less than transaction.timeout.ms (1500ms), or the "
            "broker would abort each transaction before it is committed; got 1500ms; lower it, or "
            "raise kafka.transaction.timeout.ms");
  (void)good(eos(", kafka: {transaction.timeout.ms: 1501}", "commit_interval: 1500ms"));
  for (const char* name : {"message.timeout.ms", "delivery.timeout.ms"}) {
    const std::string property = std::string(", kafka: {") + name + ": ";
    (void)good(eos(property + "10000}", ""));
    for (const char* wrong : {"10001", "0"}) {  // 0: without an end
      EXPECT_EQ(error_of(eos(property + wrong + "}", "")),
                std::string("t.yaml:3: ") + name +
                    ": expected at most transaction.timeout.ms (10000 ms) and more than 0, since "
                    "delivery is exactly_once; got " +
                    wrong + "; lower it, or remove it");
    }
    // A shorter transaction takes the time of its messages with it.
    EXPECT_EQ(error_of(eos(property + "9000}", "kafka: {transaction.timeout.ms: 8000}")),
              std::string("t.yaml:3: ") + name +
                  ": expected at most transaction.timeout.ms (8000 ms) and more than 0, since "
                  "delivery is exactly_once; got 9000; lower it, or remove it");
  }
}

TEST(Pipeline, Input_and_outputs_of_a_transaction_are_in_one_cluster_if_they_name_a_broker_alike) {
  const auto eos = [](const std::string& input, const std::string& output) {
    return "pipeline: p\nfrom: {topic: a, start: earliest, kafka: {bootstrap.servers: \"" + input +
           "\"}}\nto: {topic: b, kafka: {bootstrap.servers: \"" + output +
           "\"}}\ndelivery: exactly_once\n";
  };
  (void)good(eos("a:1,b:1", "b:1,a:1"));
  (void)good(eos("a:1, b:1,", " b:1 ,a:1"));
  (void)good(eos("a,b", "b:9092"));
  (void)good(eos("[::1]:9092", "[::1]"));
  for (const auto& [input, output] : {std::pair{"a:1", "a:2"}, std::pair{"a:1,b:1", "c:1,a:2"}}) {
    EXPECT_NE(error_of(eos(input, output)).find("expected the same brokers for input and outputs"),
              std::string::npos)
        << input << " " << output;
  }
}

TEST(Pipeline, Settings_that_do_not_fit_each_other_are_refused) {
  EXPECT_EQ(error_of(with("memory_max: 8MiB")),
            "t.yaml:4: batch.bytes_max: expected at most memory_max (8MiB); got 16MiB; raise "
            "memory_max or lower "
            "batch.bytes_max");
  EXPECT_EQ(error_of(with("comparison: {low: 2}")),
            "t.yaml:4: comparison: low: expected less than high (1); got 2; give both, as in "
            "{low: 0, high: 100}");
  EXPECT_EQ(error_of(with("comparison: {threshold: 1}")),
            "t.yaml:4: comparison: threshold: expected more than low (0) and less than high (1); "
            "got 1; write threshold: 0.5");
  EXPECT_EQ(error_of(with("comparison: {low: 10, high: 20}")),
            "t.yaml:4: comparison: threshold: expected more than low (10) and less than high (20); "
            "got 0.5; write threshold: 15");
  const std::string few = error_of(with("drift: {rows_min: 999}"));
  EXPECT_NE(few.find("between 1000 and"), std::string::npos) << few;
  EXPECT_EQ(error_of(with("watchdog: {report_after: 1m, exit_after: 30s}")),
            "t.yaml:4: watchdog: expected exit_after to be at least report_after (1m); got 30s; "
            "raise exit_after or lower "
            "report_after");
  EXPECT_EQ(error_of(with("create_topics: {partitions: 3}")),
            "t.yaml:4: create_topics: expected the setting 'enabled'; got none, so that nothing "
            "would be created; write "
            "enabled: true");
}

TEST(Pipeline, A_shadow_does_not_write_where_changes_are_written) {
  const std::string model = "models: {m: {path: x, shadow: {version: 2, topic: c.audit}}}\n";
  const std::string words = "expected a topic that the pipeline does not use otherwise";
  EXPECT_NE(error_of(small + model + "control: {topic: c}\n").find(words), std::string::npos);
  EXPECT_NE(error_of(small + model + "control: {topic: d, audit_topic: c.audit}\n").find(words),
            std::string::npos);
  EXPECT_EQ(error_of(small + model + "control: {topic: d}\n"), "no error");
}

TEST(Pipeline, Parts_of_the_wrong_shape_are_refused) {
  EXPECT_EQ(error_of(with("models: [a]")),
            "t.yaml:4: models: expected a map of name: {path: …}; got a list of 1; write models: "
            "{disaster: {path: "
            "models/tweet_cnn}}");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, start: latest, fields: [x]}\nto: c\n"),
            "t.yaml:2: from: fields: expected a map of name: type; got a list of 1; write fields: "
            "{value: string}");
  EXPECT_EQ(error_of(with("steps: {infer: {}}")),
            "t.yaml:4: steps: expected a list; got a map with 'infer'; write each step as - kind: "
            "{settings}");
  EXPECT_EQ(error_of(small + "steps:\n  - infer:\n    model: x\n"),
            "t.yaml:5: steps: step 1: expected one kind with its settings; got a map with 'infer'; "
            "write - filter: {field: "
            "amount, above: 0}, and indent settings below the kind");
}

TEST(Pipeline, Kafka_properties_keep_their_names_and_order) {
  const Values v =
      good(small + "kafka:\n  security.protocol: sasl_ssl\n  sasl.password: x\n  linger.ms: 0\n")
          .values;
  const auto all = kafka_properties(v.section("kafka"));
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].name, "bootstrap.servers");
  EXPECT_EQ(all[1].name, "security.protocol");
  EXPECT_EQ(all[1].where.to_string(), "conf/t.yaml:5");
  EXPECT_TRUE(all[2].secret);
  EXPECT_EQ(all[2].value, "x");
  EXPECT_EQ(all[3].value, "0");
  EXPECT_TRUE(kafka_properties(v.section("from").section("kafka")).empty());
}

TEST(Pipeline, Kafka_properties_written_as_nested_maps_are_an_error) {
  EXPECT_EQ(error_of(with("kafka: {sasl: {mechanism: PLAIN}}")),
            "t.yaml:4: kafka: sasl: expected a plain value; got a map with 'mechanism'; write the "
            "name with dots, as "
            "sasl.mechanism: …");
  EXPECT_EQ(
      error_of("pipeline: p\nfrom: {topic: a, start: latest, kafka: {x: [1]}}\nto: c\n"),
      "t.yaml:2: from.kafka: x: expected a plain value; got a list of 1; write x: \"one,two\"");
}

TEST(Pipeline, A_format_reads_its_own_settings_and_no_others) {
  const Section csv{
      .name = "csv", .doc = ".", .settings = {{.name = "separator", .fallback = ",", .doc = "."}}};
  const Values from = good("pipeline: p\nfrom: {topic: a, start: latest, separator: ;}\nto: c\n")
                          .values.section("from");
  EXPECT_EQ(read_format_settings(from_section(), from, &csv)->string("separator"), ";");
  EXPECT_EQ(read_format_settings(from_section(), from, nullptr).error().message().substr(0, 65),
            "conf/t.yaml:2: from: expected one of its settings; got 'separator");
  const Values wrong = good("pipeline: p\nfrom: {topic: a, start: latest, max_agee: 1s}\nto: c\n")
                           .values.section("from");
  EXPECT_EQ(
      read_format_settings(from_section(), wrong, &csv).error().message(),
      "conf/t.yaml:2: from: expected one of its settings; got 'max_agee'. Did you mean 'max_age'?");
}

TEST(Steps, A_step_has_a_kind_settings_and_perhaps_a_name) {
  const Values v = good(small +
                        "steps:\n  - filter: {field: x, above: 0}\n  - infer: {name: scorer, "
                        "model: m}\n  - flatten\n")
                       .values;
  const auto steps = *steps_of(v.node("steps"));
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].kind, "filter");
  EXPECT_EQ(steps[0].where.to_string(), "conf/t.yaml:5");
  EXPECT_EQ(steps[0].label(), "step filter");
  EXPECT_EQ(steps[1].name, "scorer");
  EXPECT_EQ(steps[1].settings.to_json(), R"({"model":"m"})");
  EXPECT_EQ(steps[1].label(), "step scorer (infer)");
  EXPECT_EQ(steps[2].kind, "flatten");
  EXPECT_TRUE(steps[2].settings.is_null());
}

TEST(Steps, Two_steps_of_one_name_are_an_error) {
  EXPECT_EQ(error_of(small + "steps:\n  - a: {name: x}\n  - b: {name: x}\n"),
            "t.yaml:6: step x (b): expected a name of its own; got that of step 1; choose another");
}

TEST(Start, A_time_is_RFC_3339_or_milliseconds) {
  EXPECT_EQ(parse_start("earliest")->kind, Start::Kind::earliest);
  EXPECT_EQ(parse_start("latest")->kind, Start::Kind::latest);
  EXPECT_EQ(parse_start("1700000000123")->time.ms, 1700000000123);
  EXPECT_EQ(parse_start("2023-11-14T22:13:20Z")->time.ms, 1700000000000);
  EXPECT_EQ(parse_start("2023-11-15T00:13:20.123456+02:00")->time.ms, 1700000000123);
  EXPECT_EQ(parse_start("2023-11-14T17:13:20-05:00")->time.ms, 1700000000000);
  EXPECT_EQ(parse_start("1970-01-01T00:00:00Z")->time.ms, 0);
  for (const char* bad : {"", "now", "2023-11-14", "2023-13-14T00:00:00Z", "2023-02-29T00:00:00Z",
                          "2023-11-14T24:00:00Z", "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z",
                          "1960-01-01T00:00:00Z", "-5", "20231114T221320Z",
                          "2023-11-14T22:13:20+2:00", "99999999999999999999"}) {
    EXPECT_FALSE(parse_start(bad).ok()) << bad;
  }
}

TEST(Start, A_wrong_start_says_what_is_possible) {
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, start: earlist}\nto: c\n"),
            "t.yaml:2: from: start: expected earliest, latest, a time or milliseconds since 1970; "
            "got 'earlist'. Did you mean "
            "'earliest'?");
  EXPECT_EQ(error_of("pipeline: p\nfrom: {topic: a, start: now}\nto: c\n"),
            "t.yaml:2: from: start: expected earliest, latest, a time or milliseconds since 1970; "
            "got 'now'; write start: "
            "earliest, or start: 2026-05-01T00:00:00Z");
}

TEST(Overrides, A_value_is_set_wherever_its_name_leads) {
  const PipelineFile f = good(tweets, {{"workers", "4"},
                                       {"kafka.bootstrap.servers", "b:1"},
                                       {"from.kafka.max.poll.interval.ms", "60000"},
                                       {"models.disaster.path", "elsewhere"},
                                       {"steps.0.infer.model", "other"},
                                       {"to.topic", "out"},
                                       {"batch.rows_max", "7"},
                                       {"dead_letters", ""},
                                       {"from.fields", "{a: int32, b: string}"}});
  EXPECT_EQ(f.values.integer("workers"), 4);
  EXPECT_EQ(f.values.section("kafka").string("bootstrap.servers"), "b:1");
  EXPECT_EQ(kafka_properties(f.values.section("from").section("kafka")).at(0).name,
            "max.poll.interval.ms");
  EXPECT_EQ(f.values.node("models").find("disaster")->find("path")->text(), "elsewhere");
  EXPECT_EQ(steps_of(f.values.node("steps"))->at(0).settings.find("model")->text(), "other");
  EXPECT_EQ(f.values.sections("to")[0].string("topic"), "out");
  EXPECT_EQ(f.values.section("batch").integer("rows_max"), 7);
  EXPECT_FALSE(f.values.given("dead_letters"));
  EXPECT_EQ(f.values.section("from").node("fields").entries().size(), 2U);
}

TEST(Overrides, A_name_with_dots_in_the_file_is_found) {
  const PipelineFile f = good(small + "models: {a.b: {path: x}}\n", {{"models.a.b.path", "y"}});
  EXPECT_EQ(f.values.node("models").to_json(), R"({"a.b":{"path":"y"}})");
}

TEST(Overrides, Errors_name_the_override_and_hide_secrets) {
  EXPECT_EQ(error_of(tweets, {{"worker", "4"}}),
            "--set worker: pipeline: expected one of its settings; got 'worker'. Did you mean "
            "'workers'?");
  EXPECT_EQ(error_of(tweets, {{"workers", "many"}}),
            "--set workers: pipeline: workers: expected a whole number of threads between 1 and "
            "1024; got 'many'; write "
            "workers: 4");
  EXPECT_EQ(error_of(tweets, {{"steps.3.infer", "x"}}),
            "--set steps.3.infer: expected the number of an item, 0 to 0; got '3'; write its "
            "number behind the list's name, as "
            "in to.0.topic");
  EXPECT_EQ(error_of(small, {{"pipeline.name", "x"}}),
            "--set pipeline.name: expected a map that 'name' can be set in; got 'p'; write it as a "
            "map in the file");
  EXPECT_EQ(error_of(tweets, {{"kafka.sasl.password", "[hunter2]"}}),
            "--set kafka.sasl.password: kafka: sasl.password: expected a plain value; got a secret "
            "value; write "
            "sasl.password: \"one,two\"");
  EXPECT_EQ(error_of(tweets, {{"from.fields", "{a: "}}),
            "--set from.fields: expected a plain word as a key; got a list or map; close its "
            "bracket, or put quotes round the key");
}

TEST(Overrides, What_the_file_has_in_short_form_is_written_out_first) {
  const PipelineFile f =
      good(small +
               "dead_letters: t.dead\ncreate_topics: true\nmodels: {m: models/m}\n"
               "steps: [{infer: m}, {explode: [a, b]}]\n",
           {{"dead_letters.topic", "other"},
            {"create_topics.config.retention.ms", "1000"},
            {"models.m.runtime", "fake"},
            {"steps.0.infer.on_error", "stop"},
            {"steps.1.explode.index", "i"},
            {"to.format", "json"}});
  EXPECT_EQ(f.values.section("dead_letters").string("topic"), "other");
  EXPECT_TRUE(f.values.section("create_topics").boolean("enabled"));
  EXPECT_EQ(f.values.section("create_topics").map("config"),
            (std::vector<std::pair<std::string, std::string>>{{"retention.ms", "1000"}}));
  EXPECT_EQ(f.values.node("models").to_json(), R"({"m":{"path":"models/m","runtime":"fake"}})");
  EXPECT_EQ(f.values.node("steps").to_json(), R"([{"infer":{"model":"m","on_error":"stop"}},)"
                                              R"({"explode":{"fields":["a","b"],"index":"i"}}])");
  EXPECT_EQ(f.values.sections("to").at(0).string("topic"), "b");
  EXPECT_EQ(f.values.sections("to").at(0).string("format"), "json");
}

TEST(Overrides, Outputs_in_short_form_are_written_out_by_their_number) {
  const PipelineFile f =
      good("pipeline: t\nfrom: {topic: a, start: latest}\nto: [b, c]\n", {{"to.1.key", "k"}});
  EXPECT_EQ(f.values.sections("to").at(0).string("topic"), "b");
  EXPECT_EQ(f.values.sections("to").at(1).string("topic"), "c");
  EXPECT_TRUE(f.values.sections("to").at(1).given("key"));
}

TEST(Overrides, An_argument_is_split_at_the_first_equals_sign) {
  EXPECT_EQ(*parse_override("a.b=c=d"), (std::pair<std::string, std::string>{"a.b", "c=d"}));
  EXPECT_EQ(*parse_override("a="), (std::pair<std::string, std::string>{"a", ""}));
  for (const char* bad : {"", "=x", "a", "a..b=1", ".a=1", "a.=1"})
    EXPECT_FALSE(parse_override(bad).ok()) << bad;
  EXPECT_EQ(parse_override("workers").error().message(),
            "--set: expected name=value; got 'workers'; write --set from.topic=orders");
}

TEST(Pipeline, A_tree_built_in_code_is_read_the_same_way) {
  Node from = Node::map({});
  from.set("topic", Node::scalar("a"));
  from.set("start", Node::scalar("latest"));
  Node root = Node::map({});
  root.set("pipeline", Node::scalar("p"));
  root.set("from", from);
  root.set("to", Node::sequence({}));
  auto file = read_pipeline_node(root, {{"workers", "2"}});
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(file->values.integer("workers"), 2);
  EXPECT_EQ(file->folder, "");
  root.set("wrokers", Node::scalar("2"));
  EXPECT_EQ(read_pipeline_node(root).error().message(),
            "pipeline: expected one of its settings; got 'wrokers'. Did you mean 'workers'?");
}

TEST(Pipeline, The_tree_that_was_read_can_be_written_and_read_again) {
  const PipelineFile first = good(tweets, {{"http.port", "0"}});
  const PipelineFile again = good(first.root.to_json());
  EXPECT_EQ(again.root.to_json(), first.root.to_json());
  EXPECT_EQ(again.values.section("http").integer("port"), 0);
}

TEST(Pipeline, A_file_that_is_not_there_is_an_error) {
  auto file = read_pipeline("no/such/file.yaml");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().message(),
            "no/such/file.yaml: expected a file that can be read; got No such file or directory; "
            "check the path and who may read it");
}

// Every declaration must hold by itself: defaults within their own range, examples that can be read.
void check_section(const Section& section) {
  EXPECT_FALSE(section.doc.empty()) << section.name;
  EXPECT_TRUE(section.open || !section.settings.empty()) << section.name;
  for (const Setting& setting : section.settings) {
    SCOPED_TRACE(section.name + "." + setting.name);
    EXPECT_TRUE(setting.doc.ends_with('.'));
    EXPECT_FALSE(setting.example.empty());
    auto example = read_yaml(setting.name + ": " + setting.example, {.name = "example"});
    ASSERT_TRUE(example.ok()) << example.error().message();
    Section alone = section;
    alone.settings = {setting};
    auto values = read(alone, *example);
    EXPECT_TRUE(values.ok()) << values.error().message();
    if (setting.section != nullptr) check_section(*setting.section);
  }
}

TEST(Declarations, Every_setting_has_a_sentence_an_example_and_a_default_in_range) {
  check_section(pipeline_section());
}

TEST(Pipeline, A_key_that_is_nearly_a_required_one_is_told_before_its_absence) {
  const std::string rest = "to: {topic: b}\n";
  for (const auto& [from, hint] : std::vector<std::pair<std::string, std::string>>{
           {"from: {topc: a, start: earliest}\n", "Did you mean 'topic'?"},
           {"from: {topic: a, strat: earliest}\n", "Did you mean 'start'?"}}) {
    const std::string error = error_of("pipeline: p\n" + from + rest);
    EXPECT_NE(error.find(hint), std::string::npos) << error;
  }
  const std::string error =
      error_of("pipeline: p\nfrom: {topic: a, start: earliest}\nto: {topc: b}\n");
  EXPECT_NE(error.find("Did you mean 'topic'?"), std::string::npos) << error;
}

}  // namespace
}  // namespace thalweg
