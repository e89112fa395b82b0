// What the infer step makes of a batch when nothing goes wrong.
#include <map>

#include <gmock/gmock.h>

#include "process/infer_fixture.h"

namespace thalweg {
namespace {

using support::make_tensor;
using support::numbers;
using support::row_of;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(InferTest, The_outputs_become_columns_in_one_call_without_a_copy) {
  const void* given = nullptr;
  auto& model = models_.add("m", one_to_one(), [&](const InferenceRequest& request) {
    given = request.inputs[0].data;
    EXPECT_THAT(request.inputs[0].dims, ElementsAre(3, 1));
    return doubled(request);
  });
  auto infer = make("{model: m, outputs: {y: score}}");
  EXPECT_EQ(infer->schema().names(), (std::vector<std::string>{"x", "text", "score"}));
  EXPECT_EQ(infer->schema().fields[2].type, (ColumnType{DType::float32, {}}));
  EXPECT_EQ(infer->describe(), "model 'm': y as score");
  Batch batch;
  fill_numbers(batch, {1, 2, 3});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_EQ(given, batch.rows().columns[0].raw());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 4, 6));
  EXPECT_EQ(model.calls, 1);
  EXPECT_EQ(batch.times().model_calls, 1u);
  EXPECT_EQ(batch.times().model_rows, 3u);
  ASSERT_EQ(batch.stamps().size(), 1u);
  EXPECT_EQ(batch.stamps()[0].model, "m");
  EXPECT_EQ(batch.stamps()[0].version, 1);
}

TEST_F(InferTest, Only_live_rows_are_asked_and_others_get_zeros) {
  auto& model = models_.add("m", one_to_one(), doubled);
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, -5, 3, 4});
  batch.select({0, 2, 3});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 0, 6, 8));
  EXPECT_EQ(model.calls, 1);
}

TEST_F(InferTest, A_batch_without_live_rows_gets_the_columns_too) {
  auto& model = models_.add("m", one_to_one(), doubled);
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, 2});
  batch.select({});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_EQ(batch.rows().columns.size(), infer->schema().fields.size());
  EXPECT_EQ(batch.rows().columns[2].rows(), 2u);
  EXPECT_EQ(model.calls, 0);
  EXPECT_THAT(batch.stamps(), IsEmpty());
}

TEST_F(InferTest, Calls_are_bounded_by_rows_max) {
  std::vector<std::int64_t> sizes;
  models_.add(
      "m", one_to_one(),
      [&](const InferenceRequest& request) {
        sizes.push_back(request.inputs[0].dims[0]);
        return doubled(request);
      },
      [](ModelVersion& version) { version.rows_max = 2; });
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, 2, 3, 4, 5});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 4, 6, 8, 10));
}

TEST_F(InferTest, A_fixed_batch_is_padded_with_its_last_row) {
  std::vector<std::vector<float>> fed;
  Signature signature = one_to_one();
  signature.inputs[0].shape.dims[0] = signature.outputs[0].shape.dims[0] = 4;
  models_.add(
      "m", signature,
      [&](const InferenceRequest& request) {
        const auto in = numbers<float>(request.inputs[0]);
        fed.emplace_back(in.begin(), in.end());
        return doubled(request);
      },
      [](ModelVersion& version) {
        version.batch_dim = BatchDim::fixed;
        version.fixed_rows = 4;
      });
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, 2, 3, 4, 5});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(fed, ElementsAre(ElementsAre(1, 2, 3, 4), ElementsAre(5, 5, 5, 5)));
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 4, 6, 8, 10));
  batch.reset();
  fill_numbers(batch, {1, 2});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(2, 4));
}

