// JSON Schema (2020-12) of a pipeline file, for editors: completion, hover texts, and most mistakes while typing.
//
// Made from the same declarations as the parser, and from the kinds that are registered, so that an application's own steps are
// known to its editors too. It is a little more lenient than `check`: what depends on other settings (the settings of another format)
// passes here. `${…}` may stand for any plain value.
#pragma once

#include <string>

#include "thalweg/registry.h"
#include "thalweg/settings.h"

namespace thalweg {

// Sections that other rooms own. Null: that part is left open.
struct DocumentedParts {
  const Section* model = nullptr;  // an entry of `models`, without what the runtimes add
  const Section* field = nullptr;  // an entry of `fields`
};

// Indented JSON with a line end.
[[nodiscard]] std::string json_schema(const Registry& registry, const DocumentedParts& parts = {});

}  // namespace thalweg
