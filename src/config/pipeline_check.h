// Settings that are right one by one and wrong together.
#pragma once

#include "config/pipeline.h"

namespace thalweg::config {

[[nodiscard]] Status check_pipeline(const Values& values);

}  // namespace thalweg::config
