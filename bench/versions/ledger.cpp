#include "ledger.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <sys/eventfd.h>
#include <unistd.h>

namespace thalweg::bench {
namespace {

// The number behind a name in a piece of text; -1: it is not there.
double number_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return -1;
  char number[32] = {};
  text.substr(at + name.size()).copy(number, sizeof number - 1);
  return std::strtod(number, nullptr);
}

}  // namespace

std::int64_t now_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

void Ledger::answered(const OutputRecord& output, std::int64_t ns) {
  const auto sequence = std::strtoull(std::string(output.key.value_or("")).c_str(), nullptr, 10);
  const std::lock_guard lock(mutex_);
  came_.fetch_add(1);
  if (output.dead_letter || sequence >= times_.size()) {
    ++dead_;
    return;
  }
  if (times_[sequence]++ == 0)
    latency_us_[sequence] = static_cast<float>(ns - due_[sequence]) / 1e3F;
  const double version = number_behind(*output.headers.back().value, "version=");
  const double score = number_behind(output.value.value_or(""), "\"score\":");
  versions_[sequence] = static_cast<std::uint8_t>(version);
  const bool known = version == 1 || version == 2;
  if (!known ||
      !answers_.fits(static_cast<std::size_t>(version), sequence, static_cast<float>(score)))
    ++wrong_;
}

std::vector<float> Ledger::latencies(std::uint64_t begin, std::uint64_t end) const {
  const std::lock_guard lock(mutex_);
  return {latency_us_.begin() + static_cast<std::ptrdiff_t>(begin),
          latency_us_.begin() + static_cast<std::ptrdiff_t>(end)};
}

std::vector<float> Ledger::first_latencies(std::uint64_t begin, std::uint64_t end,
                                           std::uint64_t workers) const {
  const std::lock_guard lock(mutex_);
  std::vector<float> firsts;
  for (std::uint64_t i = begin + workers; i < end; ++i) {
    if (versions_[i] != versions_[i - workers]) firsts.push_back(latency_us_[i]);
  }
  return firsts;
}

std::uint64_t Ledger::answered_by(std::uint8_t version, std::uint64_t begin,
                                  std::uint64_t end) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(
      std::count(versions_.begin() + static_cast<std::ptrdiff_t>(begin),
                 versions_.begin() + static_cast<std::ptrdiff_t>(end), version));
}

std::uint64_t Ledger::lost() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < fed(); ++i) count += times_[i] == 0 ? 1U : 0U;
  return count;
}

std::uint64_t Ledger::repeated() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < fed(); ++i) count += times_[i] > 1 ? 1U : 0U;
  return count;
}

LedgerSink::LedgerSink(Ledger& ledger)
    : ledger_(ledger), eventfd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  waiting_.reserve(1U << 16);
}

LedgerSink::~LedgerSink() {
  ::close(eventfd_);
}

Status LedgerSink::send(OutputRecord& output) {
  ledger_.answered(output, now_ns());
  const std::lock_guard lock(mutex_);
  waiting_.push_back(&output);
  const std::uint64_t one = 1;
  (void)!::write(eventfd_, &one, sizeof one);
  return {};
}

std::size_t LedgerSink::tell(const Error* failure) {
  std::vector<OutputRecord*> taken;
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    (void)!::read(eventfd_, &count, sizeof count);
    taken.swap(waiting_);
  }
  for (OutputRecord* output : taken) {
    if (output->listener != nullptr) output->listener->delivered(*output, failure);
  }
  return taken.size();
}

std::size_t LedgerSink::poll() {
  return tell(nullptr);
}

Status LedgerSink::flush(std::chrono::milliseconds) {
  (void)poll();
  return {};
}

void LedgerSink::abandon() {
  const Error stopped(Code::stopped, "bench: stopped");
  (void)tell(&stopped);
}

}  // namespace thalweg::bench
