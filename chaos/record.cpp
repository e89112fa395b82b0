#include "chaos/record.h"

#include <cmath>
#include <cstdio>

#include <fmt/format.h>

namespace thalweg::chaos {

std::string header_of(const Record& record) {
  return fmt::format("{}:{}:{}", record.partition, record.number, static_cast<int>(record.kind));
}

std::optional<Record> read_header(std::string_view text) {
  int partition = 0, kind = 0;
  long long number = 0;
  char more = 0;
  if (std::sscanf(std::string(text).c_str(), "%d:%lld:%d%c", &partition, &number, &kind, &more) !=
          3 ||
      partition < 0 || number < 0 || kind < 0 || kind > static_cast<int>(Kind::deadly))
    return std::nullopt;
  return Record{partition, number, static_cast<Kind>(kind)};
}

double score_of(const Record& record) noexcept {
  return static_cast<double>(record.number % 1000);
}

std::string value_of(const Record& record) {
  const std::string start = fmt::format(R"({{"p":{},"n":{},)", record.partition, record.number);
  if (record.kind == Kind::broken) return start;
  const double x = record.kind == Kind::refused ? -1 : score_of(record);
  return start + fmt::format(R"("x":{},"h":{},"k":{},"filler":"{:x^80}"}})", x,
                             record.kind == Kind::slow ? -1 : 1,
                             record.kind == Kind::deadly ? -1 : 1, "");
}

bool is_output_of(const Record& record, std::string_view value) {
  int partition = 0;
  long long number = 0;
  double score = 0;
  return std::sscanf(std::string(value).c_str(), R"({"p":%d,"n":%lld,"score":%lf})", &partition,
                     &number, &score) == 3 &&
         partition == record.partition && number == record.number &&
         std::abs(score - score_of(record)) < 1e-6;
}

}  // namespace thalweg::chaos
