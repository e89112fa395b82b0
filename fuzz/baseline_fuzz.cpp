// Any bytes as a baseline of drift: it is refused, or written again it reads back the same, and has a count for each of its bins.
#include "fuzz/input.h"
#include "monitor/baseline.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using fuzz::require;
  const auto baseline = monitor::parse_baseline(fuzz::text_of(data, size), "fuzz");
  if (!baseline) {
    require(baseline.error().code() == Code::config_invalid);
    return 0;
  }
  for (const auto& field : baseline->fields) {
    require(field.counts.size() == field.bins() && field.bins() <= monitor::bins_max);
    require(baseline->find(field.field) != nullptr);
  }
  const auto again = monitor::parse_baseline(monitor::to_json(*baseline), "again");
  require(again.ok() && *again == *baseline);
  return 0;
}
