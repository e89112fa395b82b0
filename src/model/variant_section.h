// The settings of a model's entry that say who answers what: variants, shadow, salt, key.
#pragma once

#include "thalweg/settings.h"

namespace thalweg {

// Of a shadow's cpu_share, wherever one is given: file, record, command line, HTTP.
inline constexpr double cpu_share_min = 0.01, cpu_share_max = 64;

// A part of model_section().
[[nodiscard]] const Section& variant_settings();
[[nodiscard]] bool is_variant_setting(std::string_view name);

}  // namespace thalweg
