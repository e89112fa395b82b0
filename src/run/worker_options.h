// What a worker is told at its start.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "config/error_rules.h"
#include "run/crash_journal.h"
#include "run/dead_share.h"
#include "run/helper.h"
#include "run/peek.h"
#include "run/suspects.h"

namespace thalweg {

class ModelWatch;

struct WorkerOptions {
  std::string pipeline;
  DrainLimits drain;
  std::size_t in_flight = 2;       // batches between decode and encode
  std::size_t awaiting_max = 256;  // encoded batches that are not acknowledged yet
  std::size_t held_bytes_max = std::size_t{64} << 20;
  std::chrono::milliseconds commit_interval{1000};
  std::chrono::milliseconds shutdown_timeout{30000};
  std::chrono::milliseconds revoke_timeout{10000};
  std::uint32_t model_attempts_max =
      5;                 // of a step that fails for all rows, before the worker stops
  bool by_hand = false;  // turned by a test: never sleep, since nothing will change meanwhile
  std::optional<std::uint16_t> dead_letter_target;  // none: a dead letter stops the worker
  ErrorRules errors;
  ModelWatch* watch = nullptr;  // told how full batches are; outlives the worker
  // Shared with the other workers of the pipeline; none: the worker counts for itself.
  std::shared_ptr<DeadShare> dead_share;
  // What was inside when the process ended; none: nothing is remembered.
  std::shared_ptr<CrashJournal> crash_journal;
  // … in all workers of the pipeline; none: in this one.
  std::shared_ptr<Suspects> suspects;
  std::shared_ptr<Peek> peek;  // may be null
  // For the calls that block; none: a thread, or in the call when turned by hand.
  std::shared_ptr<Helper> helper;
  // Told in the worker's thread; for logging.
  std::function<void(const Error&, bool stops)> on_error = [](const Error&, bool) {};
  std::function<void(std::string_view event, const std::vector<TopicPartition>&)> on_group =
      [](std::string_view, const std::vector<TopicPartition>&) {};
};

}  // namespace thalweg
