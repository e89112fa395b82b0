// `runtime: fake`: for tests of pipelines, ours and the users', without a library or a file.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

[[nodiscard]] RuntimeKind fake_runtime();

}  // namespace thalweg
