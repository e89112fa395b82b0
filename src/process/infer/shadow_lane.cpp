// The shadow's thread: its queue, its share of a core, and what becomes of it when a call hangs.
#include "process/infer/shadow_lane.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <map>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <fmt/format.h>

#include "model/left_behind.h"
#include "process/infer/call_watch.h"
#include "process/infer/hung_versions.h"
#include "process/infer/shadow_run.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using Nanos = std::chrono::nanoseconds;

constexpr Nanos leave_after = 2s;  // a call under way, at the end of the process

Nanos now() {
  return std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch());
}

Nanos thread_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanos(time.tv_nsec);
}

// How many lanes share one route's CPU: the workers of a pipeline each have one.
std::shared_ptr<std::atomic<int>> sharers_of(const void* owner) {
  static std::mutex mutex;
  static std::map<const void*, std::weak_ptr<std::atomic<int>>> all;
  const std::lock_guard lock(mutex);
  std::erase_if(all, [](const auto& item) { return item.second.expired(); });
  auto sharers = all[owner].lock();
  if (sharers == nullptr) all[owner] = sharers = std::make_shared<std::atomic<int>>(0);
  return sharers;
}

bool same(const std::weak_ptr<const ModelVersion>& a,
          const std::shared_ptr<const ModelVersion>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

std::shared_ptr<const Route> bare_route(const Route& route) {
  auto bare = std::make_shared<Route>(route);
  bare->shadow = nullptr;
  for (Variant& variant : bare->variants) {
    auto named = std::make_shared<ModelVersion>();
    named->model = variant.version->model;
    named->version = variant.version->version;
    named->path = variant.version->path;
    named->content = variant.version->content;
    variant.version = std::move(named);
  }
  return bare;
}

struct ShadowLane::State {
  // calling ─▶ telling (the thread) or ─▶ abandoned (the worker): whoever is first.
  enum class Phase : std::uint8_t { idle, calling, telling, abandoned };

  State(const ShadowLane& lane)
      : work(lane.input_, lane.outputs_, lane.plans_),
        observer(lane.observer_),
        sharers(lane.sharers_) {
    ::sem_init(&queued, 0, 0);
  }
  ~State() { ::sem_destroy(&queued); }

  // free ─▶ filled (the worker's) ─▶ queued ─▶ taken (the thread's) ─▶ free
  enum class Turn : std::uint8_t { free, filled, queued, taken };
  struct Slot {
    ShadowJob job;
    std::uint64_t number = 0;  // in the order of submit
    std::atomic<Turn> turn{Turn::free};
  };

  // No lock between the worker and the thread: where all cores are busy the thread may hold one for long before it runs again.
  std::vector<std::unique_ptr<Slot>> slots;
  std::uint64_t submitted = 0;  // the worker's
  sem_t queued;
  std::atomic<ShadowJob*> current{nullptr};

  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> stopping{false};  // set under mutex
  bool ended = false;                 // guarded by mutex
  bool answered = false;              // guarded by mutex; for answers from other threads
  std::atomic<Phase> phase{Phase::idle};
  CallWatch watch;

  // The thread's.
  ShadowRun work;
  ScoreObserver& observer;  // not used once abandoned
  const std::shared_ptr<std::atomic<int>> sharers;

  static void serve(const std::shared_ptr<State>& self);
  [[nodiscard]] bool run(ShadowJob& job);
  [[nodiscard]] bool call(ShadowJob& job);
  void rest(ShadowJob& job, Nanos cpu, Nanos wall);
  [[nodiscard]] Slot* next();
  void free_slot(Slot& slot) {
    slot.job.route.reset();
    slot.job.bound.version.reset();
    current.store(nullptr);
    const std::lock_guard lock(mutex);
    slot.turn.store(Turn::free, std::memory_order_release);
    changed.notify_all();
  }
  [[nodiscard]] Slot& slot_of(const ShadowJob& job) {
    return **std::find_if(slots.begin(), slots.end(),
                          [&](const auto& slot) { return &slot->job == &job; });
  }
  [[nodiscard]] bool all_free() const {
    return std::all_of(slots.begin(), slots.end(),
                       [](const auto& slot) { return slot->turn.load() == Turn::free; });
  }
};

void ShadowLane::State::serve(const std::shared_ptr<State>& self) {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  ::pthread_setname_np(::pthread_self(), "shadow");
  // Idle, not only nice: a worker that wakes takes the core at once, and a core that only does this counts as free.
  const sched_param none{};
  (void)::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none);
  self->watch.enter();
  while (Slot* slot = self->next()) {
    const Nanos cpu = thread_cpu(), began = now();
    if (!self->run(slot->job)) return;  // abandoned: nobody waits for us
    self->rest(slot->job, thread_cpu() - cpu, now() - began);
    self->free_slot(*slot);
  }
  const std::lock_guard lock(self->mutex);
  self->ended = true;
  self->changed.notify_all();
}

// Waits for the oldest; null: it is over.
ShadowLane::State::Slot* ShadowLane::State::next() {
  while (::sem_wait(&queued) != 0) {
  }
  if (stopping.load()) return nullptr;
  Slot* oldest = nullptr;
  for (const auto& slot : slots) {
    if (slot->turn.load(std::memory_order_acquire) != Turn::queued) continue;
    if (oldest == nullptr || slot->number < oldest->number) oldest = slot.get();
  }
  if (oldest == nullptr) return nullptr;
  oldest->turn.store(Turn::taken, std::memory_order_relaxed);
  current.store(&oldest->job);
  return oldest;
}

