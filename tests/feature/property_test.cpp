// Where a batch is cut must not be observable: rows one by one, in any pieces, or all at once give the same.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "feature/support/bench.h"

namespace thalweg::feature_test {
namespace {

constexpr std::string_view fields =
    "{n: float32, k: int64, t: string, l: 'string[]', r: 'float32[]'}";

// Nearly every step, several of them able to refuse a row.
constexpr std::string_view features = R"(
a: {stack: [{standardise: n, mean: 1, variance: 2}, {min_max: n, min: 0, max: 5, clip: true}, {log1p: n}, {rescale: n, scale: 2}, {fill_nan: n, value: 0}, {clip: k, low: 0}]}
b: {cast: n, to: int32}
c: {one_hot: {bucketize: n, edges: [-1, 0, 1]}, depth: 4}
d: {vocabulary: k, words: [1, 2, 3], num_oov_indices: 0}
e: {hash_buckets: t, buckets: 7}
f: {count: l, words: [a, b], unknown: error}
g: {chain: [t, remove_emoji, {remove: 'a+'}, {replace: {pattern: '(.)b', with: '\1\1'}}, lower_case]}
h: {chain: [t, replace_non_word, remove_digits, split, {min_length: 2}, join]}
i: {chain: [t, {keras_tokens: {words: [a, b, ab]}}, {pad: 3}]}
j: {chain: [t, {text_vectorization: {words: [a, b]}}]}
k: {chain: [r, mask, {pad: {length: 2, side: post}}]}
l: {stack: [{const: 1.5}, {const: [1, 2]}], dtype: float64}
)";

// Texts of few characters, so that rules meet; some are no UTF-8.
std::string any_text() {
  static const std::vector<std::string> parts = {"a", "b", "B",    "é", "É",      " ", "7",
                                                 "٣", "😀", "\xFF", "!", "\u00a0", "Σ"};
  std::string text;
  for (const auto i : *rc::gen::container<std::vector<std::size_t>>(
           rc::gen::inRange<std::size_t>(0, parts.size())))
    text += parts[i];
  return text;
}

struct Row {
  float n;
  std::int64_t k;
  std::string t;
  std::vector<std::string> l;
  std::vector<float> r;
};

Row any_row() {
  static const std::vector<float> numbers = {0,
                                             -0.0F,
                                             1,
                                             -1.5F,
                                             3e9F,
                                             std::numeric_limits<float>::quiet_NaN(),
                                             std::numeric_limits<float>::infinity()};
  Row row;
  row.n = numbers[*rc::gen::inRange<std::size_t>(0, numbers.size())];
  row.k = *rc::gen::inRange<std::int64_t>(0, 6);
  row.t = any_text();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
    row.l.push_back(*rc::gen::element<std::string>("a", "b", "z"));
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) row.r.push_back(static_cast<float>(i));
  return row;
}

void append(Bench& bench, const Row& row) {
  auto& columns = bench.columns();
  *columns[0].append<float>() = row.n;
  *columns[1].append<std::int64_t>() = row.k;
  columns[2].push_string(row.t);
  columns[2].end_row();
  for (const std::string& word : row.l) columns[3].push_string(word);
  columns[3].end_row();
  std::copy(row.r.begin(), row.r.end(), columns[4].extend<float>(row.r.size()));
  columns[4].end_row();
}

// Everything that can be seen of some rows: outputs and refusals.
std::vector<std::string> seen(Bench& bench, const std::vector<Row>& rows, std::size_t begin,
                              std::size_t end) {
  bench.clear();
  for (std::size_t i = begin; i < end; ++i) append(bench, rows[i]);
  const auto out = bench.run();
  std::vector<std::string> all(end - begin);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Column* column : out) all[i] += row_json(*column, i) + "|";
  }
  for (const RowFailure& failure : bench.frame().scratch.failures)
    all[failure.row] += failure.error.message() + "|";
  return all;
}

TEST(FeatureCuts, Any_cut_into_batches_gives_the_same_rows_and_the_same_refusals) {
  Bench bench(fields, features);
  ASSERT_TRUE(bench.bound()) << bench.error();
  EXPECT_TRUE(rc::check([&] {
    std::vector<Row> rows;
    for (int i = *rc::gen::inRange(1, 12); i > 0; --i) rows.push_back(any_row());
    const std::vector<std::string> together = seen(bench, rows, 0, rows.size());
    std::vector<std::string> apart;
    for (std::size_t at = 0; at < rows.size();) {
      const std::size_t end = std::min(rows.size(), at + *rc::gen::inRange<std::size_t>(1, 4));
      for (std::string& row : seen(bench, rows, at, end)) apart.push_back(std::move(row));
      at = end;
    }
    RC_ASSERT(together == apart);
  }));
}

}  // namespace
}  // namespace thalweg::feature_test
