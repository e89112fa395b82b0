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
      partition < 0 || number < 0 || kind < 0 || kind >= static_cast<int>(kinds))
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
  const auto negative_at = [&](Kind kind) { return record.kind == kind ? -1 : 1; };
  return start + fmt::format(R"("x":{},"h":{},"k":{},"g":{},"filler":"{:x^80}"}})", x,
                             negative_at(Kind::slow), negative_at(Kind::deadly),
                             negative_at(Kind::stuck), "");
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
