// A ceiling: reading a workload's values, and nothing else. simdjson's On Demand front finds the fields in text that is padded
// already; the 784 numbers go through our number list.
//
//   bench_parse_bench WORKLOAD FILE [Google Benchmark's options]      tabular, image, tweets; FILE: the generator's
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "decode/number_list.h"

namespace {

using namespace thalweg;
namespace ondemand = simdjson::ondemand;

constexpr std::size_t values_max = 1024;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "parse_bench: %s\n", what.c_str());
  std::exit(1);
}

std::vector<simdjson::padded_string> read_values(const char* path) {
  std::ifstream file(path);
  std::vector<simdjson::padded_string> values;
  for (std::string line; values.size() < values_max && std::getline(file, line);)
    values.emplace_back(line);
  if (values.empty()) fail(std::string(path) + ": expected one value a line; got none");
  return values;
}

// Fields in the order they stand in.
bool parse_tabular(ondemand::document& doc, std::vector<float>& numbers) {
  static constexpr const char* fields[] = {"id",
                                           "amount",
                                           "hour",
                                           "country",
                                           "channel",
                                           "merchant_category_code",
                                           "minutes_since_last",
                                           "card_age_days",
                                           "balance"};
  std::size_t n = 0;
  for (const char* name : fields) {
    ondemand::value value;
    if (doc.find_field(name).get(value) != simdjson::SUCCESS) return false;
    std::string_view word;
    double number = 0;
    if (value.get_double().get(number) == simdjson::SUCCESS) {
      numbers[n++] = static_cast<float>(number);
    } else if (value.get_string().get(word) == simdjson::SUCCESS) {
      benchmark::DoNotOptimize(word);
    } else {
      return false;
    }
  }
  return true;
}

bool parse_image(ondemand::document& doc, std::vector<float>& numbers) {
  std::string_view list;
  if (doc.find_field("dataPoint").get_string().get(list) != simdjson::SUCCESS) return false;
  const auto outcome = decode::parse_list(list, list.data(), ',', numbers.data(), numbers.size());
  return outcome.fault == json::NumberFault::none && outcome.count == numbers.size();
}

bool parse_tweet(ondemand::document& doc, std::vector<float>& /*numbers*/) {
  std::string_view text;
  const bool found = doc.find_field("value").get_string().get(text) == simdjson::SUCCESS;
  benchmark::DoNotOptimize(text);
  return found;
}

using Parse = bool (*)(ondemand::document&, std::vector<float>&);

void parse(benchmark::State& state, const std::vector<simdjson::padded_string>& values, Parse one) {
  ondemand::parser parser;
  std::vector<float> numbers(784);
  for (auto _ : state) {
    for (const simdjson::padded_string& value : values) {
      ondemand::document doc;
      if (parser.iterate(value).get(doc) != simdjson::SUCCESS || !one(doc, numbers))
        state.SkipWithError("a value could not be read");
    }
    benchmark::ClobberMemory();
  }
  state.counters["record_us"] = benchmark::Counter(
      static_cast<double>(values.size()) * 1e-6,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

Parse parser_of(const std::string& workload) {
  if (workload == "tabular") return parse_tabular;
  if (workload == "image") return parse_image;
  if (workload == "tweets") return parse_tweet;
  fail("expected tabular, image or tweets; got '" + workload + "'");
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 3) fail("expected a workload and a file of values");
  const Parse one = parser_of(argv[1]);
  const auto values = read_values(argv[2]);
  benchmark::RegisterBenchmark("parse",
                               [&](benchmark::State& state) { parse(state, values, one); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
