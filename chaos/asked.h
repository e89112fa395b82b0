// What a `thalweg run` process says of itself: over HTTP what it holds, in its log what was taken from it.
//
// A fault that hits a process which holds nothing tries nothing. Whom to hit, and whether the hit was felt, is asked here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace thalweg::chaos {

// The port on which a process listens; it has the system choose one, so that no two of them, and no two runs, can want the same. None: it
// does not yet, or is gone.
[[nodiscard]] std::optional<int> listening_port(pid_t pid);

// By a page of metrics: over all pipelines and workers.
[[nodiscard]] int partitions_in(std::string_view metrics);

// How many partitions a process holds now; 0 also while it does not answer. It must not be stopped.
[[nodiscard]] int partitions_held(pid_t pid);

// By a page of metrics: batches that were in the model for more than four seconds.
[[nodiscard]] std::int64_t long_calls_in(std::string_view metrics);
// The same of a process; 0 also while it does not answer.
[[nodiscard]] std::int64_t long_calls(pid_t pid);

// How often, by its log, a process found that its group had taken partitions away from it without a word.
[[nodiscard]] std::size_t times_lost(const std::string& log);

}  // namespace thalweg::chaos
