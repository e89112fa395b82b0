#include "model/served_model.h"

#include <fmt/format.h>

#include "model/served_life.h"
#include "model/versions.h"
#include "model/wish.h"

namespace thalweg {
namespace {

Result<DesiredModel> wish_with_labels(const ModelEntry& entry) {
  auto wish = wish_of(entry);
  if (!wish) return wish;
  for (const auto& [label, version] : entry.values.map("labels")) {
    if (!version_number(version)) {
      return config_error(
          entry.values.where("labels"),
          fmt::format("labels: {}: expected a version's number; got '{}'", label, version));
    }
    wish->labels[label] = version;
  }
  return wish;
}

}  // namespace

Result<std::shared_ptr<ServedModel>> ServedModel::make(ModelEntry entry, const Registry& registry,
                                                       ModelCache& cache) {
  auto wish = wish_with_labels(entry);
  if (!wish) return std::move(wish).error();
  auto reclaimer = Reclaimer::shared();
  auto life = std::make_shared<Life>(std::move(entry), registry, cache, std::move(*wish),
                                     reclaimer->queue());
  return std::shared_ptr<ServedModel>(new ServedModel(std::move(life), std::move(reclaimer)));
}

ServedModel::ServedModel(std::shared_ptr<Life> life, std::shared_ptr<Reclaimer> reclaimer)
    : reclaimer_(std::move(reclaimer)), life_(std::move(life)) {}

ServedModel::~ServedModel() {
  life_->stop();
}

const std::string& ServedModel::name() const noexcept {
  return life_->entry_.name;
}
std::shared_ptr<const Route> ServedModel::route() const noexcept {
  return life_->route_.load();
}
Status ServedModel::must_fit(VersionCheck check) {
  return life_->must_fit(std::move(check));
}
const ModelEntry& ServedModel::entry() const noexcept {
  return life_->entry_;
}
const DesiredModel& ServedModel::file_wish() const noexcept {
  return life_->file_wish_;
}
Status ServedModel::open() {
  return life_->open();
}
void ServedModel::start() {
  life_->start();
}
Status ServedModel::prepare(const DesiredModel& wish, std::int64_t epoch) {
  return life_->prepare(wish, epoch);
}
bool ServedModel::prepared(std::int64_t epoch) const {
  return life_->prepared(epoch);
}
std::optional<Error> ServedModel::refused(std::int64_t epoch) const {
  return life_->refused(epoch);
}
Status ServedModel::activate(std::int64_t epoch) {
  return life_->activate(epoch);
}
void ServedModel::controlled(bool yes) {
  life_->controlled(yes);
}
void ServedModel::on_change(std::function<void()> told) {
  life_->on_change(std::move(told));
}
void ServedModel::on_news(std::function<void(const VersionNews&)> told) {
  life_->on_news(std::move(told));
}
std::vector<VersionStatus> ServedModel::status() const {
  return life_->status();
}
DesiredModel ServedModel::wish() const {
  return life_->wish();
}
std::int64_t ServedModel::epoch() const {
  return life_->epoch();
}
ShadowStatus ServedModel::shadow() const {
  return life_->shadow();
}
std::uint64_t ServedModel::swaps() const noexcept {
  return life_->swaps_.load();
}
std::uint64_t ServedModel::failed_loads() const noexcept {
  return life_->failed_loads_.load();
}
void ServedModel::poll_now() {
  life_->poll_now();
}

}  // namespace thalweg
