// The worker's second half: outputs to the sink, refused ones to the dead letters, finished batches to progress.
#include <algorithm>

#include <fmt/format.h>

#include "run/dead_letter.h"
#include "run/worker.h"

namespace thalweg {
namespace {

std::string place(const SourceRecord& record) {
  return fmt::format("{}[{}]@{}", record.topic, record.partition.value, record.offset.value);
}

}  // namespace

Fate Worker::fate_of(const Error& error) const noexcept {
  const Fate fate = options_.errors.fate_of(error);
  return fate == Fate::dead_letter && !options_.dead_letter_target ? Fate::stop : fate;
}

void Worker::add_dead_letters(BatchRun& run) {
  Batch& batch = run.batch;
  run.records = batch.size();
  const bool too_many = too_many_dead(batch);
  if (batch.count(Disposition::dead) == 0) return;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch.disposition(i) != Disposition::dead || run.is_given_up(i)) continue;
    const Fate fate = fate_of(*batch.error_of(i));
    if (too_many || fate == Fate::stop) return stop_at(run, i, stop_reason(batch, i));
    if (fate == Fate::skip) continue;
    batch.outputs().push_back(
        make_dead_letter(batch, i, *options_.dead_letter_target, options_.pipeline));
  }
}

bool Worker::too_many_dead(const Batch& batch) {
  return dead_share_->add(batch.size(), batch.count(Disposition::dead));
}

// A bad record at which the pipeline is to stop: everything before it is finished as usual, it and what follows will be read again.
void Worker::stop_at(BatchRun& run, std::size_t first, Error why) {
  Batch& batch = run.batch;
  std::erase_if(batch.outputs(), [&](const OutputRecord& o) { return o.record >= first; });
  for (std::size_t i = batch.size(); i-- > first;) {
    if (run.is_given_up(i)) continue;
    // Backwards, so that the earliest record of each partition has the last word.
    const SourceRecord& record = batch.record(i);
    progress_.amend(progress_.ticket(record.topic, record.partition), run.sequence, record.offset);
  }
  run.records = first;
  committer_->stopped_inside();
  stop_with(std::move(why));
}

Error Worker::stop_reason(const Batch& batch, std::size_t record) const {
  const Error& why = *batch.error_of(record);
  const std::string at = place(batch.record(record));
  if (fate_of(why) != Fate::stop) {
    const DeadShare::Window window = dead_share_->window();
    return Error(
        Code::too_many_dead,
        fmt::format("{}: expected at most {:.1f} % of the last {} records to be dead; it is "
                    "{:.1f} %, this one for '{}': {}; mend what is wrong, or raise "
                    "errors.dead_share_max",
                    at, 100 * options_.errors.guard()->share_max, window.records,
                    100 * window.share(), to_string(why.code()), why.message()));
  }
  const std::string rule = options_.errors.source_of(why);
  const std::string cure =
      rule.empty() ? "no dead_letters are configured, so the pipeline stops here: set "
                     "dead_letters.topic, or mend the record"
                   : rule + " says that the pipeline stops here: mend the record, or change that";
  return Error(why.code(), fmt::format("{}: {}; {}", at, why.message(), cure))
      .in_stage(why.stage());
}

bool Worker::send_all() {
  bool did = false;
  sink_full_ = false;
  while (!walking_.empty() && walking_.front()->phase == BatchRun::Phase::sending) {
    BatchRun& run = *walking_.front();
    if (!committer_->may_send(run.next_output + run.next_late > 0)) return did;
    const auto before = run.next_output + run.next_late;
    const bool all = send_outputs(run);
    did |= all || run.next_output + run.next_late > before;
    if (!all) return did;
    run.phase = BatchRun::Phase::awaiting;
    awaiting_.push_back(std::move(walking_.front()));
    walking_.erase(walking_.begin());
    run.release_one();
  }
  return did;
}

// False when the sink is full: the rest goes with a later turn.
bool Worker::send_outputs(BatchRun& run) {
  auto& outputs = run.batch.outputs();
  for (; run.next_output < outputs.size(); ++run.next_output) {
    OutputRecord& output = outputs[run.next_output];
    if (!run.is_given_up(output.record) && !send(run, output)) return false;
  }
  for (; run.next_late < run.late.size(); ++run.next_late) {
    OutputRecord& letter = run.late[run.next_late];
    if (!run.is_given_up(letter.record) && !send(run, letter)) return false;
  }
  return true;
}

bool Worker::send(BatchRun& run, OutputRecord& output) {
  // Counted before, since the report may come before send returns.
  run.unreported.fetch_add(1, std::memory_order_relaxed);
  Status sent = sink_.send(output);
  if (sent.ok()) {
    if (output.dead_letter) {
      metrics_.dead_letters.add();
    } else {
      metrics_.outputs.add();
      metrics_.output_bytes.add(output.value ? output.value->size() : 0);
    }
    return true;
  }
  run.unreported.fetch_sub(1,
                           std::memory_order_relaxed);  // never the last: we hold one while sending
  if (sent.error().code() == Code::queue_full) {
    sink_full_ = true;
    return false;
  }
  mailbox_.failed();
  const std::lock_guard lock(run.failures_mutex);
  run.failures.emplace_back(&output, std::move(sent).error());
  return true;
}

