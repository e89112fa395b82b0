#include "run/controlled_models.h"

#include "model/load.h"

namespace thalweg {

std::vector<std::unique_ptr<control::ControlledModel>> controlled_models(ModelProvider&) {
  return {};
}

Result<std::map<std::string, DesiredModel>> file_states(const PipelineFile& file,
                                                        const Registry& registry) {
  std::map<std::string, DesiredModel> states;
  for (const auto& [name, node] : file.values.node("models").entries()) {
    auto entry = read_entry(name, node, registry);
    if (!entry) return std::move(entry).error();
    DesiredModel& state = states[name];
    if (entry->values.has("version"))
      state.variants.front().version = entry->values.string("version");
  }
  return states;
}

}  // namespace thalweg
