// Several versions answer one stream: who answers what, and that nobody else notices.
#include <map>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "model/bucket.h"
#include "process/infer_fixture.h"

namespace thalweg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

#define ASSERT_RUNS(infer, batch)                   \
  do {                                              \
    const Status ran = run(infer, batch);           \
    ASSERT_TRUE(ran.ok()) << ran.error().message(); \
  } while (false)

// Answers 10 x + `version`, and so says who it is.
support::Script signs_as(float version) {
  return [version](const InferenceRequest& request) -> InferenceResult {
    const auto in = support::numbers<float>(request.inputs[0]);
    std::vector<float> out;
    for (const float x : in) {
      if (x < 0) return Error(Code::invalid_model_input, "negative");
      out.push_back(10 * x + version);
    }
    return std::vector<Tensor>{support::make_tensor<float>({std::ssize(in), 1}, std::move(out))};
  };
}

InferenceResult broken(const InferenceRequest&) {
  return Error(Code::model_unavailable, "gone");
}

// Remembers what it was told.
struct Notes final : ScoreObserver {
  struct Note {
    Role role;
    std::int64_t version;
    std::string variant;
    std::vector<std::uint32_t> rows, answered;
    std::vector<float> outputs;
    bool failed;
    std::uint32_t calls;
  };
  std::vector<Note> notes;
  void scored(const Scored& s) noexcept override {
    Note note{s.role,
              s.version.version,
              s.variant == nullptr ? "" : s.variant->name,
              {s.rows.begin(), s.rows.end()},
              {s.answered.begin(), s.answered.end()},
              {},
              s.failed,
              s.model_calls};
    if (!s.outputs.empty()) {
      const auto values = s.outputs[0].values<float>();
      note.outputs.assign(values.begin(), values.end());
    }
    EXPECT_EQ(s.columns.size(), s.schema.fields.size());
    notes.push_back(std::move(note));
  }
};

class InferVariants : public InferTest, public testing::WithParamInterface<bool> {
 protected:
  support::ScriptedModel& add(support::Script script) {
    auto& model = models_.add("m", one_to_one(), std::move(script));
    model.answer_in_thread = GetParam();
    versions_.push_back(models_.handle("m").now);
    return model;
  }
  // a and b share the keys; `a` of 10,000 are a's.
  void route(std::uint32_t a, std::int64_t epoch = 7, const std::string& key = "") {
    auto route = std::make_shared<Route>();
    route->epoch = epoch;
    route->salt = "salt";
    route->key = key;
    route->variants.push_back({"a", a, versions_.at(0)});
    route->variants.push_back({"b", bucket_count, versions_.at(1)});
    models_.handle("m").fixed = route;
  }
  // Record i has the key "user-i" and one row, x = i.
  void fill(Batch& batch, std::size_t first, std::size_t count) {
    batch.reset();
    batch.rows().begin(kNumbers);
    for (std::size_t i = first; i < first + count; ++i) add_row(batch, i, static_cast<float>(i));
  }
  void add_row(Batch& batch, std::size_t user, float x) {
    batch.rows().record_of.push_back(static_cast<std::uint32_t>(batch.size()));
    batch.add_record({}).key = batch.arena().copy("user-" + std::to_string(user));
    add_values(batch, x);
  }
  static void add_values(Batch& batch, float x) {
    *batch.rows().columns[0].append<float>() = x;
    batch.rows().columns[1].push_string(batch.arena().copy("t" + std::to_string(int(x))));
    batch.rows().columns[1].end_row();
  }
  static bool is_b(std::size_t user, std::uint32_t a = 5000) {
    return bucket_of("salt", "user-" + std::to_string(user)) >= a;
  }
  static std::string variant_of_record(const Batch& batch, std::size_t record) {
    std::string all;
    for (std::size_t s = 0; s < batch.stamps().size(); ++s) {
      if (batch.saw(record, s)) all += std::string(batch.stamps()[s].variant);
    }
    return all;
  }

  std::vector<std::shared_ptr<const ModelVersion>> versions_;
};

TEST_P(InferVariants, Each_record_is_answered_by_the_variant_that_owns_its_bucket) {
  auto& a = add(signs_as(1));
  auto& b = add(signs_as(2));
  route(5000);
  auto infer = make("m");
  Batch batch;
  fill(batch, 0, 100);
  ASSERT_RUNS(*infer, batch);
  for (std::size_t i = 0; i < 100; ++i) {
    const float signature = is_b(i) ? 2 : 1;
    EXPECT_EQ(column(batch, 2)[i], 10 * static_cast<float>(i) + signature) << i;
    EXPECT_EQ(variant_of_record(batch, i), is_b(i) ? "b" : "a");
  }
  EXPECT_EQ(a.calls, 1) << "two variants cost two calls, no more";
  EXPECT_EQ(b.calls, 1);
  ASSERT_EQ(batch.stamps().size(), 2U);
  EXPECT_EQ(batch.stamps()[1].version, 2);
  EXPECT_EQ(batch.stamps()[1].epoch, 7);
}

