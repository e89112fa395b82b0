// Models that load when a test says so, and a clock it turns.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "control/controlled_model.h"

namespace thalweg::control::test {

class HandClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const noexcept override { return {ms}; }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept override {
    return std::chrono::milliseconds(ms);
  }
  std::int64_t ms = 1'000'000;
};

class FakeModel final : public ControlledModel {
 public:
  explicit FakeModel(std::string name) : name_(std::move(name)) {}
  const std::string& name() const noexcept override { return name_; }
  DesiredModel file_state() const override { return file; }
  Status open() override {
    const auto version = wish.variants.front().version;
    if (broken.contains(version))
      return Error(Code::model_invalid, "version " + version + " is broken");
    opened = true;
    active = wish_epoch;
    serving = wish;
    return {};
  }
  Status prepare(const DesiredModel& state, std::int64_t epoch) override {
    wish = state;
    wish_epoch = epoch;
    ready = auto_load && !broken.contains(state.variants.front().version);
    return {};
  }
  bool prepared(std::int64_t epoch) const override { return epoch == wish_epoch && ready; }
  std::optional<Error> refused(std::int64_t epoch) const override {
    if (epoch != wish_epoch || !broken.contains(wish.variants.front().version)) return std::nullopt;
    return Error(Code::model_invalid, "broken");
  }
  Status activate(std::int64_t epoch) override {
    if (activation) return *activation;
    if (!prepared(epoch)) return Error(Code::model_unavailable, "not prepared");
    active = epoch;
    serving = wish;
    ++activations;
    return {};
  }
  void controlled(bool) override {}
  std::int64_t epoch() const override { return active; }
  ShadowReport shadow() const override { return of_shadow; }
  std::vector<VersionReport> versions() const override { return of_versions; }
  void on_change(std::function<void()>) override {}

  DesiredModel file, wish, serving;
  std::int64_t wish_epoch = -1, active = -1;
  bool ready = false, opened = false, auto_load = true;
  int activations = 0;
  std::optional<Error> activation;  // why it fails
  std::set<std::string> broken;
  ShadowReport of_shadow;
  std::vector<VersionReport> of_versions;

 private:
  std::string name_;
};

}  // namespace thalweg::control::test
