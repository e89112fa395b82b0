// An App is a pipeline written in C++: what a pipeline file says, plus functions of yours.
//
//   struct Payment { float amount; std::string_view card; };
//   THALWEG_RECORD(Payment, amount, card)
//
//   int main(int argc, char** argv) {
//     thalweg::App app("fraud");
//     app.model("fraud", "models/fraud");
//     app.from<Payment>("payments", "{start: earliest}")
//         .filter([](const Payment& p) { return p.amount > 0; })
//         .infer("fraud", "{outputs: {probability: score}}")
//         .to("fraud_scores", "{card: card, score: score}");
//     return app.main(argc, argv);
//   }
//
// Texts in braces are YAML, in the words of the pipeline file (docs/reference.md). Mistakes in them are told by run(), check() and
// the test driver, with the same messages a file gives. One thread builds an App; run() blocks the thread that calls it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/error.h"
#include "thalweg/functions.h"
#include "thalweg/record.h"
#include "thalweg/registry.h"
#include "thalweg/settings.h"

namespace thalweg {

struct PipelineFile;
class App;

// The stream as it stands after the steps written so far. Belongs to its App; every call adds to the pipeline and returns the same
// stream, so calls chain.
class Stream {
 public:
  // Keeps the rows for which f(record) is true; f takes one described struct: bool(const Payment&).
  template <class F>
  Stream& filter(F f, std::string name = {}) {
    return function("filter", std::move(name), [f](const OperatorContext& context) {
      return FilterFunction<F>::make(f, context);
    });
  }
  // Rows become what f returns: a described struct, or Result of one. Nothing else is kept.
  template <class F>
  Stream& map(F f, std::string name = {}) {
    return function("map", std::move(name), [f](const OperatorContext& context) {
      return MapFunction<F>::make(f, MapMode::replace, context);
    });
  }
  // As map, but beside the fields that are there.
  template <class F>
  Stream& add(F f, std::string name = {}) {
    return function("add", std::move(name), [f](const OperatorContext& context) {
      return MapFunction<F>::make(f, MapMode::append, context);
    });
  }
  // A handler that sees a whole batch.
  Stream& batch(BatchFunction f, std::string name = {});
  // The model's outputs become fields. `settings`: as under `infer:` in a pipeline file, without `model`.
  Stream& infer(std::string_view model, std::string_view settings = "{}");
  // Any step of the pipeline file, also those you registered.
  Stream& step(std::string_view kind, std::string_view settings = "{}");
  // One more output; a stream may have several. `value`: the template; `settings`: `when`, `key`, `format`, …
  Stream& to(std::string_view topic, std::string_view value = "", std::string_view settings = "{}");

 private:
  friend class App;
  using MakeOperator = std::function<Result<std::unique_ptr<Operator>>(const OperatorContext&)>;
  explicit Stream(App& app) : app_(app) {}
  Stream& function(std::string_view what, std::string name, MakeOperator make);
  App& app_;
};

class App {
 public:
  // The name is also the consumer group, unless `group` is set.
  explicit App(std::string pipeline);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Any setting of the pipeline file: set("workers", "2"), set("kafka.bootstrap.servers", "broker:9092").
  App& set(std::string_view key, std::string_view value);
  // A model by name; `settings` as under `models:` (runtime, version, …).
  App& model(std::string_view name, std::string_view path, std::string_view settings = "{}");
  App& dead_letters(std::string_view topic);

  // The input: JSON with the fields of T, unless `settings` (as under `from:`) say otherwise. Once per App.
  template <DescribedRecord T>
  Stream& from(std::string_view topic, std::string_view settings = "{}") {
    return from(topic, schema_of<T>(), settings);
  }
  Stream& from(std::string_view topic, const Schema& fields, std::string_view settings = "{}");

  // Parts of your own, to be named in settings. Before the first run() or check().
  [[nodiscard]] Registry& registry() noexcept;

  // Builds everything and checks it, without a broker.
  [[nodiscard]] Status check();
  // Runs until SIGTERM, SIGINT or request_stop(); then drains, commits and leaves the group.
  [[nodiscard]] Status run();
  // Any thread, also a signal-free way to end run().
  void request_stop() noexcept;
  // For main(): reads `--set key=value`, `--check`, `--help`; runs; logs what went wrong; returns an exit code (docs/exit-codes.md). Where a thread had to be left
  // behind (below) the process ends in it, with that code.
  [[nodiscard]] int main(int argc, char** argv);
  // Did run() end although a model still loads, or a call hangs, in a thread that cannot be ended? It may use what the end of main() destroys: a program that calls
  // run() itself then ends by std::_Exit(), when all it wrote is flushed.
  [[nodiscard]] static bool left_threads_behind() noexcept;

  // The pipeline as settings, for the test driver. Errors: config_invalid.
  [[nodiscard]] Result<PipelineFile> pipeline_file() const;

 private:
  friend class Stream;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg
