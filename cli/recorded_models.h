// The models of a pipeline as they were: who answers is said from outside, batch by batch, and may be versions that no longer serve.
//
// A version is known by its number, and by its manifest's hash where the log has one: a folder that was written over, and an address's version
// whose number the folder has too, are others than those that answered. What was fetched is found in the cache by that hash.
//
// One thread gives the routes, between batches.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "model/models.h"
#include "model/provider.h"
#include "monitor/recorded_answers.h"

namespace thalweg::cli {

class RecordedModels final : public ModelProvider {
 public:
  // Until it is told otherwise each model is what `present` serves. `registry` outlives it.
  RecordedModels(const PipelineFile& file, std::unique_ptr<Models> present,
                 const Registry& registry);
  ~RecordedModels() override;

  [[nodiscard]] Result<std::shared_ptr<ModelHandle>> model(std::string_view name) override;
  [[nodiscard]] std::vector<std::string> names() const override { return present_->names(); }

  // From the next batch on. Loads versions that are not in memory. Errors: those of loading, and of a version that does not fit the pipeline;
  // then nothing changes.
  [[nodiscard]] Status answer_as(const std::string& model, const monitor::RecordedRoute& route);

 private:
  class Handle;
  [[nodiscard]] Result<std::shared_ptr<const ModelVersion>> version(
      Handle& handle, const monitor::RecordedVariant& then);
  [[nodiscard]] Result<std::shared_ptr<const ModelVersion>> find(
      const Handle& handle, const monitor::RecordedVariant& then);
  [[nodiscard]] Result<std::shared_ptr<const ModelVersion>> load(const std::string& model,
                                                                 const std::string& version);

  const Node models_;  // of the pipeline file
  const std::unique_ptr<Models> present_;
  const Registry& registry_;
  std::vector<std::unique_ptr<Models>> loaded_;  // one a version
  std::map<std::string, std::shared_ptr<Handle>, std::less<>> handles_;
};

}  // namespace thalweg::cli
