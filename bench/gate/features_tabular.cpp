// The gate: the tabular workload's features. Logarithms, standardised numbers and one-hot words, stacked into one tensor.
#include "decode.h"
#include "features.h"

int main() {
  using namespace thalweg::gate;
  const auto decoder = make_decoder("json", tabular_fields);
  thalweg::Batch batch;
  const auto values = tabular_values();  // the columns of words are views into these
  fill(batch, values);
  decoder->decode(batch);
  return measure_features(
      "{x: {stack: [{log1p: amount}, {standardise: hour, mean: 12, scale: 7}, "
      "{standardise: {log1p: minutes_since_last}, mean: 6, scale: 2}, "
      "{standardise: card_age_days, mean: 900, scale: 600}, "
      "{standardise: {log1p: balance}, mean: 7, scale: 1.5}, "
      "{one_hot: country, words: [DE, FR, NL, PL, US, AT, BE, CH]}, "
      "{one_hot: channel, words: [online, chip, contactless, swipe]}, "
      "{one_hot: merchant_category_code, words: ['5411', '5812', '7995', '6011', '5999', "
      "'4111']}]}}",
      decoder->schema(), batch.rows().columns, batch_records, 20);
}
