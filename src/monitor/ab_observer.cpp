#include "monitor/ab_observer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ranges>

#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

// Of each model, the route in force and the one before, whose batches may still come back.
constexpr std::size_t kept_of_a_model = 2;

std::int64_t monotonic_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

AbCounts::AbCounts(const std::string& of, const Route& route)
    : model(of),
      epoch(route.epoch),
      salt(route.salt),
      arms(std::make_unique<Arm[]>(route.variants.size())),
      arm_count(route.variants.size()),
      buckets(std::make_unique<Bucket[]>(bucket_count)) {
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < arm_count; ++i) {
    const Variant& variant = route.variants[i];
    arms[i].name = variant.name;
    arms[i].version = variant.version->version;
    arms[i].content = variant.version->identity();
    arms[i].begin = begin;
    arms[i].end = begin = variant.end;
  }
}

// By what the route says: another one may lie at the same place in memory.
bool AbCounts::are_of(const std::string& wanted, const Route& route) const noexcept {
  if (epoch != route.epoch || arm_count != route.variants.size() || model != wanted ||
      salt != route.salt)
    return false;
  for (std::size_t i = 0; i < arm_count; ++i) {
    const Variant& variant = route.variants[i];
    if (arms[i].end != variant.end || arms[i].version != variant.version->version ||
        arms[i].name != variant.name || arms[i].content != variant.version->identity())
      return false;
  }
  return true;
}

bool AbCounts::same_route_as(const AbCounts& other) const noexcept {
  if (epoch != other.epoch || arm_count != other.arm_count || model != other.model ||
      salt != other.salt)
    return false;
  for (std::size_t i = 0; i < arm_count; ++i) {
    if (arms[i].end != other.arms[i].end || arms[i].version != other.arms[i].version ||
        arms[i].name != other.arms[i].name || arms[i].content != other.arms[i].content)
      return false;
  }
  return true;
}

AbCounts& AbObserver::counts_of(const std::string& model, const Route& route) {
  for (const auto& counts : kept_ | std::views::reverse) {
    if (counts->are_of(model, route)) return *counts;
  }
  auto fresh = std::make_shared<AbCounts>(model, route);
  const std::lock_guard lock(mutex_);
  const auto of_model = [&](const auto& counts) { return counts->model == model; };
  if (std::count_if(kept_.begin(), kept_.end(), of_model) == kept_of_a_model)
    kept_.erase(std::find_if(kept_.begin(), kept_.end(), of_model));
  return *kept_.emplace_back(std::move(fresh));
}

// That ends a test, also one that only other workers counted.
void AbObserver::answered_alone(const std::string& model) {
  auto it = std::find_if(alone_.begin(), alone_.end(),
                         [&](const auto& alone) { return alone->model == model; });
  if (it == alone_.end()) {
    const std::lock_guard lock(mutex_);
    it = alone_.insert(alone_.end(), std::make_unique<Alone>(model));
  }
  (*it)->used_ns.store(monotonic_ns(), std::memory_order_relaxed);
}

std::int64_t AbObserver::alone_ns(const std::string& model) const {
  const std::lock_guard lock(mutex_);
  const auto it = std::find_if(alone_.begin(), alone_.end(),
                               [&](const auto& alone) { return alone->model == model; });
  return it == alone_.end() ? 0 : (*it)->used_ns.load(std::memory_order_relaxed);
}

void AbObserver::scored(const Scored& scored) noexcept {
  if (scored.variant == nullptr) return;
  if (scored.route.variants.size() < 2) return answered_alone(scored.version.model);
  if (scored.buckets.empty()) return;
  AbCounts& counts = counts_of(scored.version.model, scored.route);
  counts.used_ns.store(monotonic_ns(), std::memory_order_relaxed);
  const auto arm = static_cast<std::size_t>(scored.variant - scored.route.variants.data());
  counts.arms[arm].asked.add(scored.rows.size());
  const Column* score = score_of(scored.outputs);
  if (score == nullptr) return;
  std::size_t at = 0;
  const auto count = [&](double y) {
    const std::uint32_t row = scored.answered[at++];
    if (!std::isfinite(y)) return;
    AbCounts::Bucket& bucket = counts.buckets[scored.buckets[row]];
    bucket.n.add(1);
    bucket.sum.add(y);
    bucket.squares.add(y * y);
  };
  each_value(*score, std::views::iota(0U, static_cast<std::uint32_t>(scored.answered.size())),
             count, [](std::string_view) {});
}

std::vector<std::shared_ptr<const AbCounts>> AbObserver::counts() const {
  const std::lock_guard lock(mutex_);
  return {kept_.begin(), kept_.end()};
}

}  // namespace thalweg::monitor