TEST_F(InferTest, Without_a_batch_dimension_each_row_is_a_call) {
  Signature signature{"s", {{"x", DType::float32, {}}}, {{"y", DType::float32, {{2}}}}};
  auto& model = models_.add(
      "m", signature,
      [](const InferenceRequest& request) -> InferenceResult {
        EXPECT_THAT(request.inputs[0].dims, IsEmpty());
        const float x = numbers<float>(request.inputs[0])[0];
        return std::vector<Tensor>{make_tensor<float>({2}, {x, -x})};
      },
      [](ModelVersion& version) { version.batch_dim = BatchDim::none; });
  auto infer = make("m");
  EXPECT_EQ(infer->schema().fields[2].type, (ColumnType{DType::float32, {{2}}}));
  Batch batch;
  fill_numbers(batch, {1, 2});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(column(batch, 2), ElementsAre(1, -1, 2, -2));
  EXPECT_EQ(model.calls, 2);
}

// Lists of free length into an input of unknown length, and what the model was fed by them, call by call.
class InferListsTest : public InferTest {
 protected:
  std::unique_ptr<Operator> make_echo(const std::string& settings) {
    Signature signature{"s", {{"x", DType::int64, {{-1, -1}}}}, {{"y", DType::int64, {{-1, -1}}}}};
    models_.add("m", signature, [this](const InferenceRequest& request) -> InferenceResult {
      const auto in = numbers<std::int64_t>(request.inputs[0]);
      fed_.emplace_back(in.begin(), in.end());
      return std::vector<Tensor>{make_tensor<std::int64_t>(
          {request.inputs[0].dims[0], request.inputs[0].dims[1]}, {in.begin(), in.end()})};
    });
    return make(settings, input_);
  }
  void fill(Batch& batch) {
    batch.rows().begin(input_);
    for (const std::vector<std::int32_t>& row :
         {std::vector<std::int32_t>{1}, {2, 3, 4}, {}, {5, 6, 7}}) {
      support::add_row_of_new_record(batch);
      Column& column = batch.rows().columns[0];
      std::copy(row.begin(), row.end(), column.extend<std::int32_t>(row.size()));
      column.end_row();
    }
  }
  const Schema input_{{{"x", {DType::int32, {{-1}}}}}};
  std::vector<std::vector<std::int64_t>> fed_;
};

TEST_F(InferListsTest, Rows_of_one_length_share_a_call_and_unknown_lengths_come_out_as_lists) {
  auto infer = make_echo("{model: m, outputs: {y: out}}");
  EXPECT_TRUE(infer->schema().fields[1].type.ragged());
  Batch batch;
  fill(batch);
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(fed_, ElementsAre(ElementsAre(1, 0), ElementsAre(2, 3, 4, 5, 6, 7)));
  const Column& out = batch.rows().columns[1];
  EXPECT_THAT(row_of<std::int64_t>(out, 0), ElementsAre(1));
  EXPECT_THAT(row_of<std::int64_t>(out, 1), ElementsAre(2, 3, 4));
  EXPECT_THAT(row_of<std::int64_t>(out, 2), ElementsAre(0));
  EXPECT_THAT(row_of<std::int64_t>(out, 3), ElementsAre(5, 6, 7));
}

TEST_F(InferListsTest, Where_the_features_say_pad_they_are_padded_to_the_longest_of_one_call) {
  auto infer = make_echo("{model: m, features: {x: {pad: x}}, outputs: {y: out}}");
  Batch batch;
  fill(batch);
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(fed_, ElementsAre(ElementsAre(1, 0, 0, 2, 3, 4, 0, 0, 0, 5, 6, 7)));
}

