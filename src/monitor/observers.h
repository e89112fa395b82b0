// Several observers as one, in the order in which they were added. They outlive it.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "model/score_observer.h"

namespace thalweg::monitor {

class Observers final : public ScoreObserver {
 public:
  void add(ScoreObserver& observer) {
    all_.push_back(&observer);
    ScoreObserver* shadow = observer.on_shadow();
    if (shadow == nullptr) return;
    if (shadows_ == nullptr) shadows_ = std::make_unique<Observers>();
    shadows_->add(*shadow);
  }

  void scored(const Scored& scored) noexcept override {
    for (ScoreObserver* observer : all_) observer->scored(scored);
  }
  void compared(const Compared& compared) noexcept override {
    for (ScoreObserver* observer : all_) observer->compared(compared);
  }
  void shadow_lost(const ModelVersion& shadow, std::size_t rows, ShadowLoss why) noexcept override {
    for (ScoreObserver* observer : all_) observer->shadow_lost(shadow, rows, why);
  }
  void shadow_disabled(const ModelVersion& shadow, const Error& why) noexcept override {
    for (ScoreObserver* observer : all_) observer->shadow_disabled(shadow, why);
  }
  [[nodiscard]] bool lagging() const noexcept override {
    return std::any_of(all_.begin(), all_.end(), [](const auto* o) { return o->lagging(); });
  }
  [[nodiscard]] ScoreObserver* on_shadow() noexcept override { return shadows_.get(); }

 private:
  std::vector<ScoreObserver*> all_;
  std::unique_ptr<Observers> shadows_;
};

}  // namespace thalweg::monitor
