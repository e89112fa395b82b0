// Registers the built-in output formats: json, raw, text, bytes.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

void register_encoders(Registry& registry);

}  // namespace thalweg