void Worker::tell_failure() {
  for (const auto* runs : {&awaiting_, &walking_}) {
    for (const auto& run : *runs) {
      const auto failure = run->first_failure();
      if (!failure) continue;
      const auto& [output, error] = *failure;
      // A topic that is gone, too, is no reason to end here.
      const bool log = is_refused_log_line(*output, error);
      return committer_->not_delivered(log ? Error(Code::delivery_failed, error.message()) : error);
    }
  }
}

bool Worker::take_acknowledged() {
  BatchRun* run = mailbox_.take();
  const bool any = run != nullptr;
  while (run != nullptr) {
    BatchRun* next = run->next_in_mailbox;  // read first: a settled run may be pushed again
    acknowledged(*run);
    run = next;
  }
  return any;
}

void Worker::acknowledged(BatchRun& run) {
  const auto it = std::find_if(awaiting_.begin(), awaiting_.end(),
                               [&](const auto& r) { return r.get() == &run; });
  std::unique_ptr<BatchRun> owned = std::move(*it);
  *it = std::move(awaiting_.back());
  awaiting_.pop_back();
  const bool taken_back = committer_->takes_back(run);
  if (taken_back || (!run.failures.empty() && !settle_failures(run))) {
    if (taken_back || failure_) {  // not finished: its records will be read again
      write_off(run);
      return recycle(std::move(owned));
    }
    // Its dead letters go out before anything newer.
    run.unreported.store(1, std::memory_order_relaxed);
    run.phase = BatchRun::Phase::sending;
    walking_.insert(walking_.begin(), std::move(owned));
    return;
  }
  finish(run);
  recycle(std::move(owned));
}

// Turns refused outputs into dead letters. True if there is nothing more to send.
bool Worker::settle_failures(BatchRun& run) {
  auto failures = std::move(run.failures);
  run.failures.clear();
  Batch& batch = run.batch;
  for (auto& [output, error] : failures) {
    if (log_refused(run, *output, error)) continue;
    const SourceRecord& record = batch.record(output->record);
    if (output->dead_letter) {
      const bool gone = error.code() == Code::topic_missing;  // as with any other topic
      stop_with(Error(gone ? Code::topic_missing : Code::dead_letters_unwritable,
                      fmt::format("dead letters: the record {} could not be written to the "
                                  "dead-letter topic: {}; the pipeline "
                                  "stops so that it is not lost",
                                  place(record), error.message()))
                    .in_stage("sink"));
      return false;
    }
    // Only what the broker refuses for its own sake is a dead letter: a topic that is gone is no fault of the record.
    error = std::move(error).in_stage("sink");
    const Fate fate = fate_of(error);
    if (error.domain() != Domain::user || error.retry() != Retry::no || fate == Fate::stop) {
      stop_with(Error(error.code(), fmt::format("output of {}: {}", place(record), error.message()))
                    .in_stage("sink"));
      return false;
    }
    if (batch.disposition(output->record) == Disposition::dead)
      continue;  // another output of it was refused too
    batch.fail(output->record, std::move(error));
    if (fate == Fate::skip) continue;
    OutputRecord letter =
        make_dead_letter(batch, output->record, *options_.dead_letter_target, options_.pipeline);
    letter.listener = &run;
    run.late.push_back(letter);
  }
  return run.next_late >= run.late.size();
}

void Worker::finish(BatchRun& run) {
  for (const BatchRun::Part& part : run.parts) progress_.finish(part.ticket, run.sequence);
  account(run);
}

void Worker::write_off(const BatchRun& run) {
  metrics_.given_up.add(run.batch.size());
  metrics_.records_under_way.set(metrics_.records_under_way.get() - run.batch.size());
}

void Worker::account(const BatchRun& run) {
  const Batch& batch = run.batch;
  for (std::size_t i = 0; i < run.records; ++i) {
    if (run.is_given_up(i)) {
      metrics_.given_up.add();
      continue;
    }
    switch (batch.disposition(i)) {
      case Disposition::forwarded: metrics_.forwarded.add(); break;
      case Disposition::absorbed: metrics_.absorbed.add(); break;
      case Disposition::filtered: metrics_.filtered.add(); break;
      case Disposition::dead:
        metrics_.dead.add();
        metrics_.dead_by_code[static_cast<std::size_t>(batch.error_of(i)->code())].add();
        if (fate_of(*batch.error_of(i)) == Fate::skip) metrics_.skipped.add();
        break;
      case Disposition::pending: break;  // encode() settles every record
    }
  }
  metrics_.given_up.add(batch.size() - run.records);
  metrics_.records_under_way.set(metrics_.records_under_way.get() - batch.size());
}

}  // namespace thalweg