TEST_P(InferVariants, Where_a_batch_is_cut_changes_no_answer) {
  add(signs_as(1));
  add(signs_as(2));
  route(3000);
  auto infer = make("m");
  Batch batch;
  fill(batch, 0, 60);
  ASSERT_RUNS(*infer, batch);
  const std::vector<float> whole = column(batch, 2);
  for (const std::size_t size : {1U, 7U, 20U}) {
    std::vector<float> pieces;
    for (std::size_t at = 0; at < 60; at += size) {
      fill(batch, at, std::min<std::size_t>(size, 60 - at));
      ASSERT_RUNS(*infer, batch);
      for (const float y : column(batch, 2)) pieces.push_back(y);
    }
    EXPECT_EQ(pieces, whole) << size;
  }
}

TEST_P(InferVariants, All_rows_of_a_record_go_to_one_variant) {
  add(signs_as(1));
  add(signs_as(2));
  route(5000);
  auto infer = make("m");
  Batch batch;
  batch.rows().begin(kNumbers);
  for (std::size_t user = 0; user < 20; ++user) {
    add_row(batch, user, static_cast<float>(user));
    for (int more = 0; more < 3; ++more) {
      batch.rows().record_of.push_back(static_cast<std::uint32_t>(user));
      add_values(batch, static_cast<float>(user));
    }
  }
  ASSERT_RUNS(*infer, batch);
  for (std::size_t row = 0; row < 80; ++row) {
    const std::size_t user = row / 4;
    EXPECT_EQ(column(batch, 2)[row], 10 * static_cast<float>(user) + (is_b(user) ? 2 : 1));
  }
}

TEST_P(InferVariants, A_field_may_be_the_key) {
  add(signs_as(1));
  add(signs_as(2));
  route(5000, 0, "text");
  auto infer = make("m");
  Batch batch;
  fill(batch, 0, 50);
  ASSERT_RUNS(*infer, batch);
  for (std::size_t i = 0; i < 50; ++i) {
    const bool b = bucket_of("salt", "t" + std::to_string(i)) >= 5000;
    EXPECT_EQ(column(batch, 2)[i], 10 * static_cast<float>(i) + (b ? 2 : 1)) << i;
  }
}

TEST_P(InferVariants,
       A_key_that_is_no_field_is_refused_and_should_it_come_all_the_same_no_record_is_lost) {
  add(signs_as(1));
  add(signs_as(2));
  route(5000, -1, "txet");
  EXPECT_THAT(error_of("m"), HasSubstr("key: a field was expected, which decides who answers a "
                                       "record; got 'txet'; there is 'x' and 'text'"));
  route(5000);
  auto infer = make("m");
  const auto& step = dynamic_cast<const Infer&>(*infer);
  EXPECT_THAT(step.check_key("m", "txet").error().message(), HasSubstr("got 'txet'"));
  EXPECT_THAT(step.check_key("m", "x").error().message(), HasSubstr("'x' is float32"));
  EXPECT_TRUE(step.check_key("m", "text").ok());
  EXPECT_TRUE(step.check_key("other", "txet").ok()) << "this step does not ask it";
  route(5000, 8, "x");
  Batch batch;
  fill(batch, 0, 4);
  Status status = run(*infer, batch);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::model_unavailable);
  EXPECT_THAT(status.error().message(), HasSubstr("'x' is float32"));
  route(5000, 9);
  EXPECT_TRUE(run(*infer, batch).ok()) << "the next record put it right";
}

TEST_P(InferVariants, A_batch_waits_while_no_version_serves) {
  add(signs_as(1));
  auto infer = make("m");
  models_.handle("m").fixed = std::make_shared<Route>();
  Batch batch;
  fill(batch, 0, 3);
  const Status status = run(*infer, batch);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::model_unavailable);
  EXPECT_EQ(status.error().retry(), Retry::backoff);
  models_.handle("m").fixed = nullptr;
  ASSERT_RUNS(*infer, batch);
  EXPECT_THAT(column(batch, 2), ElementsAre(1, 11, 21));
}

TEST_P(InferVariants,
       Rows_that_a_variant_refuses_get_the_default_and_the_others_keep_their_answers) {
  add(signs_as(1));
  add(broken);
  route(5000);
  auto infer = make("{model: m, on_error: {default: {y: -1}}}");
  Batch batch;
  fill(batch, 0, 40);
  ASSERT_RUNS(*infer, batch);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(column(batch, 2)[i], is_b(i) ? -1 : 10 * static_cast<float>(i) + 1) << i;
    EXPECT_EQ(batch.is_fallback(i), is_b(i));
  }
}

