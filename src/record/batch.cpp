// The micro-batch: who is still under way, which rows are live, and what is kept alive until reset.
#include "thalweg/batch.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace thalweg {

std::string_view to_string(Disposition d) noexcept {
  switch (d) {
    case Disposition::pending: return "pending";
    case Disposition::forwarded: return "forwarded";
    case Disposition::absorbed: return "absorbed";
    case Disposition::filtered: return "filtered";
    case Disposition::dead: return "dead";
  }
  return "dead";
}

void Batch::reset() noexcept {
  // The coarsest rows are the decoder's: they go back to the place where it will look for them.
  while (!coarser_.empty()) {
    give_back(std::exchange(rows_, std::move(coarser_.back())));
    coarser_.pop_back();
  }
  rows_.clear();
  outputs_.clear();
  stamps_.clear();
  seen_.clear();
  times_ = {};
  failures_.clear();
  unnamed_failures_ = false;
  fallback_records_.clear();
  dispositions_.clear();
  headers_.clear();
  records_.clear();
  for (const Pin& pin : pins_) pin.release(pin.handle);
  pins_.clear();
  pinned_bytes_ = 0;
  kept_.clear();
  swept_ = true;
  arena_.reset();
}

SourceRecord& Batch::add_record(const SourceRecord& record) {
  dispositions_.push_back(Disposition::pending);
  return records_.emplace_back(record);
}

void Batch::pin(void* handle, void (*release)(void*), std::size_t bytes) {
  pins_.push_back({handle, release});
  pinned_bytes_ += bytes;
}

Rows Batch::fresh_rows(const Schema& schema) {
  Rows rows;
  if (!spare_rows_.empty()) {
    rows = std::move(spare_rows_.back());
    spare_rows_.pop_back();
  }
  rows.begin(schema);
  return rows;
}

void Batch::give_back(Rows rows) {
  rows.clear();
  spare_rows_.push_back(std::move(rows));
}

void Batch::push_rows(Rows finer) {
  coarser_.push_back(std::move(rows_));
  rows_ = std::move(finer);
}

Rows Batch::pop_rows() {
  assert(!coarser_.empty());
  Rows finer = std::exchange(rows_, std::move(coarser_.back()));
  coarser_.pop_back();
  swept_ = false;  // records may have gone while these rows were put aside
  sweep();
  return finer;
}

void Batch::select(std::vector<std::uint32_t>&& kept) {
  const std::size_t live = rows_.live_count();
  if (kept.size() == live) return;
  // Both are ascending, and so are their records: one walk finds the records that lost all their rows.
  std::size_t k = 0;
  for (std::size_t i = 0; i < live;) {
    const std::uint32_t record = rows_.record_of[rows_.live(i)];
    while (i < live && rows_.record_of[rows_.live(i)] == record) ++i;
    bool has_rows = false;
    while (k < kept.size() && rows_.record_of[kept[k]] == record) {
      has_rows = true;
      ++k;
    }
    if (!has_rows) dispose(record, Disposition::filtered);
  }
  assert(k == kept.size());
  rows_.selection.swap(kept);
  rows_.all_live = false;
}

void Batch::sweep() {
  if (swept_) return;
  swept_ = true;
  std::vector<std::uint32_t>& selection = rows_.selection;
  const auto gone = [this](std::uint32_t row) {
    return dispositions_[rows_.record_of[row]] != Disposition::pending;
  };
  if (!rows_.all_live) {
    std::erase_if(selection, gone);
    return;
  }
  selection.clear();
  for (std::uint32_t row = 0; row < rows_.count(); ++row) {
    if (!gone(row)) selection.push_back(row);
  }
  rows_.all_live = selection.size() == rows_.count();
}

void Batch::fail(std::size_t record, Error error) {
  Disposition& d = dispositions_[record];
  if (d == Disposition::dead) return;
  d = Disposition::dead;
  swept_ = false;
  const auto number = static_cast<std::uint32_t>(record);
  const auto place =
      std::lower_bound(failures_.begin(), failures_.end(), number,
                       [](const Failure& f, std::uint32_t r) { return f.record < r; });
  failures_.insert(place, Failure{number, std::move(error)});
  unnamed_failures_ = true;
}

void Batch::name_failures(std::string_view step) {
  if (!unnamed_failures_) return;
  unnamed_failures_ = false;
  for (Failure& failure : failures_) {
    if (!failure.named) failure.error = std::move(failure.error).in_step(step);
    failure.named = true;
  }
}

void Batch::dispose(std::size_t record, Disposition d) noexcept {
  if (dispositions_[record] != Disposition::pending || d == Disposition::pending) return;
  dispositions_[record] = d;
  swept_ = false;
}

const Error* Batch::error_of(std::size_t record) const noexcept {
  const auto place = std::lower_bound(failures_.begin(), failures_.end(), record,
                                      [](const Failure& f, std::size_t r) { return f.record < r; });
  return place != failures_.end() && place->record == record ? &place->error : nullptr;
}

std::size_t Batch::count(Disposition d) const noexcept {
  return static_cast<std::size_t>(std::count(dispositions_.begin(), dispositions_.end(), d));
}

void Batch::mark_fallback(std::size_t record) {
  const auto number = static_cast<std::uint32_t>(record);
  const auto place = std::lower_bound(fallback_records_.begin(), fallback_records_.end(), number);
  if (place == fallback_records_.end() || *place != number) fallback_records_.insert(place, number);
}

bool Batch::is_fallback(std::size_t record) const noexcept {
  return std::binary_search(fallback_records_.begin(), fallback_records_.end(), record);
}

std::size_t Batch::add_stamp(const ModelStamp& stamp) {
  stamps_.push_back(stamp);
  seen_.resize(stamps_.size() * words_a_stamp(), 0);
  return stamps_.size() - 1;
}

void Batch::mark_seen(std::size_t stamp, std::size_t record) noexcept {
  seen_[stamp * words_a_stamp() + record / 64] |= std::uint64_t{1} << (record % 64);
}

bool Batch::saw(std::size_t record, std::size_t stamp) const noexcept {
  return (seen_[stamp * words_a_stamp() + record / 64] >> (record % 64) & 1) != 0;
}

std::size_t Batch::bytes() const noexcept {
  std::size_t sum = pinned_bytes_ + arena_.bytes() + rows_.bytes();
  for (const Rows& rows : coarser_) sum += rows.bytes();
  for (const Rows& rows : spare_rows_) sum += rows.bytes();
  return sum;
}

}  // namespace thalweg
