#include "model/load.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "feature/content_hash.h"
#include "model/files.h"
#include "model/golden_rows.h"
#include "model/lane.h"
#include "model/manifest.h"
#include "model/model_section.h"
#include "model/running.h"
#include "model/saved_model.h"
#include "model/signatures.h"
#include "model/warm_up.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

constexpr double lane_from_us = 5000;  // a row that costs more keeps the worker from reading

// Tells the watchdog while a call runs.
class WatchedModel final : public LoadedModel {
 public:
  WatchedModel(RunningModel who, std::unique_ptr<LoadedModel> inner)
      : who_(std::move(who)), inner_(std::move(inner)) {}
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return inner_->signatures();
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override {
    const RunningCall running(who_);
    inner_->submit(signature, request, std::move(done));
  }

 private:
  const RunningModel who_;
  const std::unique_ptr<LoadedModel> inner_;
};

Result<std::size_t> parse_count(const Values& values, std::string_view name, std::string text) {
  std::erase(text, ' ');
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0) {
    return config_error(values.where(name),
                        std::string(name) + ": expected a number of rows; got '" + text + "'");
  }
  return count;
}

Result<WarmUpPlan> read_plan(const Values& values) {
  WarmUpPlan plan;
  plan.time = std::chrono::milliseconds(values.integer("warm_up_time"));
  plan.sizes.clear();
  for (const std::string& item : values.strings("warm_up")) {
    if (item == "off" || item == "false") continue;
    for (std::size_t begin = 0; begin <= item.size();) {  // the default is one text with commas
      const std::size_t end = std::min(item.find(',', begin), item.size());
      auto size = parse_count(values, "warm_up", item.substr(begin, end - begin));
      if (!size) return std::move(size).error();
      plan.sizes.push_back(*size);
      begin = end + 1;
    }
  }
  std::sort(plan.sizes.begin(), plan.sizes.end());
  return plan;
}

// 0: no bound. What the calling thread spends says nothing of a model that answers from elsewhere.
Result<std::size_t> read_rows_max(const Values& values, const std::vector<BatchCost>& costs,
                                  bool answers_later) {
  const std::string& text = values.string("rows_max");
  if (text == "auto") return answers_later ? 0 : recommended_rows_max(costs);
  if (text == "none") return std::size_t{0};
  return parse_count(values, "rows_max", text);
}

Result<const RuntimeKind*> find_runtime(const std::string& path, const Registry& registry) {
  std::vector<std::string> names;
  for (const RuntimeKind& kind : registry.runtimes()) {
    if (kind.make()->recognises(path)) return &kind;
    names.push_back(kind.name);
  }
  return Error(Code::model_invalid, "expected a model that a runtime knows by its files at '" +
                                        path + "'; none does; set `runtime` to one of " +
                                        quoted_list(names));
}

Status read_features(const std::string& path, ModelVersion& facts) {
  std::error_code error;
  const fs::path folder =
      fs::is_directory(path, error) ? fs::path(path) : fs::path(path).parent_path();
  const fs::path file = folder / "assets.extra" / "features.yaml";
  if (path.empty() || !fs::exists(file, error)) return {};
  auto features = read_feature_file(file.string());
  if (!features) return std::move(features).error();
  facts.feature_file = std::make_shared<const FeatureFile>(std::move(*features));
  return {};
}

bool wants_lane(const Values& values, const std::vector<BatchCost>& costs, bool answers_later) {
  const std::string& thread = values.string("thread");
  if (thread != "auto") return thread == "lane";
  if (answers_later || costs.empty()) return false;
  return costs.front().wall_us_per_row * static_cast<double>(costs.front().rows) > lane_from_us;
}

// Which signature is called, and how; it must be what the manifest says.
Result<Batching> choose_call(const ModelEntry& entry, std::span<const Signature> signatures,
                             ModelVersion& facts) {
  const Values& values = entry.values;
  auto signature =
      choose_signature(signatures, values.has("signature") ? values.string("signature") : "");
  if (!signature) return std::move(signature).error();
  facts.signature = std::move(*signature);
  auto batching = find_batching(facts.signature, values.string("batch"));
  if (!batching) return batching;
  facts.batch_dim = batching->dim;
  facts.fixed_rows = batching->fixed_rows;
  if (facts.manifest != nullptr) {
    if (Status said = check_signature(*facts.manifest, facts.runtime, facts.signature); !said.ok())
      return std::move(said).error();
  }
  return batching;
}

