// The shadow's thread: its queue, its share of a core, and what becomes of it when a call hangs.
#include "process/infer/shadow_lane.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <deque>
#include <map>
#include <mutex>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "process/infer/shadow_run.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using Nanos = std::chrono::nanoseconds;

constexpr Nanos leave_after = 2s;  // a call under way, at the end of the process
constexpr int low_priority = 10;

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

struct ShadowLane::State {
  // calling ─▶ telling (the thread) or ─▶ abandoned (the worker): whoever is first.
  enum class Phase : std::uint8_t { idle, calling, telling, abandoned };

  State(const ShadowLane& lane)
      : work(lane.input_, lane.outputs_, lane.plans_),
        observer(lane.observer_),
        sharers(lane.sharers_) {}

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<ShadowJob*> queue;                  // guarded by mutex
  std::vector<ShadowJob*> free;                  // guarded by mutex
  std::vector<std::unique_ptr<ShadowJob>> jobs;  // the worker's
  ShadowJob* current = nullptr;                  // guarded by mutex
  bool stopping = false;                         // guarded by mutex
  bool ended = false;                            // guarded by mutex
  bool answered = false;                         // guarded by mutex; for answers from other threads
  std::atomic<Phase> phase{Phase::idle};
  std::atomic<std::int64_t> began_ns{0};  // of the job that is being called

  // The thread's.
  ShadowRun work;
  ScoreObserver& observer;  // not used once abandoned
  const std::shared_ptr<std::atomic<int>> sharers;

  static void serve(const std::shared_ptr<State>& self);
  [[nodiscard]] bool run(ShadowJob& job);
  [[nodiscard]] bool call(ShadowJob& job);
  void rest(ShadowJob& job, Nanos cpu, Nanos wall);
  void free_job(ShadowJob& job) {
    job.route.reset();
    job.bound.version.reset();
    const std::lock_guard lock(mutex);
    current = nullptr;
    free.push_back(&job);
    changed.notify_all();
  }
};

void ShadowLane::State::serve(const std::shared_ptr<State>& self) {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  ::pthread_setname_np(::pthread_self(), "shadow");
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), low_priority);
  for (;;) {
    ShadowJob* job = nullptr;
    {
      std::unique_lock lock(self->mutex);
      self->changed.wait(lock, [&] { return self->stopping || !self->queue.empty(); });
      if (self->stopping) {
        self->ended = true;
        self->changed.notify_all();
        return;
      }
      job = self->queue.front();
      self->queue.pop_front();
      self->current = job;
    }
    const Nanos cpu = thread_cpu(), began = now();
    if (!self->run(*job)) return;  // abandoned: nobody waits for us
    self->rest(*job, thread_cpu() - cpu, now() - began);
    self->free_job(*job);
  }
}

// False: abandoned meanwhile, so that nothing outside this state may be touched.
bool ShadowLane::State::run(ShadowJob& job) {
  began_ns.store(now().count());
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
  if (due > wall) changed.wait_for(lock, due - wall, [this] { return stopping; });
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
  for (std::size_t i = 0; i < options_.jobs_max; ++i) {
    state_->free.push_back(state_->jobs.emplace_back(std::make_unique<ShadowJob>()).get());
  }
  thread_ = std::thread([state = state_] { State::serve(state); });
}

ShadowLane::~ShadowLane() {
  sharers_->fetch_sub(1);
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
    ended = state_->changed.wait_for(lock, leave_after, [this] { return state_->ended; });
  }
  auto calling = State::Phase::calling;
  if (!ended && state_->phase.compare_exchange_strong(calling, State::Phase::abandoned)) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

std::optional<ShadowLane::Abandoned> ShadowLane::look() {
  const Nanos since = now() - Nanos(state_->began_ns.load());
  if (state_->phase.load() != State::Phase::calling || since < options_.hang_after)
    return std::nullopt;
  auto calling = State::Phase::calling;
  if (!state_->phase.compare_exchange_strong(calling, State::Phase::abandoned)) return std::nullopt;
  std::shared_ptr<const ModelVersion> version;
  std::size_t rows = 0;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    version = state_->current->bound.version;
    rows = state_->current->batch.rows().count();
    for (const ShadowJob* job : state_->queue) rows += job->batch.rows().count();
  }
  disable(version);
  thread_.detach();
  start();
  std::string text = fmt::format(
      "model '{}' version {}, a shadow: an answer was expected within {} s; there is none; its "
      "thread is left behind and it sees no more rows; run what hangs in a process of its own",
      version->model, version->version,
      std::chrono::duration_cast<std::chrono::seconds>(options_.hang_after).count());
  return Abandoned{std::move(version), rows, Error(Code::model_failed, std::move(text))};
}

bool ShadowLane::disabled(const std::shared_ptr<const ModelVersion>& version) const {
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
  const std::lock_guard lock(state_->mutex);
  if (state_->free.empty()) {
    why = ShadowLoss::busy;
    return nullptr;
  }
  ShadowJob* job = state_->free.back();
  state_->free.pop_back();
  return job;
}

void ShadowLane::submit(ShadowJob& job) {
  const std::lock_guard lock(state_->mutex);
  state_->queue.push_back(&job);
  state_->changed.notify_all();
}

void ShadowLane::give_back(ShadowJob& job) {
  const std::lock_guard lock(state_->mutex);
  state_->free.push_back(&job);
}

void ShadowLane::wait_until_idle() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->free.size() == options_.jobs_max; });
}

}  // namespace thalweg
