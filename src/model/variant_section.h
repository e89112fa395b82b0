// The settings of a model's entry that say who answers what: variants, shadow, salt, key.
#pragma once

#include "thalweg/settings.h"

namespace thalweg {

// A part of model_section().
[[nodiscard]] const Section& variant_settings();
[[nodiscard]] bool is_variant_setting(std::string_view name);

}  // namespace thalweg
