// Versions of the fake model in a scratch folder, and a ServedModel on them: what the tests of versions' lives share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "model/calls.h"
#include "model/manifest.h"
#include "model/scratch_dir.h"
#include "model/served_model.h"

namespace thalweg {

class ServedTest : public testing::Test {
 protected:
  // A version that answers `value`; further lines go into its settings.
  void put(int version, double value, const std::string& more = "") {
    dir_.write(std::to_string(version) + "/fake.yaml",
               "function: constant\nvalue: " + std::to_string(value) + "\n" + more);
  }
  // All at once and with its manifest, as a publisher makes it appear: a folder that is looked at meanwhile has all of it or nothing.
  void appear(int version, double value, const std::string& more = "") {
    const std::string staged = ".staged";
    dir_.write(staged + "/fake.yaml",
               "function: constant\nvalue: " + std::to_string(value) + "\n" + more);
    Manifest manifest;
    manifest.version = version;
    manifest.files = *list_files(dir_ / staged);
    dir_.write(staged + "/manifest.json", to_json(manifest));
    std::filesystem::rename(dir_ / staged, dir_ / std::to_string(version));
  }
  // The manifest of what lies there.
  void seal(int version, const std::function<void(Manifest&)>& change = {}) {
    Manifest manifest;
    manifest.version = version;
    manifest.files = *list_files(dir_ / std::to_string(version));
    if (change) change(manifest);
    dir_.write(std::to_string(version) + "/manifest.json", to_json(manifest));
  }
  std::shared_ptr<ServedModel> make(std::vector<std::pair<std::string, std::string>> more = {}) {
    std::vector<std::pair<std::string, std::string>> settings{
        {"path", dir_.path()}, {"poll", "10ms"}, {"keep_previous", "0s"}};
    for (auto& [name, value] : more) {
      std::erase_if(settings, [&](const auto& item) { return item.first == name; });
      settings.emplace_back(name, value);
    }
    return make(calls::entry(std::move(settings)));
  }
  std::shared_ptr<ServedModel> make(const Node& node,
                                    const Registry& registry = calls::registry()) {
    auto entry = read_entry("m", node, registry);
    EXPECT_TRUE(entry.ok()) << (entry.ok() ? "" : entry.error().message());
    auto served = ServedModel::make(std::move(*entry), registry, cache_);
    EXPECT_TRUE(served.ok()) << (served.ok() ? "" : served.error().message());
    (*served)->on_news([this](const VersionNews& news) {
      const std::lock_guard lock(mutex_);
      news_.push_back(news);
    });
    (*served)->on_change([this] { changed_.notify_all(); });
    return *served;
  }
  // Waits for what another thread does.
  template <class Condition>
  bool eventually(Condition condition) {
    std::unique_lock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      lock.unlock();
      const bool there = condition();
      lock.lock();
      if (there) return true;
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    return false;
  }
  static std::int64_t serving(const ServedModel& model) {
    const auto version = model.current();
    return version == nullptr ? -1 : version->version;
  }
  static VersionStatus status_of(const ServedModel& model, std::int64_t version) {
    for (const VersionStatus& status : model.status()) {
      if (status.version == version) return status;
    }
    return {};
  }
  // `version`: of this one only.
  std::size_t told(const std::string& event, std::int64_t version = -1) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(news_.begin(), news_.end(), [&](const VersionNews& news) {
          return news.event == event && (version < 0 || news.version == version);
        }));
  }
  static DesiredModel wish_for(const std::string& version) {
    DesiredModel wish;
    wish.variants.front().version = version;
    return wish;
  }

  ScratchDir dir_;
  ModelCache cache_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<VersionNews> news_;
};

}  // namespace thalweg