TEST_F(InferTest, Strings_go_in_and_out_and_outlive_the_step) {
  Signature signature{"s", {{"text", DType::string, {{-1}}}}, {{"upper", DType::string, {{-1}}}}};
  std::weak_ptr<const void> memory;
  models_.add("m", signature, [&](const InferenceRequest& request) -> InferenceResult {
    std::vector<std::string> texts;
    for (const auto text : request.inputs[0].strings)
      texts.push_back("<" + std::string(text) + ">");
    Tensor out = make_tensor<std::string_view>(
        {std::ssize(texts)}, std::vector<std::string_view>(texts.begin(), texts.end()));
    memory = out.owner;
    return std::vector<Tensor>{std::move(out)};
  });
  auto infer = make("m");
  for (const bool all : {true, false}) {
    Batch batch;
    fill_numbers(batch, {1, 2});
    if (!all) batch.select({1});
    EXPECT_TRUE(run(*infer, batch).ok());
    const std::string_view kept = batch.rows().columns[2].strings()[1];
    batch.rows().columns[2].clear();  // as `collect` does when it gives finer rows back
    EXPECT_FALSE(memory.expired());
    EXPECT_EQ(kept, "<text 2.000000>");
  }
}

TEST_F(InferTest, Numbers_are_widened_where_nothing_is_lost) {
  const Schema input{{{"x", {DType::int32, {}}}, {"z", {DType::float32, {{2}}}}}};
  Signature signature{"s",
                      {{"x", DType::float64, {{-1}}}, {"z", DType::float64, {{-1, 2}}}},
                      {{"y", DType::float64, {{-1}}}}};
  models_.add("m", signature, [](const InferenceRequest& request) -> InferenceResult {
    const auto x = numbers<double>(request.inputs[0]);
    const auto z = numbers<double>(request.inputs[1]);
    std::vector<double> out;
    for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] + z[2 * i] + z[2 * i + 1]);
    return std::vector<Tensor>{make_tensor<double>({std::ssize(x)}, out)};
  });
  auto infer = make("m", input);
  Batch batch;
  batch.rows().begin(input);
  for (int i = 0; i < 3; ++i) {
    support::add_row_of_new_record(batch);
    *batch.rows().columns[0].append<std::int32_t>() = i;
    float* z = batch.rows().columns[1].append<float>();
    z[0] = 10;
    z[1] = 0.5F;
  }
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(batch.rows().columns[2].values<double>(), ElementsAre(10.5, 11.5, 12.5));
}

TEST_F(InferTest, Features_of_the_pipeline_feed_the_inputs_by_name) {
  Signature signature{"s", {{"in", DType::float32, {{-1, 2}}}}, {{"y", DType::float32, {{-1, 2}}}}};
  models_.add("m", signature, [](const InferenceRequest& request) -> InferenceResult {
    const auto in = numbers<float>(request.inputs[0]);
    return std::vector<Tensor>{
        make_tensor<float>({request.inputs[0].dims[0], 2}, {in.begin(), in.end()})};
  });
  auto infer = make("{model: m, features: {in: {stack: [x, {log1p: x}]}}}");
  Batch batch;
  fill_numbers(batch, {0, 1, 2});
  batch.select({0, 2});
  EXPECT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(row_of<float>(batch.rows().columns[2], 2),
              ElementsAre(2, testing::FloatNear(1.0986F, 1e-4F)));
}

// Remembers what steps made, by the name of the feature.
struct FeatureNotes final : ScoreObserver {
  std::map<std::string, std::vector<float>> made;
  std::vector<std::string> bare;
  bool none = false;
  void scored(const Scored& s) noexcept override {
    none = s.feature_schema == nullptr && s.features.empty();
    for (std::size_t i = 0; i < s.features.size(); ++i) {
      const Field& feature = s.feature_schema->fields[i];
      if (s.features[i] == nullptr) {
        bare.push_back(feature.name);
        continue;
      }
      EXPECT_EQ(s.features[i]->type(), feature.type);
      for (const std::uint32_t row : s.feature_rows)
        made[feature.name].push_back(s.features[i]->values<float>()[row]);
    }
  }
};

