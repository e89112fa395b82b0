// Encoding, per record: a tabular output, ten scores as an array and as base64, the input merged with a prediction (8.4 KB), echo.
#include <benchmark/benchmark.h>

#include "config/yaml_reader.h"
#include "encode/encoders.h"

namespace {

using namespace thalweg;

constexpr std::uint32_t batch_records = 256;

struct Output {
  explicit Output(const char* value, std::string input) : input_(std::move(input)) {
    schema_.fields = {{"card", {DType::string, {}}},
                      {"score", {DType::float32, {{1}}}},
                      {"scores", {DType::float32, {{10}}}}};
    Registry registry;
    register_encoders(registry);
    const EncoderKind* const kind = registry.encoder("json");
    const auto yaml = [](const char* text) { return read_yaml(text, {.name = "bench"}).value(); };
    encoder = kind->make(read(*kind->section, yaml("{}")).value(), yaml(value), schema_).value();
  }

  void fill() {
    batch.reset();
    Rows& rows = batch.rows();
    rows.columns.resize(3);
    rows.record_of.clear();
    for (std::size_t i = 0; i < 3; ++i) rows.columns[i].reset(schema_.fields[i].type);
    for (std::uint32_t i = 0; i < batch_records; ++i) {
      SourceRecord record;
      record.value = input_;
      batch.add_record(record);
      rows.record_of.push_back(i);
      rows.columns[0].push_string("4000-123456");
      rows.columns[0].end_row();
      *rows.columns[1].append<float>() = 0.001F * static_cast<float>(i);
      float* const scores = rows.columns[2].append<float>();
      for (int k = 0; k < 10; ++k)
        scores[k] = 0.0123F * static_cast<float>(i + static_cast<std::uint32_t>(k));
    }
  }

  Batch batch;
  std::unique_ptr<Encoder> encoder;

 private:
  Schema schema_;
  std::string input_;
};

void run(benchmark::State& state, const char* value, std::string input = "{}") {
  Output output(value, std::move(input));
  output.fill();
  for (auto _ : state) {
    output.batch.arena().reset();
    for (std::uint32_t row = 0; row < batch_records; ++row)
      benchmark::DoNotOptimize(output.encoder->encode(output.batch, row).ok());
  }
  state.counters["record_ns"] =
      benchmark::Counter(batch_records * 1e-9, benchmark::Counter::kIsIterationInvariantRate |
                                                   benchmark::Counter::kInvert);
}

std::string image() {
  std::string list;
  for (int i = 0; i < 784; ++i) list += "0." + std::to_string(10000000 + i * 99999) + ",";
  return R"({"creationTimestamp":1718000000000,"dataPointSz1":1,"dataPointSz2":784,"dataPoint":")" +
         list + R"(","prediction":null})";
}

void tabular(benchmark::State& state) {
  run(state, "{card: card, score: score, at: meta.offset}");
}
BENCHMARK(tabular);
void ten_scores(benchmark::State& state) {
  run(state, "{scores: scores}");
}
BENCHMARK(ten_scores);
void ten_scores_base64(benchmark::State& state) {
  run(state, "{scores: {base64: scores}}");
}
BENCHMARK(ten_scores_base64);
void label(benchmark::State& state) {
  run(state, "{label: {argmax: scores, labels: [a, b, c, d, e, f, g, h, i, j]}}");
}
BENCHMARK(label);
void image_merged(benchmark::State& state) {
  run(state, "{merge: input, with: {prediction: scores}}", image());
}
BENCHMARK(image_merged);
void image_echoed(benchmark::State& state) {
  run(state, "input", image());
}
BENCHMARK(image_echoed);

}  // namespace

BENCHMARK_MAIN();
