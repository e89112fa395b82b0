// Decoding, per record and per number.
//
//   tabular/*    a 200 B record with nine fields            fields / stage 1 and grammar alone
//   image/*      784 numbers in one string (8.4 KB), in a JSON array, and as raw float32
//
// `numbers` in the counters is nanoseconds per number.
#include <cstdio>
#include <random>

#include <benchmark/benchmark.h>

#include "config/yaml_reader.h"
#include "decode/decoders.h"
#include "decode/number_list.h"
#include "json/index.h"
#include "json/walker.h"

namespace {

using namespace thalweg;

constexpr std::size_t batch_records = 256;

std::unique_ptr<Decoder> make(const char* format, const char* fields) {
  Registry registry;
  register_decoders(registry);
  static const Section nothing{.name = "nothing", .doc = "", .settings = {}};
  const auto yaml = [](const char* text) { return read_yaml(text, {.name = "bench"}).value(); };
  const DecoderKind* const kind = registry.decoder(format);
  return kind
      ->make(read(kind->section != nullptr ? *kind->section : nothing, yaml("{}")).value(),
             yaml(fields))
      .value();
}

std::vector<std::string> tabular_values() {
  std::mt19937_64 random(1);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < batch_records; ++i) {
    char text[400];
    std::snprintf(
        text, sizeof(text),
        R"({"card":"4000-%06u","amount":%.2f,"hour":%u,"country":"%s","channel":"%s","merchant":"m-%05u","mcc":"%04u","minutes_since_last":%.1f,"card_age_days":%u,"note":"-"})",
        static_cast<unsigned>(random() % 1000000), static_cast<double>(random() % 100000) / 100,
        static_cast<unsigned>(random() % 24), random() % 2 ? "DE" : "FR",
        random() % 2 ? "online" : "terminal", static_cast<unsigned>(random() % 100000),
        static_cast<unsigned>(random() % 10000), static_cast<double>(random() % 10000) / 10,
        static_cast<unsigned>(random() % 3000));
    values.emplace_back(text);
  }
  return values;
}

constexpr const char* tabular_fields =
    "{card: string, amount: float32, hour: int32, country: string, channel: string, merchant: "
    "string, mcc: string, "
    "minutes_since_last: float32, card_age_days: float32}";

std::string number_list(char separator_behind_last) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::string list;
  for (int i = 0; i < 784; ++i) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*f,", 6 + static_cast<int>(random() % 5), uniform(random));
    list += text;
  }
  if (separator_behind_last == 0) list.pop_back();
  return list;
}

std::vector<std::string> image_values(bool as_array) {
  const std::string list = as_array ? "[" + number_list(0) + "]" : "\"" + number_list(',') + "\"";
  return std::vector<std::string>(
      batch_records,
      R"({"creationTimestamp":1718000000000,"dataPointSz1":1,"dataPointSz2":784,"dataPoint":)" +
          list + R"(,"prediction":null})");
}

void fill(Batch& batch, const std::vector<std::string>& values) {
  batch.reset();
  for (const std::string& value : values) {
    SourceRecord record;
    record.value = value;
    batch.add_record(record);
  }
}

void run(benchmark::State& state, const std::vector<std::string>& values, Decoder& decoder,
         std::size_t numbers) {
  Batch batch;
  for (auto _ : state) {
    fill(batch, values);
    decoder.decode(batch);
    if (batch.rows().count() != values.size()) state.SkipWithError("a record was refused");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
  state.counters["record_ns"] = benchmark::Counter(
      static_cast<double>(values.size()) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  if (numbers == 0) return;
  state.counters["number_ns"] = benchmark::Counter(
      static_cast<double>(values.size() * numbers) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void tabular(benchmark::State& state) {
  const auto decoder = make("json", tabular_fields);
  run(state, tabular_values(), *decoder, 0);
}
BENCHMARK(tabular);

void tabular_grammar_alone(benchmark::State& state) {
  const auto decoder = make("json", "{}");
  run(state, tabular_values(), *decoder, 0);
}
BENCHMARK(tabular_grammar_alone);

void tabular_index_alone(benchmark::State& state) {
  const auto values = tabular_values();
  json::Index index;
  for (auto _ : state) {
    for (const std::string& value : values) benchmark::DoNotOptimize(index.build(value));
  }
  state.counters["record_ns"] = benchmark::Counter(
      static_cast<double>(values.size()) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(tabular_index_alone);

void image_in_a_string(benchmark::State& state) {
  const auto decoder =
      make("json", "{image: {at: /dataPoint, type: 'float32[784]', separator: ','}}");
  run(state, image_values(false), *decoder, 784);
}
BENCHMARK(image_in_a_string);

void image_in_an_array(benchmark::State& state) {
  const auto decoder = make("json", "{image: {at: /dataPoint, type: 'float32[784]'}}");
  run(state, image_values(true), *decoder, 784);
}
BENCHMARK(image_in_an_array);

void image_grammar_alone(benchmark::State& state) {
  const auto decoder = make("json", "{}");
  run(state, image_values(false), *decoder, 784);
}
BENCHMARK(image_grammar_alone);

void image_raw(benchmark::State& state) {
  const auto decoder = make("raw", "{image: 'float32[784]'}");
  run(state, std::vector<std::string>(batch_records, std::string(784 * 4, '\1')), *decoder, 784);
}
BENCHMARK(image_raw);

void number_list_alone(benchmark::State& state) {
  const std::string list = number_list(',');
  std::vector<float> out(784);
  for (auto _ : state)
    benchmark::DoNotOptimize(decode::parse_list(list, list.data(), ',', out.data(), out.size()));
  state.counters["number_ns"] = benchmark::Counter(
      784e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(number_list_alone);

}  // namespace

BENCHMARK_MAIN();
