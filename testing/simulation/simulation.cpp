#include "testing/simulation/simulation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "thalweg/testing.h"

#include "run/worker.h"
#include "sink/memory_transaction_sink.h"
#include "testing/simulation/parts.h"
#include "testing/simulation/verdict.h"

namespace thalweg::testing_kit {
namespace {

using namespace std::chrono_literals;
using Fate = MemoryTransactionSink::Fate;

// One process: what dies with it.
struct Member {
  std::string id;  // transactional
  Fuse fuse;
  std::shared_ptr<HeldHelper> helper = std::make_shared<HeldHelper>();
  HeldSteps steps;
  TaskStores stores;
  MemorySource* source = nullptr;  // the worker's
  std::unique_ptr<MemoryTransactionSink> transactions;
  std::unique_ptr<MemorySink> plain;
  std::unique_ptr<FusedSink> sink;
  std::size_t company = 0;         // outputs that are refused for their neighbour
  std::unique_ptr<Worker> worker;  // first to go
};

// A partition of the input, as the group sees it.
struct Place {
  std::size_t owner = 0;
  std::optional<std::size_t> heir;  // when the owner has let go
  bool haunted = false;             // its last owner has not heard yet that it is gone
};

class World {
 public:
  explicit World(const SimulationOptions& options)
      : options_(options), dice_(options.seed), partitions_(dice_.between(1, 4)) {
    result_.seed = options.seed;
    log_.create("in", static_cast<int>(partitions_));
    trouble_ = dice_.one_in(5) ? 0 : dice_.between(8, 200);
    remembers_ = options.exactly_once && dice_.one_in(2);
    members_.resize(dice_.between(1, 3));
    for (std::size_t m = 0; m < members_.size(); ++m) start(m);
    places_.resize(partitions_);
    for (std::size_t p = 0; p < partitions_; ++p) give(p, dice_.below(members_.size()));
  }

  SimulationResult run() {
    const std::size_t steps = dice_.between(200, 900);
    for (std::size_t i = 0; i < steps; ++i) act();
    calm();
    for (std::size_t m = 0; m < members_.size(); ++m) {
      result_.aborted += members_[m]->worker->metrics().transactions_aborted.get();
      members_[m]->worker->close();
    }
    const auto outputs = options_.exactly_once ? topics_.readable() : written_;
    judge(log_of_inputs_, outputs, {options_.exactly_once, remembers_}, result_);
    return result_;
  }

 private:
  // --- members ---------------------------------------------------------------------------------------------
  void start(std::size_t m) {
    auto& slot = members_[m];
    // With a state directory a process finds its id again; without, the old one is nobody's any more.
    std::string id = slot && dice_.one_in(2) ? slot->id : fmt::format("sim-{}", ++ids_);
    slot = std::make_unique<Member>();
    Member& member = *slot;
    member.id = std::move(id);
    make_sink(member);
    auto source = std::make_unique<MemorySource>(log_, std::vector<std::string>{"in"}, false);
    member.source = source.get();
    StageParts parts;
    if (remembers_) parts.stores = &member.stores;
    parts.held = &member.steps;
    parts.hold = [this] { return trouble_ > 0 && dice_.one_in(4); };
    parts.stumble = [this] { return troubled(4); };
    parts.inside = [this, m] { stall(m); };
    auto chain = make_counting_chain(parts, *member.sink);
    WorkerOptions options = worker_options(m);
    options.dead_letter_target = *member.sink->add_target("dead");
    member.worker = std::make_unique<Worker>(
        options, std::make_unique<FusedSource>(std::move(source), member.fuse), std::move(chain),
        *member.sink, clock_);
    (void)member.worker->open();
  }

