// Kafka at both ends: the settings of a pipeline file turned into sources and a sink.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>

#include "kafka/admin.h"
#include "kafka/config.h"
#include "run/log.h"
#include "run/pipeline_run.h"
#include "sink/kafka_sink.h"
#include "source/kafka_source.h"

namespace thalweg {

// A source per worker, and one producer for the process, or under exactly_once one a worker. `log` outlives them. `stop` ends waiting for a broker.
[[nodiscard]] Ports kafka_ports(Log& log, const std::stop_token& stop = {});

// librdkafka's lines, as lines of ours. `log` outlives it.
[[nodiscard]] kafka::LogSink kafka_log_sink(Log& log);

// The pipeline's Kafka settings: `kafka`, `from.kafka`, and the `to` entries' `kafka`, checked. Errors: config_invalid.
[[nodiscard]] Result<kafka::Config> kafka_config_of(const PipelineFile& file);
// Would librdkafka make a consumer of them? Without a broker. Errors: config_invalid.
[[nodiscard]] Status try_kafka_consumer(const PipelineFile& file, const kafka::Config& config);
// `create_topics`, if enabled.
[[nodiscard]] std::optional<kafka::TopicSpec> topic_creation_of(const PipelineFile& file);
// All of it, for one worker.
[[nodiscard]] Result<KafkaSourceOptions> kafka_source_options(const PipelineFile& file,
                                                              std::size_t worker, Log& log);
// Without a transactional id.
[[nodiscard]] Result<KafkaSinkOptions> kafka_sink_options(const PipelineFile& file, Log& log);
// How long one step of a rebalance may hold up the group (finishing what is under way, a commit, looking up offsets): a third of
// max.poll.interval.ms, after which the group would put us out, and ten seconds at most.
[[nodiscard]] std::chrono::milliseconds rebalance_step_timeout(const kafka::Config& config);
// The consumer group: `group`, else the pipeline's name.
[[nodiscard]] std::string group_of(const PipelineFile& file);

}  // namespace thalweg
