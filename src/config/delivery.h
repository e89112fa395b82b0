// What `delivery` brings with it: the commit interval, the time-out of a transaction, and Kafka's properties that must fit to both.
#pragma once

#include <chrono>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg {

// REQUIRES in all: the values of pipeline_section().
[[nodiscard]] bool exactly_once(const Values& pipeline);
// `commit_interval`; if absent, 1 s, or 100 ms under exactly_once, where nobody reads an output before its commit.
[[nodiscard]] std::chrono::milliseconds commit_interval_of(const Values& pipeline);
// transaction.timeout.ms of the outputs' or the common `kafka`; if absent, 10 s: so long, at most, a process that died can hold back
// readers of its output topics.
[[nodiscard]] std::chrono::milliseconds transaction_timeout_of(const Values& pipeline);

namespace config {

// Under exactly_once: isolation.level, one cluster, and the three times against each other. Errors: config_invalid.
[[nodiscard]] Status check_delivery(const Values& pipeline);

}  // namespace config
}  // namespace thalweg
