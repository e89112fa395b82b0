// The declarations of a case file; cases.h has the words.
#pragma once

#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg::cli {

[[nodiscard]] const Section& case_file_section();
// The codes that a record can die of.
[[nodiscard]] const std::vector<std::string>& dead_letter_codes();

}  // namespace thalweg::cli
