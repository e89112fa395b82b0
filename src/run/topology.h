// The topology: from a pipeline's settings to the stages that run it.
//
// `build_chain` is where everything is checked against everything: the format exists, each step finds the columns it reads, the
// model's signature fits, every reference of an output is known. Each worker gets a chain of its own; models are shared.
// `describe` is the same walk, kept as words: named nodes, typed edges.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "model/provider.h"
#include "run/chain.h"

namespace thalweg {

// Errors: config_invalid, signature_mismatch, model errors; each with its line. Blocks while models load.
// Outputs have no target yet (add_targets). `observer` is told what models answered, and outlives the chain; null: nobody.
[[nodiscard]] Result<std::unique_ptr<Chain>> build_chain(const PipelineFile& file,
                                                         const Registry& registry,
                                                         ModelProvider& models,
                                                         ScoreObserver* observer = nullptr);

// Asks the sink for the numbers of the output topics, of the inference log, and of the dead-letter topic if there is one. The chains are those of one
// pipeline's workers.
[[nodiscard]] Result<std::optional<std::uint16_t>> add_targets(
    const PipelineFile& file, std::span<const std::unique_ptr<Chain>> chains, Sink& sink);

struct TopologyNode {
  std::string name;  // "source", "decode", "filter", "scorer", "to fraud_alerts", …
  std::string kind;  // source | decode | a step's kind | sink | dead_letters
  std::string what;  // a few words: topics, condition, model and version
  Schema schema;     // the columns that leave it
};
struct TopologyEdge {
  std::size_t from = 0;
  std::size_t to = 0;
};
struct Topology {
  std::string pipeline;
  std::vector<TopologyNode> nodes;
  std::vector<TopologyEdge> edges;
};
[[nodiscard]] Topology topology_of(const PipelineFile& file, const Chain& chain);
[[nodiscard]] std::string topology_text(const Topology& topology);
[[nodiscard]] std::string topology_json(const Topology& topology);
[[nodiscard]] std::string topology_dot(const Topology& topology);

}  // namespace thalweg
