// Registers the built-in formats: json, bytes, text, raw.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

void register_decoders(Registry& registry);

}  // namespace thalweg
