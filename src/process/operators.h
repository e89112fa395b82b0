// All built-in steps. Adding one: a pair of files here, its line in operators.cpp, a test, an entry in docs/.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

void register_operators(Registry& registry);

}  // namespace thalweg
