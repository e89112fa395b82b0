// A ceiling: the model alone, called on ready tensors through Thalweg's runtime (TensorFlow's or OpenVINO's C API), 1 to 1,024 rows
// a call, in the caller's thread.
//
//   bench_model_bench tensorflow|openvino VERSION_DIRECTORY [Google Benchmark's options, e.g. --benchmark_format=json]
//
// Counter `row_us`: CPU microseconds of the whole process per row; the best of them is what a model costs at least.
#include <cstdio>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "bench/must.h"
#include "config/yaml_reader.h"
#include "model/made_rows.h"
#include "model/runtimes.h"
#include "model/signatures.h"

namespace {

using namespace thalweg;
using bench::fail;
using bench::must;

struct Model {
  std::shared_ptr<ModelRuntime> runtime;
  std::unique_ptr<LoadedModel> loaded;
  Signature signature;
  Batching batching;
};

Model load(const std::string& runtime, const std::string& path) {
  static Registry registry;
  register_runtimes(registry);
  const RuntimeKind* const kind = registry.runtime(runtime);
  if (kind == nullptr) fail("expected tensorflow or openvino; got '" + runtime + "'");
  Model model;
  model.runtime = kind->make();
  const Node settings = must(read_yaml("{path: '" + path + "'}", {.name = "model_bench"}));
  model.loaded = must(model.runtime->load({"model", path, 1, settings}));
  model.signature = must(choose_signature(model.loaded->signatures(), ""));
  model.batching = must(find_batching(model.signature, "auto"));
  return model;
}

void call(benchmark::State& state, Model& model) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  MadeRows made(model.signature, model.batching, rows, 128, false);
  const InferenceRequest request = made.all();
  for (auto _ : state) {
    model.loaded->submit(model.signature, request, [&](InferenceResult result) {
      if (!result) state.SkipWithError(result.error().message().c_str());
      benchmark::DoNotOptimize(result);
    });
  }
  state.counters["row_us"] = benchmark::Counter(
      static_cast<double>(rows) * 1e-6,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 3)
    fail("expected a runtime and a version's directory; see the head of model_bench.cpp");
  Model model = load(argv[1], argv[2]);
  benchmark::RegisterBenchmark("model", [&](benchmark::State& state) { call(state, model); })
      ->RangeMultiplier(2)
      ->Range(1, 1024)
      ->MeasureProcessCPUTime();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
