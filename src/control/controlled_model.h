// A model as the controller sees it: told what is wanted, asked how far it is, moved when everybody is ready.
//
// A port of its own, so that the controller can be tested with models that load when a test says so.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "control/heartbeat.h"
#include "model/desired.h"

namespace thalweg::control {

// All functions: any thread; none but open() blocks for long.
class ControlledModel {
 public:
  virtual ~ControlledModel() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  // What the pipeline file says.
  [[nodiscard]] virtual DesiredModel file_state() const = 0;
  // The first load, in the caller's thread, of the state prepared last, or else the file's.
  [[nodiscard]] virtual Status open() = 0;
  // Loads what is missing for a state, elsewhere; but not its shadow, which comes when the state is active. Errors: config_invalid.
  [[nodiscard]] virtual Status prepare(const DesiredModel& state, std::int64_t epoch) = 0;
  [[nodiscard]] virtual bool prepared(std::int64_t epoch) const = 0;
  [[nodiscard]] virtual std::optional<Error> refused(std::int64_t epoch) const = 0;
  // The route moves to the prepared state.
  [[nodiscard]] virtual Status activate(std::int64_t epoch) = 0;
  // true: what is prepared waits for activate(), but for the first of all.
  virtual void controlled(bool yes) = 0;
  // The epoch of the route.
  [[nodiscard]] virtual std::int64_t epoch() const = 0;
  // Of the active state.
  [[nodiscard]] virtual ShadowReport shadow() const = 0;
  [[nodiscard]] virtual std::vector<VersionReport> versions() const = 0;
  // Told after any of these may answer otherwise; any thread.
  virtual void on_change(std::function<void()> told) = 0;
};

}  // namespace thalweg::control