// From the loaded model to a version that may take rows.
Status check_and_warm(const ModelEntry& entry, const Registry& registry, LoadedVersion& version,
                      const std::vector<BatchCost>& before) {
  ModelVersion& facts = version.facts;
  const Values& values = entry.values;
  auto plan = read_plan(values);
  if (!plan) return std::move(plan).error();
  plan->before = before;
  auto batching = choose_call(entry, version.loaded->signatures(), facts);
  if (!batching) return std::move(batching).error();

  auto report = warm_up(*version.loaded, facts.signature, *batching, *plan);
  if (!report) return std::move(report).error();
  facts.costs = std::move(report->costs);
  facts.warnings.insert(facts.warnings.end(), report->warnings.begin(), report->warnings.end());
  auto rows_max = read_rows_max(values, facts.costs, report->answers_later);
  if (!rows_max) return std::move(rows_max).error();
  facts.rows_max = *rows_max;
  if (facts.manifest != nullptr && !facts.manifest->golden.empty()) {
    auto rows = reproduce_golden_rows(*version.loaded, facts, registry);
    if (!rows) return std::move(rows).error();
    facts.golden_rows = *rows;
  }
  if (wants_lane(values, facts.costs, report->answers_later))
    version.loaded = std::make_shared<LaneModel>(version.loaded);
  return {};
}

Result<const RuntimeKind*> runtime_of(const ModelEntry& entry, const Registry& registry,
                                      const std::string& path) {
  if (entry.kind != nullptr) return entry.kind;
  auto found = find_runtime(path, registry);
  if (!found) return found;
  // Now that the runtime is known, so are the settings that are not its own.
  if (auto values = read_model_entry(entry.node, registry, *found); !values)
    return std::move(values).error();
  return found;
}

Status read_own_files(const VersionFiles& files, ModelVersion& facts) {
  if (files.path.empty()) return {};
  auto manifest = read_manifest(files.path);
  if (!manifest) return std::move(manifest).error();
  facts.manifest = std::move(*manifest);
  if (facts.manifest != nullptr) {
    if (Status whole = check_hashes(files.path, *facts.manifest); !whole.ok()) return whole;
    facts.content = facts.manifest->sha256;
  } else if (const std::string now = fingerprint(files.path); !now.empty()) {
    facts.content = feature::sha256_hex(now);
  }
  return read_features(files.path, facts);
}

// As its runtime would show them; none where nothing tells. `wanted`: the setting, or empty.
Result<std::vector<Signature>> signatures_without_loading(const ModelVersion& facts,
                                                          const std::string& wanted) {
  std::error_code error;
  if (facts.runtime == "tensorflow" &&
      fs::is_regular_file(fs::path(facts.path) / "saved_model.pb", error)) {
    auto graph = read_serving_graph(facts.path);
    if (!graph) return std::move(graph).error();
    return shown_signatures(*graph);
  }
  std::vector<Signature> said;
  if (facts.manifest == nullptr || facts.manifest->runtime != facts.runtime) return said;
  const Signature& one = facts.manifest->signature;  // of those that the model may have
  if (!one.inputs.empty() && (wanted.empty() || wanted == one.name)) said.push_back(one);
  return said;
}

Result<std::shared_ptr<const LoadedVersion>> load_files(const ModelEntry& entry,
                                                        const Registry& registry,
                                                        const VersionFiles& files,
                                                        const std::function<void()>& loaded,
                                                        const std::vector<BatchCost>& before) {
  auto kind = runtime_of(entry, registry, files.path);
  if (!kind) return std::move(kind).error();
  auto version = std::make_shared<LoadedVersion>();
  version->facts.version = files.version;
  version->facts.runtime = (*kind)->name;
  version->facts.path = files.path;
  if (Status own = read_own_files(files, version->facts); !own.ok()) return std::move(own).error();
  auto model = (*kind)->make()->load({entry.name, files.path, files.version, entry.node});
  if (!model) return std::move(model).error();
  const auto said = (*model)->warnings();
  version->facts.warnings.insert(version->facts.warnings.end(), said.begin(), said.end());
  version->loaded =
      std::make_shared<WatchedModel>(RunningModel{entry.name, files.path}, std::move(*model));
  if (loaded) loaded();
  if (Status warm = check_and_warm(entry, registry, *version, before); !warm.ok())
    return std::move(warm).error();
  return std::shared_ptr<const LoadedVersion>(std::move(version));
}

}  // namespace

