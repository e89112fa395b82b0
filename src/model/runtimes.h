// The model runtimes that come with Thalweg.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

// The order matters where none is named: the first that recognises the files runs them.
void register_runtimes(Registry& registry);

}  // namespace thalweg
