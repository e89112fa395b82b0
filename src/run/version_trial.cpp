#include "run/version_trial.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "model/manifest.h"
#include "model/versions.h"
#include "process/infer/infer.h"
#include "run/models_of.h"
#include "run/topology.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

// `models:` with the version alone in that model's place.
Node with_version_alone(const Node& models, const std::string& model, const std::string& folder) {
  constexpr std::array<std::string_view, 5> of_others{"path", "version", "variants", "shadow",
                                                      "labels"};
  std::vector<std::pair<std::string, Node>> entries;
  for (const auto& [name, node] : models.entries()) {
    if (name != model) {
      entries.emplace_back(name, node);
      continue;
    }
    std::vector<std::pair<std::string, Node>> settings{{"path", Node::scalar(folder, true)}};
    if (node.is_map()) {
      for (const auto& setting : node.entries()) {
        if (std::find(of_others.begin(), of_others.end(), setting.first) == of_others.end())
          settings.push_back(setting);
      }
    }
    entries.emplace_back(name, Node::map(std::move(settings), node.where()));
  }
  return Node::map(std::move(entries), models.where());
}

// Several steps may ask the model, each with features of its own: then no one hash is theirs.
std::string features_of(const Chain& chain, const std::string& model) {
  std::set<std::string> hashes;
  for (const ChainStep& step : chain.steps) {
    if (const auto* infer = dynamic_cast<const Infer*>(step.op.get())) {
      if (std::string hash = infer->features_sha256(model); !hash.empty()) hashes.insert(hash);
    }
  }
  return hashes.size() == 1 ? *hashes.begin() : std::string();
}

Result<TriedVersion> facts_of(const Models& models, const Chain& chain, const std::string& model) {
  const auto version = models.served(model)->current();
  if (version == nullptr) {
    return Error(Code::config_invalid,
                 fmt::format("model '{}': expected a step of the pipeline that asks it; none does; "
                             "add an infer step, or publish with `thalweg model publish`",
                             model));
  }
  return TriedVersion{version->signature, version->runtime, version->golden_rows,
                      features_of(chain, model)};
}

// As a wish of a running process would bring it, so that what serves now is held against it.
Result<TriedVersion> try_as_next(const std::string& model, const std::string& folder,
                                 Models& models, const Chain& chain) {
  auto hash = sha256_of_file((fs::path(folder) / manifest_name).string());
  if (!hash) return std::move(hash).error();
  const auto served = models.served(model);
  const std::int64_t epoch = served->epoch() + 1;
  DesiredModel wish;
  wish.variants.front().version =
      fmt::format("file://{}#sha256={}", fs::absolute(folder).string(), *hash);
  if (Status asked = served->prepare(wish, epoch); !asked.ok()) return std::move(asked).error();
  served->poll_now();
  if (auto refusal = served->refused(epoch)) return *refusal;
  return facts_of(models, chain, model);
}

}  // namespace

Result<std::string> base_of(const PipelineFile& file, const std::string& model,
                            const Registry& registry) {
  auto models = models_of(file, registry);
  if (!models) return std::move(models).error();
  const auto served = (*models)->served(model);
  if (served == nullptr) {
    const auto names = (*models)->names();
    return Error(Code::config_invalid,
                 fmt::format("expected a model of the pipeline; got '{}', which is none.{} There "
                             "are {}",
                             model, did_you_mean(model, names), quoted_list(names)));
  }
  const ModelEntry& entry = served->entry();
  const auto wrong = [&](const std::string& got) {
    return config_error(entry.node.where(),
                        fmt::format("model '{}': expected `path`, the folder where its versions "
                                    "appear; got {}",
                                    model, got));
  };
  if (!entry.values.has("path")) return wrong("none; add it, or publish with --to");
  const std::string& path = entry.values.string("path");
  const auto versions =
      list_versions(path, [&](const std::string& p) { return recognised(entry, registry, p); });
  if (versions.ok() && versions->size() == 1 && versions->front().path == path)
    return wrong("'" + path + "', which is one version itself; name the folder above it");
  return path;
}

Result<TriedVersion> try_in_pipeline(const PipelineFile& file, const std::string& model,
                                     const std::string& folder, const Registry& registry) {
  auto base = base_of(file, model, registry);
  if (!base) return std::move(base).error();
  if (list_versions(*base).ok()) {
    auto models = models_of(file, registry);
    if (!models) return std::move(models).error();
    auto chain = build_chain(file, registry, **models);
    if (chain.ok() && (*models)->served(model)->current() != nullptr)
      return try_as_next(model, folder, **models, **chain);
  }
  // There is no version yet, or none that works: then this one is the first.
  auto alone =
      Models::make(with_version_alone(file.values.node("models"), model, folder), registry);
  if (!alone) return std::move(alone).error();
  auto chain = build_chain(file, registry, **alone);
  if (!chain) return std::move(chain).error();
  return facts_of(**alone, **chain, model);
}

}  // namespace thalweg