  WorkerOptions worker_options(std::size_t m) {
    WorkerOptions options;
    options.pipeline = "sim";
    options.drain.records = dice_.between(1, 8);
    options.in_flight = dice_.between(1, 4);
    options.awaiting_max = dice_.between(2, 20);
    options.commit_interval = std::chrono::milliseconds(dice_.between(1, 60));
    options.revoke_timeout = std::chrono::milliseconds(dice_.between(0, 40));
    options.by_hand = true;
    options.helper = members_[m]->helper;
    options.on_group = [this, m](std::string_view what, const auto& partitions) {
      heard(m, what, partitions);
    };
    options.on_error = [this](const Error& error, bool stops) {
      if (stops) result_.wrong.push_back("a worker stopped: " + error.message());
    };
    return options;
  }

  void make_sink(Member& member) {
    const auto refuses = [this, &member](const SentRecord& r) -> std::optional<Error> {
      if (r.dead_letter) return std::nullopt;
      const bool guilty = r.value->find('X') != std::string::npos;
      if (guilty && options_.exactly_once) member.company = dice_.below(3);
      if (!guilty && member.company == 0) return std::nullopt;
      if (!guilty) --member.company;
      return Error(Code::output_refused, "sink: too large");
    };
    if (!options_.exactly_once) {
      member.plain = std::make_unique<MemorySink>();
      // Asked once for each output, when it is acknowledged: so all members' stand in the order of the topic.
      member.plain->fail_if([this, refuses](const SentRecord& r) {
        auto refused = refuses(r);
        if (!refused) written_.push_back(r);
        return refused;
      });
      member.sink = std::make_unique<FusedSink>(*member.plain, member.fuse);
      return;
    }
    member.transactions = std::make_unique<MemoryTransactionSink>(topics_, member.id);
    MemoryTransactionSink& sink = *member.transactions;
    sink.fail_if(refuses);
    sink.capacity(dice_.between(1, 40));
    sink.pace(
        [this](std::size_t waiting) { return trouble_ > 0 ? dice_.between(0, waiting) : waiting; });
    sink.fate([this] { return fate(); });
    sink.recover_later([this, &member] {
      member.company = 0;
      return troubled(2);
    });
    member.sink = std::make_unique<FusedSink>(sink, member.fuse);
    (void)member.sink->open();
  }

  Fate fate() {
    if (!troubled(1)) return Fate::well;
    return std::array{Fate::refused, Fate::lost_answer, Fate::fenced}[dice_.below(3)];
  }
  bool troubled(std::size_t times_rarer) {
    return trouble_ > 0 && dice_.one_in(trouble_ * times_rarer);
  }

  void crash(std::size_t m) {
    ++result_.crashes;
    Member& member = *members_[m];
    // A commit that is under way may still reach the broker, or not.
    if (dice_.one_in(2)) member.helper->go_on();
    member.helper->forget();
    result_.aborted += member.worker->metrics().transactions_aborted.get();
    member.fuse.put_out();
    member.worker->vanish();
    for (const Resume& resume : std::exchange(member.steps.held, {})) resume();
    member.worker.reset();
    start(m);
    for (std::size_t p = 0; p < partitions_; ++p) {
      Place& place = places_[p];
      if (place.haunted && haunting_[p] == m) place.haunted = false;
      if (place.heir == m) place.heir = dice_.below(members_.size());
      if (place.owner == m) give(p, place.heir.value_or(dice_.below(members_.size())));
    }
  }

  // --- partitions ------------------------------------------------------------------------------------------
  static TopicPartition at(std::size_t p) { return {"in", {static_cast<std::int32_t>(p)}}; }

  void give(std::size_t p, std::size_t m) {
    // A zombie that joins again hears first that it was none.
    if (places_[p].haunted && haunting_[p] == m && !std::exchange(told_[p], true))
      members_[m]->source->lose({at(p)});
    places_[p].owner = m;
    places_[p].heir.reset();
    members_[m]->source->assign({at(p)});
  }

