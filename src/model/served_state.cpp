// The state of a ServedModel that everybody may read: states, roles, the route, what is kept and what is let go.
#include <algorithm>

#include <fmt/format.h>

#include "model/manifest.h"
#include "model/served_life.h"

namespace thalweg {
namespace {

constexpr std::size_t news_kept = 100;      // while nobody listens
constexpr std::ptrdiff_t previous_max = 4;  // versions kept for a rollback

std::int64_t now_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

void ServedModel::Life::set_state_locked(Known& known, VersionState state, std::string reason) {
  known.status.state = state;
  known.status.reason = std::move(reason);
  known.status.failed = false;
  known.status.since_ms = now_ms();
  if (known.loaded == nullptr) return;
  const ModelVersion& version = *known.loaded;
  known.status.golden_rows = version.golden_rows;
  if (version.manifest == nullptr) return;
  known.status.manifest_sha256 = version.manifest->sha256;
  if (!version.manifest->baseline.empty())
    known.status.baseline = known.status.path + "/" + version.manifest->baseline;
}

ServedModel::Life::Known& ServedModel::Life::know_locked(const WishedVersion& version) {
  Known& known = known_[version.key()];
  known.status.model = entry_.name;
  known.status.version = version.version;
  known.status.path = version.path;
  if (!version.uri.empty()) known.status.uri = version.uri;
  if (known.status.since_ms == 0) known.status.since_ms = now_ms();
  return known;
}

std::optional<Error> ServedModel::Life::known_failure(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = known_.find(key);
  if (it == known_.end() || !it->second.error) return std::nullopt;
  return it->second.error;
}

std::shared_ptr<const ModelVersion> ServedModel::Life::loaded_locked(const std::string& key) const {
  const auto it = known_.find(key);
  return it == known_.end() ? nullptr : it->second.loaded;
}

bool ServedModel::Life::variants_loaded_locked(const WishedVersions& wished) const {
  return std::all_of(
      wished.variants.begin(), wished.variants.end(),
      [this](const WishedVersion& version) { return loaded_locked(version.key()) != nullptr; });
}

bool ServedModel::Life::takes_a_place_locked(const WishedVersions& wished) const {
  if (!unload_first_ || !serving_) return false;
  const auto route = route_.load();
  if (route->variants.empty()) return true;  // the place is being changed
  return std::any_of(route->variants.begin(), route->variants.end(), [&](const Variant& variant) {
    return std::none_of(known_.begin(), known_.end(), [&](const auto& item) {
      return item.second.loaded == variant.version && wished.names(item.first);
    });
  });
}

bool ServedModel::Life::routed_locked(const WishedVersions& wished) const {
  const auto route = route_.load();
  return std::equal(route->variants.begin(), route->variants.end(), wished.variants.begin(),
                    wished.variants.end(), [this](const Variant& have, const WishedVersion& want) {
                      return have.version == loaded_locked(want.key());
                    });
}

// As far as it is loaded.
void ServedModel::Life::set_shadow_locked(Route& route, const Wish& wish) const {
  if (!wish.wish.shadow || !wish.found->shadow) return;
  route.shadow = loaded_locked(wish.found->shadow->key());
  route.shadow_topic = wish.wish.shadow->topic;
  route.shadow_cpu_share = wish.wish.shadow->cpu_share;
}

// REQUIRES that all variants of it are loaded.
void ServedModel::Life::move_route_locked(Wish& wish) {
  auto route = std::make_shared<Route>();
  route->epoch = wish.epoch;
  route->salt = wish.wish.salt.empty() ? entry_.name : wish.wish.salt;
  route->key = wish.wish.key;
  std::uint32_t end = 0;
  for (std::size_t i = 0; i < wish.wish.variants.size(); ++i) {
    end += wish.wish.variants[i].share;
    route->variants.push_back(
        {wish.wish.variants[i].name, end, known_.at(wish.found->variants[i].key()).loaded});
  }
  set_shadow_locked(*route, wish);
  if (active_.epoch != wish.epoch || active_.wish.shadow != wish.wish.shadow)
    shadow_refusal_.reset();
  const bool moved = serving_ && active_.found && active_.found->variants != wish.found->variants;
  if (moved) {
    ++swaps_;
    keep_previous_locked(wish);
  }
  active_ = std::move(wish);
  serving_ = true;
  route_.store(std::move(route));
}

// What leaves the route may be wanted back, whichever variant it was: a promotion takes two versions from it, and a rollback or a guard
// wants one or both. One for each variant, and not more than previous_max.
void ServedModel::Life::keep_previous_locked(const Wish& wish) {
  const auto routed = [&wish](const std::string& key) {
    return std::any_of(wish.found->variants.begin(), wish.found->variants.end(),
                       [&](const WishedVersion& version) { return version.key() == key; });
  };
  if (!unload_first_ && keep_previous_.count() > 0) {
    for (std::size_t i = 0; i < active_.found->variants.size(); ++i) {
      const std::string key = active_.found->variants[i].key();
      const std::string& variant = active_.wish.variants[i].name;
      if (routed(key)) continue;
      std::erase_if(previous_,
                    [&](const Previous& p) { return p.key == key || p.variant == variant; });
      previous_.push_back({key, variant, Clock::now() + keep_previous_});
    }
  }
  std::erase_if(previous_, [&](const Previous& p) { return routed(p.key); });
  if (std::ssize(previous_) > previous_max)
    previous_.erase(previous_.begin(), previous_.end() - previous_max);
}

bool ServedModel::Life::kept_locked(const std::string& key) const {
  return std::any_of(previous_.begin(), previous_.end(),
                     [&](const Previous& p) { return p.key == key; });
}

std::string ServedModel::Life::role_locked(const std::string& key) const {
  std::string role;
  const auto add = [&role](const std::string& word) { role += (role.empty() ? "" : ", ") + word; };
  if (active_.found) {
    for (std::size_t i = 0; i < active_.found->variants.size(); ++i) {
      const std::string& name = active_.wish.variants[i].name;
      if (active_.found->variants[i].key() == key) add(name.empty() ? "serving" : name);
    }
    if (active_.found->shadow && active_.found->shadow->key() == key) add("shadow");
  }
  if (!role.empty()) return role;
  if (next_ && next_->found && next_->found->names(key)) return "prepared";
  return kept_locked(key) ? "previous" : "";
}

std::vector<std::shared_ptr<const ModelVersion>> ServedModel::Life::take_locked(
    const std::function<bool(const std::string& key)>& wanted, const std::string& reason) {
  std::vector<std::shared_ptr<const ModelVersion>> taken;
  for (auto& [key, known] : known_) {
    if (known.loaded == nullptr || wanted(key)) continue;
    taken.push_back(std::move(known.loaded));
    known.loaded = nullptr;
    set_state_locked(known, VersionState::unloading, reason);
  }
  return taken;
}

std::vector<std::shared_ptr<const ModelVersion>> ServedModel::Life::drop_unwanted_locked(
    const WishedVersions* loading) {
  std::erase_if(previous_, [](const Previous& p) { return Clock::now() >= p.until; });
  const std::string reason =
      active_.found ? fmt::format("version {} serves", active_.found->variants.front().version)
                    : "nobody asks for it";
  return take_locked(
      [this, loading](const std::string& key) {
        return (loading != nullptr && loading->names(key)) ||
               (active_.found && active_.found->names(key)) || kept_locked(key) ||
               (before_ && before_->found && before_->found->names(key)) ||
               (next_ && next_->found && next_->found->names(key));
      },
      reason);
}

// On the reclaimer's thread, after the version's memory was given back.
void ServedModel::Life::freed(const std::string& key, std::uint64_t load) {
  std::int64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto it = known_.find(key);
    if (it == known_.end() || it->second.load != load) return;
    if (it->second.status.state != VersionState::unloading) return;
    set_state_locked(it->second, VersionState::end, it->second.status.reason);
    version = it->second.status.version;
  }
  changed_.notify_all();
  say(false, "model.unloaded", version,
      fmt::format("version {} is freed; its last batch is done", version));
  tell();
}

void ServedModel::Life::tell() {
  std::function<void()> told;
  {
    const std::lock_guard lock(mutex_);
    told = told_;
  }
  if (told) told();
}

void ServedModel::Life::say(bool warning, std::string event, std::int64_t version,
                            std::string text) {
  VersionNews news{warning, std::move(event), entry_.name, version, std::move(text)};
  std::function<void(const VersionNews&)> told;
  {
    const std::lock_guard lock(mutex_);
    told = news_told_;
    if (!told) {
      if (warning && news_.size() < news_kept) news_.push_back(std::move(news));
      return;
    }
  }
  told(news);
}

void ServedModel::Life::on_news(std::function<void(const VersionNews&)> told) {
  std::vector<VersionNews> waiting;
  {
    const std::lock_guard lock(mutex_);
    news_told_ = told;
    if (told) waiting.swap(news_);
  }
  for (const VersionNews& news : waiting) told(news);
}

void ServedModel::Life::on_change(std::function<void()> told) {
  const std::lock_guard lock(mutex_);
  told_ = std::move(told);
}

std::vector<VersionStatus> ServedModel::Life::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<VersionStatus> all;
  for (const auto& [key, known] : known_) {
    all.push_back(known.status);
    all.back().in_folder = known.status.uri.empty() || known.on_disk;
    all.back().role = known.loaded == nullptr ? "" : role_locked(key);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.version < b.version; });
  return all;
}

