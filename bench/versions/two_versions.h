// Two versions of the tweets example whose vocabularies differ, and a pipeline that scores with them: what swaps are measured and tested by.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg::bench {

// `to`/1 is the example's model; `to`/2 the same with the words of its vocabulary in the opposite order, so that it answers otherwise.
// Errors: io_failed.
[[nodiscard]] Status make_two_versions(const std::filesystem::path& tweets,
                                       const std::filesystem::path& to);
// Lines as the topic has them. Errors: io_failed.
[[nodiscard]] Result<std::vector<std::string>> read_texts(const std::filesystem::path& tweets);
// Model 'm' begins with version 1.
[[nodiscard]] std::string two_versions_pipeline(const std::filesystem::path& versions, int workers);

// Of this process, as the kernel counts it.
[[nodiscard]] double resident_mb();

}  // namespace thalweg::bench
