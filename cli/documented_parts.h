// The declarations that schema and reference take from other rooms.
#pragma once

#include "config/json_schema.h"
#include "decode/fields.h"
#include "model/model_section.h"

namespace thalweg::cli {

[[nodiscard]] inline DocumentedParts documented_parts() {
  return {.model = &model_section(), .field = &decode::field_section};
}

}  // namespace thalweg::cli