TEST_F(InferTest, Who_watches_is_told_what_steps_made_of_the_rows_that_none_refused) {
  registry_.add(positive_feature());
  Signature signature{"s",
                      {{"sum", DType::float32, {{-1, 1}}}, {"x", DType::float32, {{-1, 1}}}},
                      {{"y", DType::float32, {{-1, 1}}}}};
  models_.add("m", signature, doubled);
  FeatureNotes notes;
  observer_ = &notes;
  auto infer = make("{model: m, features: {x: x, sum: {log1p: {positive: x}}}}");
  Batch batch;
  fill_numbers(batch, {0, 1, -1, 5});
  batch.select({1, 2, 3});
  ASSERT_TRUE(run(*infer, batch).ok());
  EXPECT_THAT(notes.bare, ElementsAre("x")) << "it is a column of the batch, and watched as that";
  EXPECT_THAT(notes.made["sum"],
              ElementsAre(testing::FloatNear(0.6931F, 1e-3F), testing::FloatNear(1.7918F, 1e-3F)));
}

TEST_F(InferTest, Who_watches_a_version_without_features_is_told_none) {
  models_.add("m", one_to_one(), doubled);
  FeatureNotes notes;
  observer_ = &notes;
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1});
  ASSERT_TRUE(run(*infer, batch).ok());
  EXPECT_TRUE(notes.none);
}

TEST_F(InferTest, A_new_version_is_taken_between_batches_with_its_own_features) {
  models_.add("m", one_to_one(), doubled);
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1});
  EXPECT_TRUE(run(*infer, batch).ok());
  const std::weak_ptr<const ModelVersion> old = models_.handle("m").now;
  auto features = std::make_shared<FeatureFile>();
  features->inputs = Schema{{kNumbers.fields[0]}};
  features->features = support::node("{x: {log1p: x}}");
  models_.add("m", one_to_one(), doubled,
              [&](ModelVersion& version) { version.feature_file = features; });
  Batch next;
  fill_numbers(next, {1});
  EXPECT_TRUE(run(*infer, next).ok());
  EXPECT_NEAR(column(next, 2)[0], 2 * 0.6931F, 1e-3F);
  EXPECT_EQ(next.stamps()[0].version, 2);
  EXPECT_FALSE(old.expired()) << "the first batch still uses it";
  batch.reset();
  EXPECT_TRUE(old.expired());
}

TEST_F(InferTest, A_version_with_other_outputs_stops_the_pipeline) {
  models_.add("m", one_to_one(), doubled);
  auto infer = make("m");
  Signature other = one_to_one();
  other.outputs[0].shape.dims = {-1, 2};
  models_.add("m", other, doubled);
  Batch batch;
  fill_numbers(batch, {1});
  const Status status = run(*infer, batch);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::signature_mismatch);
}

TEST_F(InferTest, Outputs_that_are_not_one_per_row_are_a_mismatch_that_names_them) {
  models_.add("m", one_to_one(), [](const InferenceRequest&) -> InferenceResult {
    return std::vector<Tensor>{make_tensor<float>({1, 1}, {1})};
  });
  auto infer = make("m");
  Batch batch;
  fill_numbers(batch, {1, 2});
  const Status status = run(*infer, batch);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::signature_mismatch);
  EXPECT_THAT(status.error().message(),
              testing::HasSubstr("'y' was expected to hold float32 for each of "
                                 "2 rows; got float32 [1,1]"));
}

TEST_F(InferTest, A_model_may_answer_later_and_batches_may_overlap) {
  auto& model = models_.add("m", one_to_one(), doubled);
  model.answer_in_thread = true;
  auto infer = make("m");
  Batch first;
  Batch second;
  fill_numbers(first, {1, 2});
  fill_numbers(second, {3});
  // An answer that comes before submit returns makes the step done at once.
  std::atomic<int> under_way{2};
  for (Batch* batch : {&first, &second}) {
    if (infer->process(*batch, [&] { --under_way; }) == Progress::done) --under_way;
  }
  while (under_way > 0) std::this_thread::yield();
  EXPECT_TRUE(infer->result(second).ok());
  EXPECT_TRUE(infer->result(first).ok());
  EXPECT_THAT(column(first, 2), ElementsAre(2, 4));
  EXPECT_THAT(column(second, 2), ElementsAre(6));
}

}  // namespace
}  // namespace thalweg
