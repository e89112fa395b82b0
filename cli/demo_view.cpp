#include "cli/demo_view.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cli/json_value.h"
#include "cli/terminal.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t bar_width = 10;

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * bar_width));
  std::string text;
  for (std::size_t i = 0; i < bar_width; ++i) text += i < full ? "▇" : "·";
  return text;
}

// The score is what has a fraction; else any number.
const Json* score_of(const Json& object) {
  const Json* found = nullptr;
  for (const auto& [name, value] : object.members) {
    if (value.kind != Json::Kind::number) continue;
    if (!value.is_integer()) return &value;
    if (found == nullptr) found = &value;
  }
  return found;
}

const Json* text_of(const Json& object) {
  const Json* longest = nullptr;
  for (const auto& [name, value] : object.members) {
    if (value.kind != Json::Kind::string) continue;
    if (longest == nullptr || value.text.size() > longest->text.size()) longest = &value;
  }
  return longest;
}

double us_per(std::uint64_t ns, std::uint64_t n) {
  return n == 0 ? 0 : static_cast<double>(ns) / 1000.0 / static_cast<double>(n);
}

}  // namespace

std::string demo_line(std::string_view value, std::size_t columns) {
  const auto parsed = parse_json(value);
  const Json* score = parsed ? score_of(*parsed) : nullptr;
  const Json* text = parsed ? text_of(*parsed) : nullptr;
  if (score == nullptr || text == nullptr) return one_line(value, columns);
  const double number = score->as_double();
  std::string line = number >= 0 && number <= 1 ? bar(number) + " " : "";
  line += fmt::format("{:.4f}  ", number);
  const std::size_t used = bar_width + 9;
  return line + one_line(text->text, columns > used + 10 ? columns - used : 10);
}

void DemoView::show(const DemoRecord& record) {
  const Style& s = style(stdout);
  const std::size_t width = columns(stdout);
  const std::string_view value = record.value.value_or("null");
  if (!record.dead_code.empty()) {
    ++dead_;
    const std::string line =
        one_line(fmt::format("dead letter  {}: {}", record.dead_code, record.dead_message), width);
    fmt::print("{}{}{}\n", s.bad, line, s.off);
  } else {
    ++outputs_;
    const std::string topic = several_ ? fmt::format("{}  ", record.topic) : "";
    const std::size_t left = width > topic.size() + 20 ? width - topic.size() : 20;
    fmt::print("{}{}{}{}\n", s.dim, topic, s.off, demo_line(value, left));
  }
  std::fflush(stdout);
}

std::string demo_summary(const Summary& m, double seconds) {
  std::string text = fmt::format("\n{}\n", words_for(m));
  const double rate = seconds > 0 ? static_cast<double>(m.in) / seconds : 0;
  text += fmt::format(
      "rate           {:.0f} records/s over {:.1f} s (the samples set the pace, see --rate)\n",
      rate, seconds);
  text += fmt::format("batches        {}, of up to {} rows in half of them, {} in the largest\n",
                      thousands(m.batches), m.batch_rows_p50, m.batch_rows_max);
  text += fmt::format("in the model   {:.1f} µs a row, {} of {} rows\n",
                      us_per(m.model_ns, m.model_rows), counted(m.model_calls, "call"),
                      thousands(m.model_rows));
  text += fmt::format("in features    {:.1f} µs a row\n", us_per(m.features_ns, m.model_rows));
  return text + fmt::format("dead letters   {}\n", thousands(m.dead));
}

}  // namespace thalweg::cli
