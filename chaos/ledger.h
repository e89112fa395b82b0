// What has come out for each record that went in, and what is wrong with it. No broker, no thread: the judgement alone, so that tests
// can show that it would see a loss.
//
// Order: in each partition and topic the *first* outputs of records must come in the order of the records. A repetition may come
// at any time and is counted apart; under exactly-once it is an error like the others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chaos/record.h"

namespace thalweg::chaos {

enum class Delivery : std::uint8_t { at_least_once, exactly_once };

struct Totals {
  std::int64_t outputs = 0;       // records with at least one
  std::int64_t dead = 0;          // records with at least one dead letter
  std::int64_t repeated = 0;      // outputs and dead letters beyond the first of a record
  std::int64_t out_of_order = 0;  // first outputs behind one of a later record
  std::int64_t wrong =
      0;  // an output that should be a dead letter, or the reverse; both; not what the model answers; of nobody
  std::int64_t lost = 0;  // only after `close`
  [[nodiscard]] std::int64_t accounted() const noexcept { return outputs + dead; }
};

class Ledger {
 public:
  explicit Ledger(Delivery delivery) : delivery_(delivery) {}

  void output(const Record& record, std::string_view value);
  void dead_letter(const Record& record);
  // A message that names no record.
  void stray(std::string_view what);
  // Nothing more will come: `written[p]` records went into partition p. What has nothing now is lost.
  void close(const std::vector<std::int64_t>& written);

  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  // Nothing lost, wrong, out of order; nor repeated, where that is promised.
  [[nodiscard]] bool clean() const noexcept;
  // The first of what is wrong, in words.
  [[nodiscard]] const std::vector<std::string>& findings() const noexcept { return findings_; }

 private:
  struct Part {
    std::vector<std::uint8_t> outputs, dead;        // how many of each record, up to 255
    std::int64_t last_output = -1, last_dead = -1;  // the highest so far
  };
  Part& part(int partition);
  // True the first time.
  bool count(std::vector<std::uint8_t>& counts, std::int64_t& last, const Record& record,
             std::string_view what);
  void found(std::int64_t& counter, const Record& record, std::string_view what);

  Delivery delivery_;
  std::vector<Part> parts_;
  Totals totals_;
  std::vector<std::string> findings_;
};

}  // namespace thalweg::chaos