// False: abandoned meanwhile, so that nothing outside this state may be touched.
bool ShadowLane::State::run(ShadowJob& job) {
  watch.begin();
  phase.store(Phase::calling);
  bool threw = false;
  try {
    threw = !call(job);
  } catch (...) {  // a runtime that breaks its promise, and a challenger is where that is found
    threw = true;
  }
  Phase calling = Phase::calling;
  if (!phase.compare_exchange_strong(calling, Phase::telling)) return false;
  work.tell(job, observer, threw);
  work.clear();
  phase.store(Phase::idle);
  return true;
}

bool ShadowLane::State::call(ShadowJob& job) {
  {
    const std::lock_guard lock(mutex);
    answered = false;
  }
  work.begin(job);
  const auto on_answer = [this] {
    const std::lock_guard lock(mutex);
    answered = true;
    changed.notify_all();
  };
  if (work.run().start(on_answer)) return true;
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return answered; });
  return true;
}

// What answers on another thread is taken to have computed all the time.
void ShadowLane::State::rest(ShadowJob& job, Nanos cpu, Nanos wall) {
  const double share = job.route->shadow_cpu_share / std::max(1, sharers->load());
  const Nanos used = std::max(cpu, answered ? wall : Nanos(0));
  const auto due = Nanos(static_cast<std::int64_t>(static_cast<double>(used.count()) / share));
  std::unique_lock lock(mutex);
  if (due > wall) changed.wait_for(lock, due - wall, [this] { return stopping.load(); });
}

ShadowLane::ShadowLane(Schema input, Schema outputs, std::vector<OutputPlan> plans,
                       ScoreObserver& observer, const void* owner, ShadowOptions options)
    : input_(std::move(input)),
      outputs_(std::move(outputs)),
      plans_(std::move(plans)),
      observer_(observer),
      options_(options),
      sharers_(sharers_of(owner)) {
  sharers_->fetch_add(1);
  start();
}

void ShadowLane::start() {
  state_ = std::make_shared<State>(*this);
  for (std::size_t i = 0; i < options_.jobs_max; ++i)
    state_->slots.push_back(std::make_unique<State::Slot>());
  thread_ = std::thread([state = state_] { State::serve(state); });
}

ShadowLane::~ShadowLane() {
  sharers_->fetch_sub(1);
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping.store(true);
    ::sem_post(&state_->queued);
    state_->changed.notify_all();
    ended = state_->changed.wait_for(lock, leave_after, [this] { return state_->ended; });
  }
  auto calling = State::Phase::calling;
  if (!ended && state_->phase.compare_exchange_strong(calling, State::Phase::abandoned)) {
    leave_behind(thread_);
  } else {
    thread_.join();
  }
}

std::optional<ShadowLane::Abandoned> ShadowLane::look() {
  // In this order: the moment of a call that has not begun is that of an older one.
  if (state_->phase.load() != State::Phase::calling) return std::nullopt;
  if (!state_->watch.hangs(options_.hang_after)) return std::nullopt;
  auto calling = State::Phase::calling;
  if (!state_->phase.compare_exchange_strong(calling, State::Phase::abandoned)) return std::nullopt;
  std::shared_ptr<const ModelVersion> version;
  std::size_t rows = 0;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping.store(true);
    const ShadowJob& hung = *state_->current.load();
    version = hung.bound.version;
    rows = hung.batch.rows().count();
    for (const auto& slot : state_->slots)
      rows += slot->turn.load() == State::Turn::queued ? slot->job.batch.rows().count() : 0;
  }
  HungVersions::process().add(version);
  leave_behind(thread_);
  start();
  std::string text = fmt::format(
      "model '{}' version {}, a shadow: an answer was expected within {} s; there is none; its "
      "thread is left behind and it sees no more rows in this process; run what hangs in a process "
      "of its own",
      version->model, version->version,
      std::chrono::duration_cast<std::chrono::seconds>(options_.hang_after).count());
  return Abandoned{std::move(version), rows, Error(Code::model_failed, std::move(text))};
}

bool ShadowLane::disabled(const std::shared_ptr<const ModelVersion>& version) {
  const std::uint64_t changes = HungVersions::process().changes();
  if (asked_at_ != changes || !same(asked_for_, version)) {
    asked_at_ = changes;
    asked_for_ = version;
    hung_ = HungVersions::process().has(version);
  }
  if (hung_) return true;
  return std::any_of(disabled_.begin(), disabled_.end(),
                     [&](const auto& other) { return same(other, version); });
}

void ShadowLane::disable(const std::shared_ptr<const ModelVersion>& version) {
  std::erase_if(disabled_, [](const auto& other) { return other.expired(); });
  disabled_.push_back(version);
}

ShadowJob* ShadowLane::begin(const std::shared_ptr<const ModelVersion>& challenger,
                             ShadowLoss& why) {
  if (disabled(challenger)) {
    why = ShadowLoss::disabled;
    return nullptr;
  }
  for (const auto& slot : state_->slots) {
    if (slot->turn.load(std::memory_order_acquire) != State::Turn::free) continue;
    slot->turn.store(State::Turn::filled, std::memory_order_relaxed);
    return &slot->job;
  }
  why = ShadowLoss::busy;
  return nullptr;
}

void ShadowLane::submit(ShadowJob& job) {
  State::Slot& slot = state_->slot_of(job);
  slot.number = ++state_->submitted;
  slot.turn.store(State::Turn::queued, std::memory_order_release);
  ::sem_post(&state_->queued);
}

void ShadowLane::give_back(ShadowJob& job) {
  state_->slot_of(job).turn.store(State::Turn::free, std::memory_order_release);
}

void ShadowLane::wait_until_idle() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->all_free(); });
}

}  // namespace thalweg
