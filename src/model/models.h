// The models of a pipeline: made of its `models:`, loaded when asked for, shared with the other pipelines of the process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"
#include "thalweg/settings.h"

#include "model/model_cache.h"
#include "model/provider.h"
#include "model/served_model.h"

namespace thalweg {

// Any thread.
class Models final : public ModelProvider {
 public:
  // Reads `models`, a map of name → settings (or a path alone); null: no models. Loads nothing. Errors: config_invalid.
  // REQUIRES that registry and cache outlive it.
  static Result<std::unique_ptr<Models>> make(const Node& models, const Registry& registry,
                                              ModelCache& cache = ModelCache::process());

  [[nodiscard]] Result<std::shared_ptr<ModelHandle>> model(std::string_view name) override;
  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] std::vector<VersionStatus> versions() const override;
  // Whether it is loaded or not. Null: there is none of that name.
  [[nodiscard]] std::shared_ptr<ServedModel> served(std::string_view name) const;
  // Loads every model; stops at the first error.
  [[nodiscard]] Status load_all();
  // From now on models that were loaded follow their folders. Idempotent.
  void start();
  // What is to be logged of them; see ServedModel::on_news.
  void on_news(const std::function<void(const VersionNews&)>& told);

 private:
  std::map<std::string, std::shared_ptr<ServedModel>, std::less<>> known_;
};

}  // namespace thalweg
