// The whole way of a tabular record — decode, filter, infer with features, encode — allocates nothing per row once warm, and calls the
// model once a batch.
#include <gtest/gtest.h>

#include "config/pipeline.h"
#include "run/models_of.h"
#include "run/process.h"
#include "run/topology.h"
#include "support/count_allocations.h"

namespace thalweg {
namespace {

constexpr const char* kPipeline = R"(
pipeline: fraud
models: {m: {runtime: fake, rows_max: none, inputs: {x: 'float32[?,?]'}, outputs: {y: 'float32[?]'}}}
from:
  topic: payments
  start: earliest
  fields: {card: string, amount: float32, hour: int32, mcc: {at: /merchant/mcc, type: string}}
steps:
  - filter: {field: amount, above: 0}
  - infer:
      model: m
      features: {x: {stack: [{log1p: amount}, {standardise: hour, mean: 12, variance: 9}, {one_hot: mcc, vocabulary: examples/fraud/model/1/assets.extra/mcc.txt}]}}
      outputs: {y: score}
to:
  - {topic: scores, value: {card: card, score: score}}
  - {topic: alerts, when: {field: score, above: 99}, value: input}
)";

class WholeChain : public testing::Test {
 protected:
  void SetUp() override {
    register_builtins(registry_);
    build(kPipeline);
  }
  void build(const std::string& text) {
    auto file = read_pipeline_text(text, std::string(THALWEG_SOURCE_DIR) + "/fraud.yaml");
    ASSERT_TRUE(file.ok()) << file.error().message();
    auto models = models_of(*file, registry_);
    ASSERT_TRUE(models.ok());
    models_ = std::move(models).value();
    auto chain = build_chain(*file, registry_, *models_);
    ASSERT_TRUE(chain.ok()) << chain.error().message();
    chain_ = std::move(chain).value();
  }

  // One batch of so many records, all the way; returns the allocations, or nothing is checked about them.
  std::size_t pass(std::size_t records) {
    batch_.reset();
    for (std::size_t i = 0; i < records; ++i) {
      SourceRecord record;
      record.topic = "payments";
      record.offset = {static_cast<std::int64_t>(i)};
      record.key = "key";
      record.value = i % 10 == 3 ? kRefund : kPayment;
      batch_.add_record(record);
    }
    const support::AllocationCount count;
    chain_->decode(batch_, {1'700'000'000'000});
    for (const ChainStep& step : chain_->steps) {
      EXPECT_EQ(step.op->process(batch_, {}), Progress::done);
      EXPECT_TRUE(step.op->result(batch_).ok());
    }
    chain_->outputs.encode(batch_);
    return count.so_far();
  }

  std::size_t warm(std::size_t records) {
    std::size_t counted = 0;
    for (int round = 0; round < 5; ++round) counted = pass(records);
    return counted;
  }

  static constexpr const char* kPayment =
      R"({"card":"c1","amount":12.5,"hour":14,"merchant":{"id":"m1","mcc":"5411"}})";
  static constexpr const char* kRefund =
      R"({"card":"c1","amount":-2,"hour":14,"merchant":{"id":"m1","mcc":"4829"}})";
  Registry registry_;
  std::unique_ptr<ModelProvider> models_;
  std::unique_ptr<Chain> chain_;
  Batch batch_;
};

TEST_F(WholeChain, Allocates_nothing_per_row_once_warm) {
  const std::size_t few = warm(10);
  const std::size_t many = warm(1000);
  EXPECT_EQ(batch_.times().model_calls, 1U);
  EXPECT_LE(many, few + 2) << "for 990 records more";
  EXPECT_LE(many, 24U) << "per batch: the model's tensors and little else";
  RecordProperty("allocations_per_batch", static_cast<int>(many));
}

TEST_F(WholeChain, Allocates_no_more_for_an_inference_log_that_does_not_sample_the_row) {
  const std::size_t without = warm(1000);
  build(std::string(kPipeline) + "inference_log: {topic: log, share: 0, fields: [card]}\n");
  const std::size_t with = warm(1000);
  EXPECT_LE(with, without + 4) << "a batch, of a thousand rows";
}

TEST_F(WholeChain, Calls_the_model_once_a_batch_and_writes_an_output_for_every_row_that_passed) {
  (void)pass(1000);
  EXPECT_EQ(batch_.times().model_calls, 1U);
  EXPECT_EQ(batch_.times().model_rows, 900U);
  EXPECT_EQ(batch_.outputs().size(), 900U) << "scores; none is above the bound";
  EXPECT_EQ(batch_.count(Disposition::forwarded), 900U);
  EXPECT_EQ(batch_.count(Disposition::filtered), 100U);
}

}  // namespace
}  // namespace thalweg
