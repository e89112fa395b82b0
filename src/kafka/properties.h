// What the librdkafka at hand calls its properties, and which of them are not the user's to set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::kafka {

enum class Scope : std::uint8_t { unknown, both, consumer, producer };

// Of a property or an alias; unknown if librdkafka has none of that name.
[[nodiscard]] Scope scope_of(std::string_view name);
// All names, for suggestions.
[[nodiscard]] const std::vector<std::string>& property_names();

// Why the user may not set this property, with what to set instead; empty if he may.
[[nodiscard]] std::string_view owned_because(std::string_view name);

}  // namespace thalweg::kafka
