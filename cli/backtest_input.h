// The history that a backtest reads: a part of the pipeline's input topics, or lines of a file. Without a group, without a commit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "thalweg/error.h"

#include "cli/replay_ends.h"
#include "cli/topic_place.h"
#include "config/pipeline.h"

namespace thalweg::cli {

struct HistoryOptions {
  std::string input;  // a file, or "-"; "": the topics
  TopicPlace from, to;
  std::size_t limit = 0;  // records; 0: all
  std::size_t timeout_s = 10;
};

// One topic after the other, each partition in its order. `expected`: told once a topic, how many offsets there are at most. Errors: those of the
// brokers, io_failed, those of `take`.
[[nodiscard]] Status read_history(const PipelineFile& file, const HistoryOptions& options,
                                  const std::function<void(std::int64_t offsets)>& expected,
                                  const std::function<Status(ReplayRecord)>& take);

}  // namespace thalweg::cli
