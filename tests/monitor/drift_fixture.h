// A made-up stream of rows, and a monitor of drift with two workers that hear it.
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "monitor/drift_monitor.h"
#include "numbers.h"
#include "scored_rows.h"

namespace thalweg::monitor {

inline const std::array<std::string, 5> countries{"de", "fr", "pl", "nl", "dk"};

// One stream of rows; `shift` moves amounts and scores.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : numbers_(seed) {}
  MadeRow operator()() {
    MadeRow row;
    row.amount = static_cast<float>(std::exp(numbers_.normal()) + shift);
    row.country = countries[static_cast<std::size_t>(5 * numbers_.next())];
    row.score = static_cast<float>(1 / (1 + std::exp(-numbers_.normal() - shift)));
    return row;
  }
  double shift = 0;

 private:
  Numbers numbers_;
};

struct Made {
  explicit Made(DriftOptions options = {})
      : monitor("payments", std::move(options), [this](const std::string& e, const std::string& w) {
          events.push_back(e);
          words.push_back(w);
        }) {}
  // Rows to all workers in turn, then a minute goes by.
  void window(std::size_t rows, const std::function<MadeRow()>& make) {
    for (std::size_t i = 0; i < rows; i += 250)
      told->tell(*observers[i / 250 % observers.size()], 250, make);
    now.ms += 60'000;
    monitor.tick(now);
  }
  const FieldDrift& field(const std::string& name) {
    last = monitor.report();
    for (const FieldDrift& f : last.at(0).fields) {
      if (f.field == name) return f;
    }
    ADD_FAILURE() << "no field " << name;
    return last.at(0).fields.at(0);
  }

  std::vector<std::string> events, words;
  DriftMonitor monitor;
  std::vector<ScoreObserver*> observers{&monitor.observer(), &monitor.observer()};
  std::unique_ptr<ScoredRows> told = std::make_unique<ScoredRows>();
  Timestamp now{0};
  std::vector<VersionDrift> last;
};

inline DriftOptions quick() {
  DriftOptions options;
  options.first_rows = 5000;
  return options;
}

}  // namespace thalweg::monitor
