// Golden rows: what a version must answer, written down when it was made, asked again wherever it is loaded.
//
// One JSON object a line: {"inputs": {"text": "Forest fire near La Ronge"}, "outputs": {"probability": 0.82}}. With features of its own a
// version is given records (the fields of features.yaml), otherwise the model's inputs themselves. So a wrong vocabulary, a file
// mixed up, another processor's arithmetic are found before the first record.
#pragma once

#include <cstdint>

#include "thalweg/registry.h"

#include "model/provider.h"

namespace thalweg {

// How many rows were asked for. The manifest must name a file. Errors: model_invalid (an answer differs, or a line that is no golden row),
// model_failed, io_failed.
[[nodiscard]] Result<std::int64_t> reproduce_golden_rows(LoadedModel& model,
                                                         const ModelVersion& facts,
                                                         const Registry& registry);

}  // namespace thalweg
