#include "run/crash_watch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace thalweg {
namespace {

using State = CrashJournal::State;
using Entry = CrashJournal::Entry;

bool is_in(const Entry& e, const SourceRecord& record) noexcept {
  return record.offset.value >= e.first && record.offset.value <= e.last &&
         e.holds(record.topic, record.partition);
}

bool is_inside(const Entry& e) noexcept {
  return state_of(e) == State::inside;
}

// Records of a batch lie in the range; told from its parts, without looking at each record.
bool touches(const BatchRun& run, const Entry& e) noexcept {
  return std::any_of(run.parts.begin(), run.parts.end(), [&](const BatchRun::Part& part) {
    return part.first.value <= e.last && part.next.value > e.first && e.holds(part.topic, part.at);
  });
}

}  // namespace

CrashWatch::CrashWatch(std::shared_ptr<CrashJournal> journal, std::shared_ptr<Suspects> suspects,
                       CrashGate& gate)
    : journal_(std::move(journal)), suspects_(std::move(suspects)), gate_(gate) {
  if (journal_ && !suspects_) suspects_ = std::make_shared<Suspects>(std::vector{journal_});
}

CrashWatch::~CrashWatch() {
  for (; inside_ > 0; --inside_) gate_.leave();
  stand_back();
}

void CrashWatch::stand_back() noexcept {
  if (waits_to_be_alone_ != nullptr) gate_.let_in(this);
  waits_to_be_alone_ = nullptr;
}

bool CrashWatch::must_be_put_back(const BatchRun& run) {
  if (!journal_ || !suspects_->any()) return false;
  const std::lock_guard lock(suspects_->mutex());
  bool any = false;
  for (const Entry* e : suspects_->to_try()) {
    if (!touches(run, *e)) continue;
    any = true;
    const TopicPartition at{std::string(e->topic_name()), {e->partition}};
    if (std::find(at_hand_.begin(), at_hand_.end(), at) == at_hand_.end()) at_hand_.push_back(at);
  }
  return any && run.batch.size() > 1;
}

bool CrashWatch::one_by_one() const noexcept {
  return !at_hand_.empty();
}

