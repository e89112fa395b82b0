// What the settings' errors say: "tweets.yaml:9: from: start: expected …; got …; try this".
//
// All texts of read() stand in expected.cpp, so that they are worded alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "thalweg/settings.h"

namespace thalweg::config {

// "a whole number of rows, at least 1", "'json' or 'bytes'": also for the reference page.
[[nodiscard]] std::string expectation(const Setting& setting);

[[nodiscard]] Error not_a_map(const Section& section, const Node& node);
[[nodiscard]] Error unknown_key(const Section& section, const Where& where, std::string_view key);
[[nodiscard]] Error wrong_value(const Section& section, const Setting& setting, const Node& node,
                                const Where& where);
// A key of an open section that is nearly one of its own settings: the likely reason why one is missing.
[[nodiscard]] std::optional<Error> mistyped_key(const Section& section, const Node& node,
                                                const Values& values);
[[nodiscard]] Error missing(const Section& section, const Setting& setting, const Where& where);

}  // namespace thalweg::config
