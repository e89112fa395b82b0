// What people do to a model, as functions from one wanted state to the next. Pure: nothing is written here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/record.h"

namespace thalweg::control {

// One variant of a route: only what is to change.
struct RouteChange {
  std::string name;
  std::optional<std::uint32_t> share;  // buckets of 10,000; 0 takes it away
  std::optional<VersionWish> version;  // needed for a variant that is new
};

// "b=10%", "b=10%@4", "b=@4", "b=0%". Errors: config_invalid.
[[nodiscard]] Result<RouteChange> parse_route(std::string_view text);

// `variant` empty: the champion. Errors of all: config_invalid.
[[nodiscard]] Result<DesiredModel> with_version(DesiredModel state, std::string_view variant,
                                                const VersionWish& version);
// All traffic: one variant is left, by the champion's name.
[[nodiscard]] Result<DesiredModel> with_all_traffic(DesiredModel state, const VersionWish& version);
// What the named ones gain or lose is the champion's loss or gain, unless he is named too: then all must add up. A new variant's place is
// beside the champion. Keys of a variant that is not named never move, but for the champion's: a change that would push one along is
// refused, with what to write instead.
[[nodiscard]] Result<DesiredModel> with_route(DesiredModel state,
                                              const std::vector<RouteChange>& changes);
// An empty version takes the label away.
[[nodiscard]] Result<DesiredModel> with_label(DesiredModel state, const std::string& label,
                                              const std::string& version);
[[nodiscard]] Result<DesiredModel> with_shadow(DesiredModel state,
                                               std::optional<DesiredShadow> shadow);
// The state before, without history.
[[nodiscard]] Result<DesiredModel> rolled_back(const ControlRecord& record);

}  // namespace thalweg::control
