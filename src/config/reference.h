// The settings reference as a page of Markdown, made from the same declarations as the parser. docs/reference.md is this page; a
// test compares them.
#pragma once

#include <string>

#include "thalweg/registry.h"

#include "config/json_schema.h"

namespace thalweg {

[[nodiscard]] std::string reference_markdown(const Registry& registry,
                                             const DocumentedParts& parts = {});

}  // namespace thalweg