DesiredModel ServedModel::Life::wish() const {
  const std::lock_guard lock(mutex_);
  if (before_) return before_->wish;
  return serving_ ? active_.wish : file_wish_;
}

std::int64_t ServedModel::Life::epoch() const {
  const std::lock_guard lock(mutex_);
  return before_ ? before_->epoch : active_.epoch;
}

bool ServedModel::Life::prepared(std::int64_t epoch) const {
  const std::lock_guard lock(mutex_);
  if (serving_ && active_.epoch == epoch && !(next_ && next_->epoch == epoch)) return true;
  return next_ && next_->epoch == epoch && next_->found.has_value();
}

std::optional<Error> ServedModel::Life::refused(std::int64_t epoch) const {
  const std::lock_guard lock(mutex_);
  if (!next_ || next_->epoch != epoch) return std::nullopt;
  return next_->refusal;
}

void ServedModel::Life::controlled(bool yes) {
  const std::lock_guard lock(mutex_);
  controlled_ = yes;
}

Status ServedModel::Life::activate(std::int64_t epoch) {
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::string text;
  std::int64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    if (serving_ && active_.epoch == epoch && !(next_ && next_->epoch == epoch)) return {};
    const bool ready = next_ && next_->epoch == epoch && next_->found;
    if (ready && next_->unloads && !variants_loaded_locked(*next_->found)) {
      // The model's own thread loads it now; until it serves, epoch() is the one before.
      if (!before_) before_ = std::move(active_);
      active_ = std::move(*next_);
      next_.reset();
      ++swaps_;
      wake_ = true;
      changed_.notify_all();
      return {};
    }
    if (!ready || !variants_loaded_locked(*next_->found)) {
      return Error(Code::model_unavailable,
                   fmt::format("model '{}': expected the wish of epoch {} to be prepared; it is "
                               "not; wait until prepared() says so",
                               entry_.name, epoch));
    }
    Wish wish = std::move(*next_);
    next_.reset();
    before_.reset();
    move_route_locked(wish);
    dropped = drop_unwanted_locked();
    version = active_.found->variants.front().version;
    text = fmt::format("version {} serves (epoch {})", version, epoch);
    wake_ = wake_ || active_.wish.shadow.has_value();  // it is loaded behind what answers
  }
  changed_.notify_all();
  say(false, "model.activated", version, text);
  dropped.clear();  // the last batch may be done: then this hands them to the reclaimer
  tell();
  return {};
}

}  // namespace thalweg
