// librdkafka's own properties, as the pipeline file's `kafka:` keys give them, checked before anything connects.
//
//   kafka: { bootstrap.servers: "localhost:9092", security.protocol: sasl_ssl }   # shared
//   from:  { kafka: { max.poll.interval.ms: 600000 } }                            # the source's clients only
//   to:    { kafka: { compression.type: zstd } }                                  # the sink's client only
//
// A property that only consumers know may stand in the shared part: it is given to consumers only. Names and values are
// checked against the librdkafka at hand, so a newer library knows more. What Thalweg must own to keep its promises
// (offsets, acknowledgements) is refused with the reason.
//
// Values: immutable once made. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/settings.h"

#include "config/pipeline.h"
#include "kafka/handles.h"

namespace thalweg::kafka {

enum class Role : std::uint8_t { consumer, producer, admin };

using Property = KafkaProperty;
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Config {
  std::vector<Property> shared;
  std::vector<Property> consumer;
  std::vector<Property> producer;

  // The value a client of this role would get; empty if not set.
  [[nodiscard]] std::string value(Role role, std::string_view name) const;
  // The same for a whole number; none if it is not set.
  [[nodiscard]] std::optional<std::int64_t> number(Role role, std::string_view name) const;
  [[nodiscard]] std::string brokers(Role role = Role::admin) const {
    return value(role, "bootstrap.servers");
  }
  // For an admin client that looks where a client of this role works: its properties in the shared place.
  [[nodiscard]] Config for_admin_of(Role role) const;
};

// With transactions the times of a producer are bounded, and the user's to choose; without, an output is tried for ever.
enum class Transactions : bool { no, yes };

// Checks names and values. Errors: config_invalid, with file:line and a suggestion.
[[nodiscard]] Result<Config> make_config(std::vector<Property> shared,
                                         std::vector<Property> consumer = {},
                                         std::vector<Property> producer = {},
                                         Transactions transactions = Transactions::no);
// The same from code: `{{"bootstrap.servers", "localhost:9092"}}`.
[[nodiscard]] Result<Config> make_config(const Pairs& shared);

// librdkafka's configuration for one client: first `defaults`, then what the user set, last `owned`.
[[nodiscard]] Result<ConfHandle> make_conf(const Config& config, Role role, const Pairs& defaults,
                                           const Pairs& owned);

// Is it a property whose value must not be shown, wherever it came from?
[[nodiscard]] bool is_secret(std::string_view property);

}  // namespace thalweg::kafka
