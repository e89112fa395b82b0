// How a demo shows what comes out: one line a record, the score first.
//
//   ▇▇▇▇▇▇▇▇▇▇ 0.9871  Forest fire near La Ronge Sask. Canada
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/demo_reader.h"
#include "cli/summary.h"

namespace thalweg::cli {

class DemoView {
 public:
  // `several`: there is more than one output topic, so each line names its own.
  explicit DemoView(bool several) : several_(several) {}

  void show(const DemoRecord& record);
  [[nodiscard]] std::uint64_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::uint64_t dead() const noexcept { return dead_; }

 private:
  bool several_;
  std::uint64_t outputs_ = 0;
  std::uint64_t dead_ = 0;
};

// "0.9871  Forest fire…" out of a JSON value: its first number with a fraction, and its longest text; else the value as it is.
[[nodiscard]] std::string demo_line(std::string_view value, std::size_t columns);

// The end of a demo: events, rate, batches, time in the model.
[[nodiscard]] std::string demo_summary(const Summary& summary, double seconds);

}  // namespace thalweg::cli