  void move() {
    const std::size_t p = dice_.below(partitions_);
    Place& place = places_[p];
    if (place.heir || place.haunted) return;
    const std::size_t to = dice_.below(members_.size());
    ++result_.moves;
    if (to == place.owner || !dice_.one_in(3)) {
      place.heir = to;
      members_[place.owner]->source->revoke({at(p)});
      return;
    }
    // The owner was not heard of for too long. It will hear later that it is none any more, and may do anything until then.
    ++result_.zombies;
    place.haunted = true;
    told_[p] = false;
    haunting_[p] = place.owner;
    give(p, to);
  }

  void wake_zombie() {
    for (auto& [p, m] : haunting_) {
      if (!places_[p].haunted || told_[p] || !dice_.one_in(2)) continue;
      told_[p] = true;
      members_[m]->source->lose({at(p)});
    }
  }

  void heard(std::size_t m, std::string_view what, const std::vector<TopicPartition>& partitions) {
    if (standing_in_for_ == m) ++result_.answered;
    for (const TopicPartition& tp : partitions) {
      const auto p = static_cast<std::size_t>(tp.partition.value);
      if (what == "assigned" && remembers_)
        members_[m]->stores.restore(tp, counts_of(topics_.readable(), p));
      if (what == "revoked" && places_[p].owner == m && places_[p].heir) released_.insert(p);
      if (what == "lost") places_[p].haunted = told_[p] = false;
    }
  }

  // After the call that let them go has returned.
  void hand_over() {
    for (const std::size_t p : std::exchange(released_, {}))
      if (places_[p].heir) give(p, *places_[p].heir);
  }

  // --- what happens ----------------------------------------------------------------------------------------
  void append() {
    const std::size_t p = dice_.below(partitions_);
    const int n = numbers_[p]++;
    const char* kind = dice_.one_in(15) ? "!" : dice_.one_in(25) ? "X" : "";
    const std::string value = fmt::format("{}p{}#{}", kind, p, n);
    const std::string key = fmt::format("k{}", dice_.below(3));
    log_.append("in", static_cast<std::int32_t>(p), {.value = value, .key = key, .timestamp = {5}});
    log_of_inputs_.push_back({p, n, key, *kind != '\0'});
  }

  void turn(std::size_t m) {
    try {
      members_[m]->worker->turn();
    } catch (const Crash&) {
      if (stalled_ == m) stalled_.reset();
      standing_in_for_.reset();
      std::erase_if(released_, [&](std::size_t p) { return places_[p].owner == m; });
      crash(m);
    }
    hand_over();
  }

  // A call of the member's step that takes its time: the others go on, and who stands beside the worker looks in now and then.
  void stall(std::size_t m) {
    if (stalled_ || trouble_ == 0 || !dice_.one_in(10)) return;
    ++result_.stalls;
    stalled_ = m;
    for (std::size_t n = dice_.between(1, 16); n > 0; --n) beside(m);
    stalled_.reset();
  }

  void beside(std::size_t m) {
    const std::size_t other = dice_.below(members_.size());
    switch (dice_.below(10)) {
      case 0: return append();
      case 1:
      case 2: return clock_.advance(std::chrono::milliseconds(dice_.below(40)));
      case 3: return members_[other]->helper->go_on();
      case 4: return resume(other);
      case 5: return dice_.one_in(2) ? move() : wake_zombie();
      case 6:
        if (other != m) turn(other);
        return;
      default: stand_in(m);
    }
  }

  void stand_in(std::size_t m) {
    standing_in_for_ = m;
    members_[m]->worker->keep_membership();
    standing_in_for_.reset();
    hand_over();
  }

  void resume(std::size_t m) {
    auto& held = members_[m]->steps.held;
    if (held.empty()) return;
    const Resume resume = held.front();
    held.erase(held.begin());
    resume();
  }

