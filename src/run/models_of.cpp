#include "run/models_of.h"

#include "model/models.h"

namespace thalweg {

Result<std::unique_ptr<ModelProvider>> models_of(const PipelineFile& file,
                                                 const Registry& registry) {
  auto models = Models::make(file.values.node("models"), registry);
  if (!models) return std::move(models).error();
  return std::unique_ptr<ModelProvider>(std::move(models).value());
}

}  // namespace thalweg
