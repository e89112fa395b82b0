// The settings of one entry of `models:`, declared once: the common ones here, a runtime's own beside the runtime.
#pragma once

#include <string>
#include <vector>

#include "thalweg/registry.h"
#include "thalweg/settings.h"

namespace thalweg {

// What every model has, whatever runs it.
[[nodiscard]] const Section& model_section();

// Names of those that decide which version serves and when, and not what a version answers: two entries that differ only in these share
// what is loaded.
[[nodiscard]] const std::vector<std::string>& life_settings();

// Checks an entry against the common settings and those of every runtime, so that a misspelt key is found whatever the runtime is, and
// a key of another runtime is named as such. `kind`: the runtime chosen, null while it is not known.
// Returns the common ones. Errors: config_invalid.
[[nodiscard]] Result<Values> read_model_entry(const Node& entry, const Registry& registry,
                                              const RuntimeKind* kind);

// The entries of `node` that `section` declares: what a runtime reads of its model's entry.
[[nodiscard]] Node part_of(const Section& section, const Node& node);

// `path` relative to the folder of the file `where` names; as it is when absolute or built in code.
[[nodiscard]] std::string beside(const Where& where, const std::string& path);

}  // namespace thalweg
