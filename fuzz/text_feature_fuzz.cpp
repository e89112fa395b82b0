// Any bytes as the text of a record: no step crashes, reads outside, or answers differently the second time.
//
// Where the text is not UTF-8 the row is refused; what is not refused is UTF-8 again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "config/yaml_reader.h"
#include "feature/program.h"

namespace {

using namespace thalweg;

// Reads WordNet's files, where they are.
constexpr std::string_view lemmas = "o: {chain: [t, lower_case, split, {lemmatise: verb}, join]}\n";

constexpr std::string_view features = R"(
a: {chain: [t, remove_emoji, {remove: 'https?://t.co/[A-Za-z0-9]+'}, {replace_non_word: ' '}, remove_digits, lower_case]}
b: {chain: [t, lower_case, remove_punctuation, split, {remove_words: {words: [the, a]}}, {min_length: 2}, join]}
c: {chain: [t, {replace: {pattern: '(\w)(\s*)', with: '\2\1'}}]}
d: {chain: [t, {keras_tokens: {words: [the, a, fire]}}, {pad: {length: 7, side: post}}]}
e: {text_vectorization: t, words: [fire, flood]}
f: {text_vectorization: t, words: [a, b], split: character, standardize: lower}
g: {hash_buckets: t, buckets: 1000}
h: {hash_buckets: t, buckets: 1000, salt: 7}
i: {chain: [t, {split: ','}, {vocabulary: {words: [a, b]}}]}
j: {cast: t, to: float32}
k: {one_hot: t, words: [a, b]}
l: {chain: [t, split, {multi_hot: {words: [a, b, the]}}]}
m: {chain: [t, split, {count: {words: [a, b, the]}}]}
p: {chain: [t, remove_digits, lower_case, split, {remove_words: {words: [the, a]}}, {min_length: 2}, join, {keras_tokens: {words: [the, a, fire]}}]}
n: {chain: [t, lower_case, {remove: '^\W*$'}, split, {pad: {length: 3}}]}
)";

std::shared_ptr<const FeatureProgram> program() {
  Registry registry;
  register_feature_steps(registry);
  for (const bool with_lemmas : {true, false}) {
    auto node = read_yaml(std::string(features) + std::string(with_lemmas ? lemmas : ""),
                          {.name = "features"});
    if (!node) std::abort();
    auto bound = FeatureProgram::bind(*node, Schema{{{"t", {DType::string, {}}}}}, "", registry);
    if (bound) return *bound;
    if (!with_lemmas) std::fprintf(stderr, "%s\n", bound.error().message().c_str());
  }
  std::abort();
}

void expect(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto bound = program();
  static FeatureFrame frame;
  static Arena arena;
  arena.reset();
  frame.scratch.arena = &arena;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Column> columns;
  columns.emplace_back(ColumnType{DType::string, {}});
  for (int i = 0; i < 2; ++i) {
    columns[0].push_string(text);
    columns[0].end_row();
  }
  const auto out = bound->run(columns, 2, frame);
  const bool valid = simdjson::validate_utf8(text.data(), text.size());
  bool refused = false;
  for (const RowFailure& failure : frame.scratch.failures)
    refused = refused || failure.error.code() == Code::not_utf8;
  expect(valid != refused);
  for (const Column* column : out) {
    expect(column->rows() == 2);
    const auto [begin, middle] = column->extent(0);
    const auto [second, end] = column->extent(1);
    expect(middle - begin == end - second);
    if (column->type().dtype != DType::string) continue;
    for (std::size_t i = begin; i < middle; ++i) {
      const std::string_view made = column->strings()[i];
      expect(made == column->strings()[second + i]);
      expect(!valid || simdjson::validate_utf8(made.data(), made.size()));
    }
  }
  return 0;
}
