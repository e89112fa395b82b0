// What a pipeline file wants of a model, as the state that control records hold.
#pragma once

#include "model/desired.h"
#include "model/load.h"

namespace thalweg {

// The entry's variants, or its one version for all. Errors: config_invalid, with the place.
[[nodiscard]] Result<DesiredModel> wish_of(const ModelEntry& entry);

// Are the variants named, each once, and do their shares add up? Whoever makes a wish asks: file, control record, command line.
// Errors: config_invalid, in words that fit all of them.
[[nodiscard]] Status check_wish(const DesiredModel& wish);

// "10%", "0.5 %", "12.25": a percentage as buckets. Errors: config_invalid.
[[nodiscard]] Result<std::uint32_t> parse_share(const std::string& text);
// The same, backwards: "12.25%".
[[nodiscard]] std::string share_text(std::uint32_t buckets);

}  // namespace thalweg