Status CrashWatch::condemn(BatchRun& run, std::span<const ChainStep> steps) {
  if (!journal_ || !suspects_->any()) return {};
  const std::lock_guard lock(suspects_->mutex());
  const std::vector<Entry*> guilty = suspects_->guilty();
  for (Entry* e : guilty) {
    // One that was read and committed by a predecessor, or by somebody else, is not needed any more.
    const bool behind =
        e->batch == 0 && std::any_of(run.parts.begin(), run.parts.end(), [&](const auto& part) {
          return e->holds(part.topic, part.at) && part.first.value > e->last;
        });
    if (behind) suspects_->cross_out(*e);
    if (behind || !touches(run, *e)) continue;
    if (Status s = sentence(*e); !s) return s;
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

Status CrashWatch::sentence(Entry& e) {
  e.batch = 1;  // met in this life: it may come again until its dead letter is committed
  if (e.sentenced != 0) return {};
  const std::uint32_t in_a_row = suspects_->sentenced_in_a_row();
  if (in_a_row >= sentenced_max) {
    return Error(Code::model_failed,
                 fmt::format("the process has ended at each of the last {} records that were tried "
                             "alone, and none has passed between them, so it is not they: expected "
                             "a model that lives; mend it, remove {} and start again",
                             in_a_row, suspects_->path()));
  }
  suspects_->set_sentenced_in_a_row(in_a_row + 1);
  e.sentenced = 1;
  return {};
}

bool CrashWatch::enter(BatchRun& run) {
  const bool single = journal_ && run.batch.size() == 1 && suspects_->any() &&
                      run.batch.disposition(0) == Disposition::pending;
  const bool known = single && is_suspect(run.batch.record(0));
  if (known) waits_to_be_alone_ = &run;
  if (known ? !gate_.enter_alone(this) : !gate_.enter(this)) return false;
  ++inside_;
  if (!journal_) return true;
  if (!known) {
    write_down(run);
    return true;
  }
  const std::lock_guard lock(suspects_->mutex());
  alone_ = alone_entry(run);
  if (alone_ == nullptr) return true;  // no room for it: tried, but not counted
  alone_->step = static_cast<std::uint32_t>(run.next_step);
  store_in_order(alone_->state, State::inside);
  __atomic_store_n(&alone_->tries, alone_->tries + 1, __ATOMIC_RELEASE);
  return true;
}

bool CrashWatch::is_suspect(const SourceRecord& record) {
  const std::lock_guard lock(suspects_->mutex());
  const auto& all = suspects_->to_try();
  return std::any_of(all.begin(), all.end(), [&](const Entry* e) { return is_in(*e, record); });
}

Entry* CrashWatch::alone_entry(const BatchRun& run) {
  const SourceRecord& record = run.batch.record(0);
  for (Entry* e : suspects_->to_try()) {
    if (e->first == e->last && is_in(*e, record)) return e;
  }
  Entry* made =
      journal_->add(State::suspect, record.topic, record.partition, record.offset, record.offset);
  if (made != nullptr) suspects_->add(*made);
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

// The journal first: whoever gets in next and ends the process is not to be counted against this one.
void CrashWatch::leave(BatchRun& run) noexcept {
  if (inside_ == 0) return;
  const bool was_alone = waits_to_be_alone_ == &run;
  if (Entry* alone = was_alone ? std::exchange(alone_, nullptr) : nullptr) {
    __atomic_store_n(&alone->tries, alone->tries - 1, __ATOMIC_RELEASE);
    store_in_order(alone->state, State::suspect);
  } else if (journal_) {
    for (Entry& e : journal_->entries()) {
      if (is_inside(e) && e.batch == run.sequence + 1) CrashJournal::cross_out(e);
    }
  }
  --inside_;
  gate_.leave();
  // Not for the next step, nor for a pause before it is tried again: it asks again when it comes there.
  if (was_alone) stand_back();
}

void CrashWatch::passed(const BatchRun& run) noexcept {
  if (!journal_) return;
  const bool lives = run.batch.count(Disposition::dead) < run.batch.size();
  const bool acquits = lives && suspects_->sentenced_in_a_row() > 0;
  if (!acquits && !suspects_->any()) return;
  const std::lock_guard lock(suspects_->mutex());
  if (acquits) suspects_->set_sentenced_in_a_row(0);
  const std::vector<Entry*> all = suspects_->to_try();
  for (Entry* e : all) {
    for (const BatchRun::Part& part : run.parts) {
      if (e->holds(part.topic, part.at) && e->first < part.next.value) e->first = part.next.value;
    }
    if (e->first > e->last) suspects_->cross_out(*e);
  }
  std::erase_if(at_hand_, [&](const TopicPartition& at) {
    return std::none_of(suspects_->to_try().begin(), suspects_->to_try().end(),
                        [&](const Entry* e) { return e->holds(at.topic, at.partition); });
  });
}

void CrashWatch::dropped(std::span<const TopicPartition> partitions) noexcept {
  std::erase_if(at_hand_, [&](const TopicPartition& at) {
    return std::find(partitions.begin(), partitions.end(), at) != partitions.end();
  });
}

void CrashWatch::close() noexcept {
  for (; inside_ > 0; --inside_) gate_.leave();
  stand_back();
  if (!journal_) return;
  if (Entry* alone = std::exchange(alone_, nullptr)) {
    const std::lock_guard lock(suspects_->mutex());
    suspects_->cross_out(*alone);
  }
  // Of a batch, not what another worker has alone inside.
  for (Entry& e : journal_->entries()) {
    if (is_inside(e) && e.batch != 0) CrashJournal::cross_out(e);
  }
}

}  // namespace thalweg