TEST_P(InferVariants, The_other_model_answers_for_the_variant_that_fails) {
  add(signs_as(1));
  add(broken);
  route(5000);
  models_.add("other", one_to_one(), signs_as(9)).answer_in_thread = GetParam();
  auto infer = make("{model: m, on_error: {model: other}}");
  Batch batch;
  fill(batch, 0, 40);
  ASSERT_RUNS(*infer, batch);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(column(batch, 2)[i], 10 * static_cast<float>(i) + (is_b(i) ? 9 : 1)) << i;
    for (std::size_t s = 0; s < batch.stamps().size(); ++s)
      EXPECT_EQ(batch.saw(i, s), (batch.stamps()[s].model == "other") == is_b(i));
  }
}

TEST_P(InferVariants, A_failing_variant_fails_the_batch_untouched_when_nothing_stands_in) {
  add(signs_as(1));
  add(broken);
  route(5000);
  auto infer = make("m");
  Batch batch;
  fill(batch, 0, 40);
  EXPECT_FALSE(run(*infer, batch).ok());
  EXPECT_EQ(batch.rows().columns.size(), 2U);
  EXPECT_EQ(batch.count(Disposition::pending), 40U);
  EXPECT_TRUE(batch.stamps().empty());
}

TEST_P(InferVariants, A_dead_row_stays_its_own_variants_business) {
  add(signs_as(1));
  add(signs_as(2));
  route(5000);
  auto infer = make("m");
  Batch batch;
  batch.rows().begin(kNumbers);
  for (std::size_t i = 0; i < 30; ++i) add_row(batch, i, i == 3 ? -1 : static_cast<float>(i));
  ASSERT_RUNS(*infer, batch);
  EXPECT_EQ(batch.count(Disposition::dead), 1U);
  EXPECT_EQ(batch.disposition(3), Disposition::dead);
  EXPECT_TRUE(support::accounted(batch));
}

TEST_P(InferVariants, Who_watches_is_told_each_variants_rows_and_answers) {
  add(signs_as(1));
  add(signs_as(2));
  route(5000);
  Notes notes;
  observer_ = &notes;
  auto infer = make("m");
  Batch batch;
  batch.rows().begin(kNumbers);
  for (std::size_t i = 0; i < 30; ++i) add_row(batch, i, i == 3 ? -1 : static_cast<float>(i));
  ASSERT_RUNS(*infer, batch);
  ASSERT_EQ(notes.notes.size(), 2U);
  std::size_t rows = 0;
  for (const Notes::Note& note : notes.notes) {
    EXPECT_EQ(note.variant, note.version == 1 ? "a" : "b");
    EXPECT_EQ(note.outputs.size(), note.answered.size());
    for (std::size_t i = 0; i < note.answered.size(); ++i) {
      EXPECT_NE(note.answered[i], 3U);
      EXPECT_EQ(note.outputs[i],
                10 * static_cast<float>(note.answered[i]) + static_cast<float>(note.version));
    }
    EXPECT_EQ(note.rows.size(), note.answered.size() + (is_b(3) == (note.variant == "b") ? 1 : 0));
    rows += note.rows.size();
  }
  EXPECT_EQ(rows, 30U);
}

TEST_P(InferVariants, Who_watches_is_told_of_a_use_that_failed) {
  add(signs_as(1));
  add(broken);
  route(5000);
  Notes notes;
  observer_ = &notes;
  auto infer = make("m");
  Batch batch;
  fill(batch, 0, 40);
  EXPECT_FALSE(run(*infer, batch).ok());
  ASSERT_EQ(notes.notes.size(), 1U) << "the other's answers count when they are used";
  EXPECT_TRUE(notes.notes[0].failed);
  EXPECT_EQ(notes.notes[0].variant, "b");
}

TEST_P(InferVariants, A_version_that_left_the_route_is_kept_by_nobody_but_its_batches) {
  add(signs_as(1));
  add(signs_as(2));
  route(5000);
  auto infer = make("m");
  Batch batch;
  fill(batch, 0, 20);
  ASSERT_RUNS(*infer, batch);
  const std::weak_ptr<const ModelVersion> old = versions_[0];
  versions_[0] = versions_[1];
  route(5000, 8);
  EXPECT_FALSE(old.expired()) << "the batch still shows its answers";
  batch.reset();
  EXPECT_TRUE(old.expired());
}

INSTANTIATE_TEST_SUITE_P(Answers, InferVariants, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "later" : "at_once"; });

}  // namespace
}  // namespace thalweg
