#include "run/models_of.h"

namespace thalweg {

Result<std::unique_ptr<Models>> models_of(const PipelineFile& file, const Registry& registry) {
  return Models::make(file.values.node("models"), registry);
}

}  // namespace thalweg
