// `runtime: tensorflow`: every SavedModel, through the C API of TensorFlow 2.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

[[nodiscard]] RuntimeKind tensorflow_runtime();

}  // namespace thalweg
