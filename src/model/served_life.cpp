// The life of a ServedModel: opened, started, told what is wanted, turned, stopped.
#include "model/served_life.h"

#include "model/wish.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr auto leave_after = 200ms;  // an errand under way, when the model stops

std::chrono::milliseconds duration(const ModelEntry& entry, std::string_view name) {
  return std::chrono::milliseconds(entry.values.integer(name));
}

}  // namespace

ServedModel::Life::Life(ModelEntry entry, const Registry& registry, ModelCache& cache,
                        DesiredModel file_wish, std::shared_ptr<Reclaimer::Queue> reclaim)
    : entry_(std::move(entry)),
      file_wish_(std::move(file_wish)),
      route_(std::make_shared<const Route>()),
      registry_(registry),
      cache_(cache),
      reclaim_(std::move(reclaim)),
      poll_(duration(entry_, "poll")),
      keep_previous_(duration(entry_, "keep_previous")),
      slow_load_(duration(entry_, "slow_load")),
      unload_first_(entry_.values.string("unload") == "first"),
      folder_(entry_, registry) {}

Status ServedModel::Life::open() {
  if (opened_) return {};  // who asks again must not wait for a load under way
  const std::lock_guard work(work_);
  if (opened_) return {};
  {
    const std::lock_guard lock(mutex_);
    if (!next_) next_ = Wish{file_wish_, -1, {}, false};
  }
  // A start waits for its versions, and for the shadow no longer than any other turn.
  turn(Patience::for_variants);
  const std::lock_guard lock(mutex_);
  opened_ = serving_;
  if (opened_) return {};
  Error error = next_ && next_->refusal
                    ? *next_->refusal
                    : Error(Code::model_unavailable, "expected a version to serve; there is none");
  if (next_ && next_->epoch == -1) next_.reset();  // asked again, it is the file's wish again
  return error;
}

void ServedModel::Life::start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable() || stop_) return;
  thread_ = std::thread([this] { run(); });
}

void ServedModel::Life::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  leave_fetches();
  route_.store(std::make_shared<const Route>());
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::vector<std::unique_ptr<Errand<std::shared_ptr<const LoadedVersion>>>> loads;
  std::vector<std::unique_ptr<Errand<std::shared_ptr<const ModelVersion>>>> checks;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, known] : known_) {
      dropped.push_back(std::move(known.loaded));
      if (known.loading) loads.push_back(std::move(known.loading));
      if (known.checking) checks.push_back(std::move(known.checking));
    }
    told_ = nullptr;
    news_told_ = nullptr;
  }
  // Nobody waits for a version that was to serve later; but most are there in a moment, and then no thread is left behind.
  const auto until = Clock::now() + leave_after;
  const auto rest = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  };
  for (const auto& load : loads) (void)load->ended_within(rest());
  for (const auto& check : checks) (void)check->ended_within(rest());
  if (looking_) (void)looking_->ended_within(rest());
  looking_.reset();
  hung_looks_.clear();
}

void ServedModel::Life::run() {
  tidy_cache();
  for (;;) {
    {
      const std::lock_guard work(work_);
      turn();
    }
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return stop_ || wake_; };
    if (poll_.count() > 0) {
      changed_.wait_for(lock, poll_, woken);
    } else {
      changed_.wait(lock, woken);
    }
    wake_ = false;
    if (stop_) return;
  }
}

void ServedModel::Life::poll_now() {
  const std::lock_guard work(work_);
  turn(Patience::for_all);
}

Status ServedModel::Life::prepare(const DesiredModel& wish, std::int64_t epoch) {
  if (Status fine = check_wish(wish); !fine.ok()) return fine;
  {
    const std::lock_guard lock(mutex_);
    next_ = Wish{wish, epoch, {}, false};
    wake_ = true;
    if (!serving_) return {};
  }
  start();
  changed_.notify_all();
  return {};
}

void ServedModel::Life::turn(Patience patience) {
  tried_.clear();
  awaited_.clear();
  look(patience != Patience::none);
  patient_ = patience != Patience::none;
  pursue_next();
  follow_active();
  patient_ = patience == Patience::for_all;
  follow_shadow();
  patient_ = false;
  drop_unwanted_errands();
  forget_fetches();
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  const std::lock_guard lock(mutex_);
  dropped = drop_unwanted_locked();
}

}  // namespace thalweg
