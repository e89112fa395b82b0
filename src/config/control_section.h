// `control:`, how models are changed while the stream runs.
#pragma once

#include "thalweg/settings.h"

namespace thalweg {

[[nodiscard]] const Section& control_section();

}  // namespace thalweg