  void act() {
    const std::size_t m = dice_.below(members_.size());
    switch (dice_.below(12)) {
      case 0:
      case 1: return append();
      case 2: return clock_.advance(std::chrono::milliseconds(dice_.below(40)));
      case 3: return members_[m]->helper->go_on();
      case 4: return resume(m);
      case 5:
        if (troubled(1)) move();
        return wake_zombie();
      case 6:
        if (troubled(1)) members_[m]->fuse.light(dice_.below(40));
        return;
      case 7:
        if (members_[m]->plain)
          dice_.one_in(2) ? members_[m]->plain->cork() : members_[m]->plain->uncork();
        return;
      default: return turn(m);
    }
  }

  // No more trouble: everything must come to its end.
  void calm() {
    trouble_ = 0;
    for (auto& member : members_) {
      member->fuse.put_out();
      if (member->plain) member->plain->uncork();
    }
    for (int i = 0; i < 3000 && !done(); ++i) {
      wake_zombie();
      for (std::size_t m = 0; m < members_.size(); ++m) {
        members_[m]->helper->go_on();
        resume(m);
        turn(m);
      }
      clock_.advance(30ms);
    }
    if (!done()) result_.wrong.push_back(where_it_stands());
  }

  [[nodiscard]] std::string where_it_stands() const {
    std::string text = "it stands still: ";
    for (std::size_t p = 0; p < partitions_; ++p) {
      text += fmt::format("in[{}] at {} of {}, member {}{}{}; ", p,
                          log_.committed(at(p)).value_or(Offset{0}).value, log_.end(at(p)).value,
                          places_[p].owner, places_[p].heir ? ", to go" : "",
                          places_[p].haunted ? ", haunted" : "");
    }
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const WorkerMetrics& metrics = members_[m]->worker->metrics();
      text +=
          fmt::format("member {}: {} in, {} under way, {} aborted; ", m, metrics.records_in.get(),
                      metrics.records_under_way.get(), metrics.transactions_aborted.get());
    }
    return text;
  }

  [[nodiscard]] bool done() const {
    for (const auto& member : members_) {
      if (!member->steps.held.empty())
        return false;  // also of records that are not its own any more
    }
    for (std::size_t p = 0; p < partitions_; ++p) {
      if (places_[p].heir || places_[p].haunted) return false;
      if (log_.committed(at(p)).value_or(Offset{0}) != log_.end(at(p))) return false;
    }
    return true;
  }

  SimulationOptions options_;
  Dice dice_;
  std::size_t partitions_;
  std::size_t trouble_ = 0;  // one in so many; 0: none
  bool remembers_ = false;   // its step counts
  SimulationResult result_;
  ManualClock clock_;
  MemoryLog log_;
  MemoryTopics topics_{[this](const GroupOffsets& offsets) { return log_.commit(offsets); }};
  std::vector<SentRecord> written_;  // at least once
  std::vector<Input> log_of_inputs_;
  std::map<std::size_t, int> numbers_;
  std::vector<Place> places_;
  std::map<std::size_t, std::size_t> haunting_;  // partition → who is its zombie
  std::map<std::size_t, bool> told_;
  std::set<std::size_t> released_;
  std::optional<std::size_t> stalled_;          // the member inside of a long call
  std::optional<std::size_t> standing_in_for_;  // for whom the group is answered just now
  int ids_ = 0;
  std::vector<std::unique_ptr<Member>> members_;  // last: they use all of the above
};

}  // namespace

std::string SimulationResult::text() const {
  std::string all = fmt::format(
      "seed {}: {} records, {} outputs, {} dead, {} repeated; {} crashes, {} moves ({} zombies), "
      "{} transactions taken back; {} calls stalled, {} rebalances answered meanwhile",
      seed, records, outputs, dead, repeated, crashes, moves, zombies, aborted, stalls, answered);
  for (const std::string& w : wrong) all += "\n  " + w;
  return all;
}

SimulationResult simulate(const SimulationOptions& options) {
  return World(options).run();
}

}  // namespace thalweg::testing_kit