bool recognised(const ModelEntry& entry, const Registry& registry, const std::string& path) {
  if (entry.kind != nullptr) return entry.kind->make()->recognises(path);
  return std::any_of(registry.runtimes().begin(), registry.runtimes().end(),
                     [&](const RuntimeKind& kind) { return kind.make()->recognises(path); });
}

Result<ModelEntry> read_entry(const std::string& name, const Node& node, const Registry& registry) {
  ModelEntry entry;
  entry.name = name;
  entry.node = node.is_scalar() ? Node::map({{"path", node}}, node.where()) : node;
  if (!entry.node.is_map()) {
    return config_error(node.where(),
                        "model '" + name + "': expected settings, or a path; got neither");
  }
  if (const Node* runtime = entry.node.find("runtime");
      runtime != nullptr && runtime->is_scalar()) {
    entry.kind = registry.runtime(runtime->text());
    if (entry.kind == nullptr) {
      std::vector<std::string> names;
      for (const RuntimeKind& kind : registry.runtimes()) names.push_back(kind.name);
      return config_error(runtime->where(), "model '" + name + "': expected a runtime; got '" +
                                                runtime->text() + "', which is none." +
                                                did_you_mean(runtime->text(), names) +
                                                " There are " + quoted_list(names));
    }
  }
  auto values = read_model_entry(entry.node, registry, entry.kind);
  if (!values) return std::move(values).error();
  entry.values = std::move(*values);
  return entry;
}

Error at_entry(const ModelEntry& entry, Error error) {
  if (error.code() == Code::config_invalid) return error;
  error = std::move(error).at("model '" + entry.name + "'");
  const std::string where = entry.node.where().to_string();
  return where.empty() ? std::move(error) : std::move(error).at(where);
}

Result<std::shared_ptr<const ModelVersion>> check_files(const ModelEntry& entry,
                                                        const Registry& registry,
                                                        const VersionFiles& files) {
  auto kind = runtime_of(entry, registry, files.path);
  if (!kind) return std::move(kind).error();
  auto facts = std::make_shared<ModelVersion>();
  facts->model = entry.name;
  facts->version = files.version;
  facts->runtime = (*kind)->name;
  facts->path = files.path;
  if (Status own = read_own_files(files, *facts); !own.ok()) return std::move(own).error();
  const Values& values = entry.values;
  auto signatures =
      signatures_without_loading(*facts, values.has("signature") ? values.string("signature") : "");
  if (!signatures) return std::move(signatures).error();
  if (!signatures->empty()) {
    if (auto call = choose_call(entry, *signatures, *facts); !call) return std::move(call).error();
  }
  return std::shared_ptr<const ModelVersion>(std::move(facts));
}

// A version is loaded only if nobody wrote to it meanwhile: what was read may be half old and half new.
Result<std::shared_ptr<const LoadedVersion>> load_version(const ModelEntry& entry,
                                                          const Registry& registry,
                                                          const VersionFiles& files,
                                                          const std::function<void()>& loaded,
                                                          const std::vector<BatchCost>& before) {
  if (files.path.empty()) return load_files(entry, registry, files, loaded, before);
  const std::string at_first = fingerprint(files.path);
  auto version = load_files(entry, registry, files, loaded, before);
  if (fingerprint(files.path) == at_first) return version;
  return Error(Code::model_invalid,
               files.path +
                   ": expected files that stay as they are; they changed while the model was "
                   "loaded; it is tried again when they rest; `thalweg model publish` copies at "
                   "one stroke");
}
}  // namespace thalweg
