// The worker and its inference log: a line that the broker refuses is lost and counted, and the prediction goes on. The log is an observation:
// a good answer must not die, nor the stream stop, because somebody could not look at it.
#include <fmt/format.h>

#include "run/worker.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

// After a refusal that would meet every line; and between two words about refusals.
constexpr std::chrono::nanoseconds mute_time = 1min;

}  // namespace

// Of what the broker says about one message or its topic. What is wrong with the producer itself meets the outputs too.
bool Worker::is_refused_log_line(const OutputRecord& output, const Error& error) const {
  const monitor::InferenceLog* log = chain_->outputs.log();
  if (log == nullptr || output.dead_letter || output.target != log->target()) return false;
  return error.code() == Code::output_refused || error.code() == Code::topic_missing ||
         error.code() == Code::topic_unauthorized;
}

bool Worker::log_refused(const BatchRun& run, const OutputRecord& output, const Error& error) {
  if (!is_refused_log_line(output, error)) return false;
  monitor::InferenceLog& log = *chain_->outputs.log();
  const bool all_of_them =
      log.refused(run.batch.record(output.record), output) || error.code() != Code::output_refused;
  if (all_of_them) log_muted_until_ = clock_.monotonic() + mute_time;
  metrics_.log_lost.set(log.lost());
  say_log_refused(error);
  return true;
}

void Worker::say_log_refused(const Error& error) {
  const auto now = clock_.monotonic();
  if (next_log_word_.count() > 0 && now < next_log_word_) return;
  next_log_word_ = now + mute_time;
  options_.on_error(
      Error(Code::output_refused,
            fmt::format("inference log: {}; the prediction goes on, its line is lost ({} so far, "
                        "thalweg_inference_log_lost_total){}",
                        error.message(), chain_->outputs.log()->lost(),
                        log_muted_until_ > now ? "; no line is written for a minute" : ""))
          .in_stage("sink"),
      false);
}

void Worker::encode_outputs(Batch& batch) {
  monitor::InferenceLog* log = chain_->outputs.log();
  if (log != nullptr)
    log->mute(log_muted_until_.count() > 0 && clock_.monotonic() < log_muted_until_);
  chain_->outputs.encode(batch);
  if (log != nullptr) metrics_.log_lost.set(log->lost());
}

}  // namespace thalweg
