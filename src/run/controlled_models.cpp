#include "run/controlled_models.h"

#include <algorithm>
#include <chrono>

#include "model/running.h"
#include "model/uri.h"
#include "model/wish.h"
#include "process/infer/infer.h"

namespace thalweg {
namespace {

class Controlled final : public control::ControlledModel {
 public:
  Controlled(std::shared_ptr<ServedModel> model, std::shared_ptr<const StateCheck> check)
      : model_(std::move(model)), check_(std::move(check)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return model_->name(); }
  [[nodiscard]] DesiredModel file_state() const override { return model_->file_wish(); }
  [[nodiscard]] Status open() override { return model_->open(); }
  [[nodiscard]] Status prepare(const DesiredModel& state, std::int64_t epoch) override {
    // Before anything is loaded: a route that a step cannot follow would stop its worker.
    if (*check_) {
      if (Status s = (*check_)(name(), state); !s.ok()) return s;
    }
    return model_->prepare(state, epoch);
  }
  [[nodiscard]] bool prepared(std::int64_t epoch) const override { return model_->prepared(epoch); }
  [[nodiscard]] std::optional<Error> refused(std::int64_t epoch) const override {
    return model_->refused(epoch);
  }
  [[nodiscard]] Status activate(std::int64_t epoch) override { return model_->activate(epoch); }
  void controlled(bool yes) override { model_->controlled(yes); }
  [[nodiscard]] std::int64_t epoch() const override { return model_->epoch(); }
  [[nodiscard]] control::ShadowReport shadow() const override {
    const ShadowStatus shadow = model_->shadow();
    return {shadow.wanted && !shadow.watches && !shadow.refusal,
            shadow.refusal ? shadow.refusal->message() : ""};
  }
  [[nodiscard]] std::vector<control::VersionReport> versions() const override {
    std::vector<control::VersionReport> reports;
    for (const VersionStatus& v : model_->status())
      reports.push_back(
          {v.version, std::string(to_string(v.state)), v.role, v.reason, shown_uri(v.uri)});
    return reports;
  }
  void on_change(std::function<void()> told) override { model_->on_change(std::move(told)); }

 private:
  const std::shared_ptr<ServedModel> model_;
  const std::shared_ptr<const StateCheck> check_;
};

control::GuardLimits limits_of(const ModelEntry& entry) {
  control::GuardLimits limits;
  if (!entry.values.given("guards")) return limits;
  const Values& guards = entry.values.section("guards");
  const auto number = [&](const char* name) {
    return guards.has(name) ? std::optional(guards.number(name)) : std::nullopt;
  };
  limits.error_share = number("error_share");
  limits.nan_share = number("nan_share");
  limits.latency_ratio = number("latency_ratio");
  limits.rows_min = static_cast<std::uint64_t>(guards.integer("rows_min"));
  limits.probation = std::chrono::milliseconds(entry.values.integer("probation"));
  return limits;
}

control::NowServing now_serving(const ServedModel& model) {
  const auto route = model.route();
  control::NowServing now;
  now.epoch = route->epoch;
  const auto time = std::chrono::steady_clock::now();
  const auto calls = running_calls();  // longest first
  const auto known = model.status();
  for (const Variant& variant : route->variants) {
    auto& one =
        now.variants.emplace_back(control::NowServing::One{variant.name, variant.version->version});
    const std::string& path = variant.version->path;
    one.path = path;
    one.content = variant.version->identity();
    const auto call = std::find_if(calls.begin(), calls.end(), [&](const RunningCallInfo& c) {
      return c.path == path && (!path.empty() || c.model == model.name());
    });
    if (call != calls.end()) one.call = time - call->since;
    const auto status = std::find_if(known.begin(), known.end(), [&](const VersionStatus& v) {
      return v.path == path && (!path.empty() || v.version == one.version);
    });
    if (status == known.end()) continue;
    one.uri = status->uri;
    one.in_folder = status->in_folder;
  }
  return now;
}

}  // namespace

StateCheck state_check_of(const Chain& chain) {
  std::vector<const Infer*> steps;
  for (const ChainStep& step : chain.steps) {
    if (const auto* infer = dynamic_cast<const Infer*>(step.op.get())) steps.push_back(infer);
  }
  return [steps = std::move(steps)](const std::string& model, const DesiredModel& state) -> Status {
    for (const Infer* step : steps) {
      if (Status s = step->check_key(model, state.key); !s.ok()) return s;
    }
    return {};
  };
}

std::vector<std::unique_ptr<control::ControlledModel>> controlled_models(
    Models& models, std::shared_ptr<const StateCheck> check) {
  std::vector<std::unique_ptr<control::ControlledModel>> all;
  for (const std::string& name : models.names())
    all.push_back(std::make_unique<Controlled>(models.served(name), check));
  return all;
}

bool any_guarded(const Models& models) {
  const auto names = models.names();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return limits_of(models.served(name)->entry()).any();
  });
}

std::vector<control::GuardedModel> guarded_models(const Models& models,
                                                  const control::Controller& steered) {
  std::vector<control::GuardedModel> guarded;
  for (const std::string& name : models.names()) {
    const auto model = models.served(name);
    const control::GuardLimits limits = limits_of(model->entry());
    if (limits.any())
      guarded.push_back({steered.model(name), limits, [model] { return now_serving(*model); }});
  }
  return guarded;
}

Result<std::map<std::string, DesiredModel>> file_states(const PipelineFile& file,
                                                        const Registry& registry) {
  std::map<std::string, DesiredModel> states;
  for (const auto& [name, node] : file.values.node("models").entries()) {
    auto entry = read_entry(name, node, registry);
    if (!entry) return std::move(entry).error();
    auto wish = wish_of(*entry);
    if (!wish) return std::move(wish).error();
    states.emplace(name, *std::move(wish));
  }
  return states;
}

}  // namespace thalweg
