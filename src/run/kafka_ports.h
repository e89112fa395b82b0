// Kafka at both ends: the settings of a pipeline file turned into sources and a sink.
#pragma once

#include <cstddef>
#include <optional>

#include "kafka/admin.h"
#include "kafka/config.h"
#include "run/log.h"
#include "run/pipeline_run.h"
#include "source/kafka_source.h"

namespace thalweg {

// A source per worker and one producer for the process. `log` outlives them.
[[nodiscard]] Ports kafka_ports(Log& log);

// The pipeline's Kafka settings: `kafka`, `from.kafka`, and the `to` entries' `kafka`, checked. Errors: config_invalid.
[[nodiscard]] Result<kafka::Config> kafka_config_of(const PipelineFile& file);
// `create_topics`, if enabled.
[[nodiscard]] std::optional<kafka::TopicSpec> topic_creation_of(const PipelineFile& file);
// All of it, for one worker.
[[nodiscard]] Result<KafkaSourceOptions> kafka_source_options(const PipelineFile& file,
                                                              std::size_t worker, Log& log);
// The consumer group: `group`, else the pipeline's name.
[[nodiscard]] std::string group_of(const PipelineFile& file);

}  // namespace thalweg
