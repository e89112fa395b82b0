#include "run/crash_watch.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg {
namespace {

using State = CrashJournal::State;
using Entry = CrashJournal::Entry;

bool is_in(const Entry& e, const SourceRecord& record) noexcept {
  return record.offset.value >= e.first && record.offset.value <= e.last &&
         e.holds(record.topic, record.partition);
}

// Records of a batch lie in the range; told from its parts, without looking at each record.
bool touches(const BatchRun& run, const Entry& e) noexcept {
  return std::any_of(run.parts.begin(), run.parts.end(), [&](const BatchRun::Part& part) {
    return part.first.value <= e.last && part.next.value > e.first && e.holds(part.topic, part.at);
  });
}

}  // namespace

CrashWatch::CrashWatch(std::shared_ptr<CrashJournal> journal, CrashGate& gate)
    : journal_(std::move(journal)), gate_(gate) {
  if (journal_) find_suspects();
}

CrashWatch::~CrashWatch() {
  for (; inside_ > 0; --inside_) gate_.leave();
  stand_back();
}

void CrashWatch::stand_back() noexcept {
  if (waits_to_be_alone_ != nullptr) gate_.let_in(this);
  waits_to_be_alone_ = nullptr;
}

void CrashWatch::find_suspects() {
  suspects_.clear();
  guilty_.clear();
  for (Entry& e : journal_->entries()) {
    if (e.state != State::suspect) continue;
    e.batch = 0;
    (e.tries >= tries_max ? guilty_ : suspects_).push_back(&e);
  }
}

Entry* CrashWatch::suspect(const SourceRecord& record) noexcept {
  const auto it = std::find_if(suspects_.begin(), suspects_.end(),
                               [&](const Entry* e) { return is_in(*e, record); });
  return it == suspects_.end() ? nullptr : *it;
}

bool CrashWatch::must_be_put_back(const BatchRun& run) {
  if (suspects_.empty()) return false;
  bool any = false;
  for (Entry* e : suspects_) {
    if (!touches(run, *e)) continue;
    any = true;
    if (std::find(at_hand_.begin(), at_hand_.end(), e) == at_hand_.end()) at_hand_.push_back(e);
  }
  return any && run.batch.size() > 1;
}

bool CrashWatch::one_by_one() const noexcept {
  return !at_hand_.empty();
}

Status CrashWatch::condemn(BatchRun& run, std::span<const ChainStep> steps) {
  // One that was read and committed by a predecessor, or by somebody else, is not needed any more.
  std::erase_if(guilty_, [&](Entry* e) {
    const bool behind =
        e->batch == 0 && std::any_of(run.parts.begin(), run.parts.end(), [&](const auto& part) {
          return e->holds(part.topic, part.at) && part.first.value > e->last;
        });
    if (behind) journal_->cross_out(*e);
    return behind;
  });
  for (Entry* e : guilty_) {
    if (!touches(run, *e)) continue;
    e->batch = 1;  // met in this life: it may come again until its dead letter is committed
    if (e->sentenced == 0) {
      const std::uint32_t in_a_row = journal_->sentenced_in_a_row();
      if (in_a_row >= sentenced_max) {
        return Error(
            Code::model_failed,
            fmt::format("the process has ended at each of the last {} records that were tried "
                        "alone, and none has passed between them, so it is not they: expected a "
                        "model that lives; mend it, remove {} and start again",
                        in_a_row, journal_->path()));
      }
      journal_->set_sentenced_in_a_row(in_a_row + 1);
      e->sentenced = 1;
    }
    const bool known = e->step < steps.size();
    for (std::size_t i = 0; i < run.batch.size(); ++i) {
      if (!is_in(*e, run.batch.record(i))) continue;
      run.batch.fail(
          i, Error(Code::crashed_process,
                   fmt::format("step {}: a record that the process lives through was expected; it "
                               "ended {} times while this one was alone in there; see what the "
                               "model does with it",
                               known ? steps[e->step].name : "?", e->tries))
                 .in_stage(known ? steps[e->step].kind : "process"));
    }
  }
  return {};
}

bool CrashWatch::enter(BatchRun& run) {
  Entry* const known = run.batch.size() == 1 && !suspects_.empty() &&
                               run.batch.disposition(0) == Disposition::pending
                           ? suspect(run.batch.record(0))
                           : nullptr;
  if (known != nullptr) waits_to_be_alone_ = &run;
  if (known == nullptr ? !gate_.enter(this) : !gate_.enter_alone(this)) return false;
  ++inside_;
  if (!journal_) return true;
  if (known == nullptr) {
    write_down(run);
    return true;
  }
  Entry* const alone = alone_entry(run.batch.record(0));
  run.alone = alone;
  if (alone == nullptr) return true;  // no room for it: tried, but not counted
  alone->step = static_cast<std::uint32_t>(run.next_step);
  store_in_order(alone->state, State::inside);
  __atomic_store_n(&alone->tries, alone->tries + 1, __ATOMIC_RELEASE);
  return true;
}

Entry* CrashWatch::alone_entry(const SourceRecord& record) noexcept {
  for (Entry* e : suspects_) {
    if (e->first == e->last && is_in(*e, record)) return e;
  }
  Entry* made =
      journal_->add(State::suspect, record.topic, record.partition, record.offset, record.offset);
  if (made != nullptr) suspects_.push_back(made);
  return made;
}

void CrashWatch::write_down(const BatchRun& run) noexcept {
  for (const BatchRun::Part& part : run.parts) {
    Entry* e =
        journal_->add(State::inside, part.topic, part.at, part.first, Offset{part.next.value - 1});
    if (e == nullptr) return;
    e->batch = run.sequence + 1;
  }
}

void CrashWatch::leave(BatchRun& run) noexcept {
  if (inside_ == 0) return;
  --inside_;
  gate_.leave();
  // Not for the next step, nor for a pause before it is tried again: it asks again when it comes there.
  if (waits_to_be_alone_ == &run) stand_back();
  if (!journal_) return;
  if (run.alone != nullptr) {
    __atomic_store_n(&run.alone->tries, run.alone->tries - 1, __ATOMIC_RELEASE);
    store_in_order(run.alone->state, State::suspect);
    run.alone = nullptr;
    return;
  }
  for (Entry& e : journal_->entries()) {
    if (e.state == State::inside && e.batch == run.sequence + 1) journal_->cross_out(e);
  }
}

void CrashWatch::passed(const BatchRun& run) noexcept {
  if (!journal_) return;
  if (journal_->sentenced_in_a_row() > 0 && run.batch.count(Disposition::dead) < run.batch.size())
    journal_->set_sentenced_in_a_row(0);
  const auto over = [&](Entry* e) {
    for (const BatchRun::Part& part : run.parts) {
      if (e->holds(part.topic, part.at) && e->first < part.next.value) e->first = part.next.value;
    }
    if (e->first <= e->last) return false;
    std::erase(at_hand_, e);
    journal_->cross_out(*e);
    return true;
  };
  if (!suspects_.empty()) std::erase_if(suspects_, over);
}

void CrashWatch::dropped(std::span<const TopicPartition> partitions) noexcept {
  std::erase_if(at_hand_, [&](const Entry* e) {
    return std::any_of(partitions.begin(), partitions.end(),
                       [&](const TopicPartition& at) { return e->holds(at.topic, at.partition); });
  });
}

void CrashWatch::close() noexcept {
  for (; inside_ > 0; --inside_) gate_.leave();
  stand_back();
  if (!journal_) return;
  for (Entry& e : journal_->entries()) {
    if (e.state == State::inside) journal_->cross_out(e);
  }
}

}  // namespace thalweg
