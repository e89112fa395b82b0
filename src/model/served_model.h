// One model of a pipeline while the stream runs: its versions on disk and in memory, and the route that batches take.
//
//   wish ──▶ resolve ──▶ load, warm, golden rows, must_fit ──▶ prepared ──▶ activate ──▶ route
//   (number, label, latest, URI)      on the model's own thread              │
//                                                      last batch done ◀── versions nobody wants
//                                                          └──▶ reclaimer thread frees them
//
// The shadow is loaded behind what answers: whether it works changes nothing of the rest.
//
// Workers only take the route, once a batch; they never load, warm or free a version. A version that does not load, warm up, fit
// or reproduce its golden rows never takes traffic: what serves goes on serving, and status() says why.
//
// A wish takes effect in two steps so that several processes can move together: prepare() loads what is missing, activate()
// moves the route. Unless controlled(true) was called, a wish activates itself as soon as it is prepared. "latest" is looked up again at
// each poll, and moves by itself in every process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "model/desired.h"
#include "model/load.h"
#include "model/provider.h"
#include "model/version_status.h"

namespace thalweg {

class ModelCache;
class Reclaimer;

// How it is with the shadow that the active wish asks for. It is loaded behind what answers, which never waits for it.
struct ShadowStatus {
  bool wanted = false;
  bool watches = false;  // it is on the route
  std::optional<Error>
      refusal;  // why it is not, and will not be as things are; none: it is loading
};

// All functions: any thread, and none blocks for long, except open() and poll_now().
class ServedModel final : public ModelHandle {
 public:
  // Loads nothing. `registry` and `cache` outlive it.
  static Result<std::shared_ptr<ServedModel>> make(ModelEntry entry, const Registry& registry,
                                                   ModelCache& cache);
  // Waits for a moment for what is being loaded, then leaves it behind (left_behind.h).
  ~ServedModel() override;

  [[nodiscard]] const std::string& name() const noexcept override;
  [[nodiscard]] std::shared_ptr<const Route> route() const noexcept override;
  [[nodiscard]] Status must_fit(VersionCheck check) override;

  // Its entry in the pipeline file, and what that wishes.
  [[nodiscard]] const ModelEntry& entry() const noexcept;
  [[nodiscard]] const DesiredModel& file_wish() const noexcept;
  // The first load: the wish prepared before, or else the file's, is loaded and serves; its shadow is waited for no longer than `slow_load`, and
  // the model opens without it. Again: nothing.
  // Errors: model_missing, model_invalid, signature_mismatch, config_invalid, runtime_missing.
  [[nodiscard]] Status open();
  // From now on its thread looks into the folder every `poll` and does what wishes ask. Idempotent; prepare() does it too
  // once the model is open.
  void start();

  // A new wish; it replaces one that is not active yet. Before open() it is only noted. `epoch`: any number that tells wishes apart;
  // a control record's offset. Errors: config_invalid (shares, names).
  [[nodiscard]] Status prepare(const DesiredModel& wish, std::int64_t epoch);
  // All variants of that wish are AVAILABLE here (or it is active already). Its shadow is loaded once it is active.
  [[nodiscard]] bool prepared(std::int64_t epoch) const;
  // Why that wish does not take traffic; it is tried again when files change.
  [[nodiscard]] std::optional<Error> refused(std::int64_t epoch) const;
  // The route moves to the prepared wish. Errors: model_unavailable (it is not prepared, or another wish took its place).
  [[nodiscard]] Status activate(std::int64_t epoch);
  // true: a wish waits for activate(); but the first one of all serves at once.
  void controlled(bool yes);
  // Told after a state, a route or a verdict changed: on the model's thread, the reclaimer's, or that of activate(). May call anything
  // here that does not block.
  void on_change(std::function<void()> told);
  // What is to be logged. Same threads; each piece of news once.
  void on_news(std::function<void(const VersionNews&)> told);

  // Lowest version first.
  [[nodiscard]] std::vector<VersionStatus> status() const;
  // The active wish and its epoch.
  [[nodiscard]] DesiredModel wish() const;
  [[nodiscard]] std::int64_t epoch() const;
  [[nodiscard]] ShadowStatus shadow() const;
  // Times the route moved to other versions, and loads that failed.
  [[nodiscard]] std::uint64_t swaps() const noexcept;
  [[nodiscard]] std::uint64_t failed_loads() const noexcept;

  // Looks now, in the caller's thread: for tests and commands. Returns when whatever it found is done.
  void poll_now();

 private:
  class Life;
  ServedModel(std::shared_ptr<Life> life, std::shared_ptr<Reclaimer> reclaimer);
  const std::shared_ptr<Reclaimer>
      reclaimer_;  // not life_'s: its own thread must not be the last to let go
  const std::shared_ptr<Life> life_;
};

}  // namespace thalweg
