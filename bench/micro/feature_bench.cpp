// Features per row: the fraud example's numbers, and the tweets model's text.
//
//   Tabular/<rows>        log1p, standardise, one_hot of words, one_hot of buckets, stacked into one tensor
//   Tweet/<rows>          clean, lemmatise, stop words, tokens, pad: the whole chain on an ASCII tweet
//   TweetUnicode/<rows>   the same on one with emoji and accents
//   TweetSample           the example's own features on its 400 tweets; run from the checkout
//   Lemmatise             one word by the rules
//
//   build/bench/bench_feature_bench
#include <fstream>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "config/yaml_reader.h"
#include "feature/program.h"

namespace {

using namespace thalweg;

std::shared_ptr<const FeatureProgram> bound(std::string_view features, const Schema& schema) {
  Registry registry;
  register_feature_steps(registry);
  auto node = read_yaml(features, {.name = "features"});
  if (!node) return nullptr;
  auto program = FeatureProgram::bind(*node, schema, "", registry);
  return program ? *program : nullptr;
}

void run(benchmark::State& state, const FeatureProgram* program, const std::vector<Column>& columns,
         std::size_t rows) {
  if (program == nullptr) {
    state.SkipWithError(
        "the features do not bind (is WordNet there? apt-get install wordnet-base)");
    return;
  }
  FeatureFrame frame;
  Arena arena;
  frame.scratch.arena = &arena;
  for (auto _ : state) {
    arena.reset();
    benchmark::DoNotOptimize(program->run(columns, rows, frame).data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * rows));
}

void Tabular(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const Schema schema{{{"amount", {DType::float32, {}}},
                       {"hour", {DType::int32, {}}},
                       {"mcc", {DType::string, {}}}}};
  const auto program = bound(
      "{x: {stack: [{standardise: {log1p: amount}, mean: 3, scale: 1.5}, {one_hot: {bucketize: "
      "hour, edges: [6, 12, 18]}, depth: 4}, "
      "{one_hot: mcc, words: ['5411', '5812', '4829', '6011']}]}}",
      schema);
  std::vector<Column> columns;
  for (const Field& field : schema.fields) columns.emplace_back(field.type);
  for (std::size_t i = 0; i < rows; ++i) {
    *columns[0].append<float>() = static_cast<float>(i);
    *columns[1].append<std::int32_t>() = static_cast<std::int32_t>(i % 24);
    columns[2].push_string(i % 3 == 0 ? "5812" : "9999");
    columns[2].end_row();
  }
  run(state, program.get(), columns, rows);
}
BENCHMARK(Tabular)->Arg(1)->Arg(64)->Arg(1024);

constexpr std::string_view tweet_features =
    "{x: {chain: [value, remove_emoji, {remove: 'https?://t.co/[A-Za-z0-9]+'}, {replace_non_word: "
    "' '}, remove_digits, lower_case, split, "
    "{lemmatise: verb}, {remove_words: {words: [the, and, of, are, this, all, us, our]}}, "
    "{min_length: 4}, join, "
    "{keras_tokens: {words: [deeds, reason, earthquake, allah, forgive]}}, {pad: {length: 121, "
    "side: post}}, {cast: float32}]}}";

void texts(benchmark::State& state, std::string_view text) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const Schema schema{{{"value", {DType::string, {}}}}};
  const auto program = bound(tweet_features, schema);
  std::vector<Column> columns;
  columns.emplace_back(schema.fields[0].type);
  for (std::size_t i = 0; i < rows; ++i) {
    columns[0].push_string(text);
    columns[0].end_row();
  }
  run(state, program.get(), columns, rows);
}

void Tweet(benchmark::State& state) {
  texts(state,
        "Our Deeds are the Reason of this #earthquake May ALLAH Forgive us all "
        "http://t.co/lHYXEOHY6C");
}
BENCHMARK(Tweet)->Arg(1)->Arg(64)->Arg(1024);

void TweetUnicode(benchmark::State& state) {
  texts(state,
        "Nos actes sont la raison de ce #séisme 😱 “Qu’Allah” nous pardonne à tous "
        "http://t.co/lHYXEOHY6C");
}
BENCHMARK(TweetUnicode)->Arg(64);

void TweetSample(benchmark::State& state) {
  const auto file = read_feature_file("examples/tweets/model/1/assets.extra/features.yaml");
  std::ifstream sample("examples/tweets/sample.jsonl");
  if (!file || !sample)
    return state.SkipWithError("expected examples/tweets; run from the checkout");
  Registry registry;
  register_feature_steps(registry);
  const auto program = FeatureProgram::bind(file->features, file->inputs, file->folder, registry);
  std::vector<std::string> texts;
  simdjson::dom::parser parser;
  for (std::string line; std::getline(sample, line);)
    texts.emplace_back(parser.parse(line)["value"].get_string().value());
  std::vector<Column> columns;
  columns.emplace_back(file->inputs.fields[0].type);
  for (const std::string& text : texts) {
    columns[0].push_string(text);
    columns[0].end_row();
  }
  run(state, program ? program->get() : nullptr, columns, texts.size());
}
BENCHMARK(TweetSample);

void Lemmatise(benchmark::State& state) {
  const Schema schema{{{"words", {DType::string, {{Shape::unknown}}}}}};
  const auto program = bound("{x: {lemmatise: words, part_of_speech: verb}}", schema);
  std::vector<Column> columns;
  columns.emplace_back(schema.fields[0].type);
  for (const char* word :
       {"evacuating", "residents", "notified", "forest", "ran", "earthquake", "burning", "placed"})
    columns[0].push_string(word);
  columns[0].end_row();
  run(state, program.get(), columns, 1);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 8);
}
BENCHMARK(Lemmatise);

}  // namespace

BENCHMARK_MAIN();
