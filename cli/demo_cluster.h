// The brokers of a demo: inside the process, or real ones named on the command line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "config/pipeline.h"
#include "kafka/embedded_cluster.h"

namespace thalweg::cli {

class DemoCluster {
 public:
  // `bootstrap` empty: starts brokers in this process.
  [[nodiscard]] static Result<DemoCluster> start(const std::string& bootstrap);

  // What the pipeline's file must say for this cluster. On real brokers the demo has a group of its own, and reads only what is written
  // from now on: others may use these topics.
  [[nodiscard]] Overrides overrides(const PipelineFile& file) const;
  // Creates the topics that are missing. `file` is the one with the overrides.
  [[nodiscard]] Status create_topics(const PipelineFile& file, int input_partitions);
  [[nodiscard]] std::string words() const;

 private:
  DemoCluster(std::unique_ptr<kafka::EmbeddedCluster> embedded, std::string bootstrap);
  std::unique_ptr<kafka::EmbeddedCluster> embedded_;  // null: real brokers
  std::string bootstrap_;
  std::int64_t began_ms_;
};

// Topics of a pipeline: outputs, and the dead letters.
[[nodiscard]] std::vector<std::string> written_topics(const PipelineFile& file);

}  // namespace thalweg::cli
