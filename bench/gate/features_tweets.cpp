// The gate: a tweet's text, cleaned, lemmatised, cut into tokens and padded. Needs WordNet (apt-get install wordnet-base).
#include "features.h"

int main() {
  using namespace thalweg;
  const Schema schema{{{"value", {DType::string, {}}}}};
  std::vector<Column> columns;
  columns.emplace_back(schema.fields[0].type);
  constexpr std::size_t rows = 64;
  for (std::size_t i = 0; i < rows; ++i) {
    columns[0].push_string(
        i % 4 == 0 ? "Nos actes sont la raison de ce #séisme 😱 “Qu’Allah” nous pardonne"
                   : "Our Deeds are the Reason of this #earthquake May ALLAH Forgive us all "
                     "http://t.co/lHYXEOHY6C");
    columns[0].end_row();
  }
  return gate::measure_features(
      "{x: {chain: [value, remove_emoji, {remove: 'https?://t.co/[A-Za-z0-9]+'}, "
      "{replace_non_word: ' '}, remove_digits, lower_case, split, {lemmatise: verb}, "
      "{remove_words: {words: [the, and, of, are, this, all, us, our]}}, {min_length: 4}, join, "
      "{keras_tokens: {words: [deeds, reason, earthquake, allah, forgive]}}, "
      "{pad: {length: 121, side: post}}, {cast: float32}]}}",
      schema, columns, rows, 10);
}
