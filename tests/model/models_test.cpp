// The models of a pipeline: settings, sharing, warm-up's findings; with the fake runtime, so without any library.
#include "model/models.h"

#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/scratch_dir.h"
#include "model/warm_up.h"

namespace thalweg {
namespace {

using calls::entry;

std::string warnings(const ModelVersion& version) {
  std::string all;
  for (const std::string& warning : version.warnings) all += warning + "\n";
  return all;
}

std::shared_ptr<const ModelVersion> load(
    std::vector<std::pair<std::string, std::string>> settings) {
  settings.emplace_back("runtime", "fake");
  auto handle = calls::open(entry(std::move(settings)));
  EXPECT_TRUE(handle.ok()) << calls::message(handle);
  return handle.ok() ? (*handle)->current() : nullptr;
}

// A fake model with types: text in, one input and one output.
Node fake(const std::string& input, const std::string& output,
          std::vector<std::pair<std::string, std::string>> more = {}) {
  more.emplace_back("runtime", "fake");
  Node node = entry(std::move(more));
  node.set("inputs", Node::map({{"x", calls::text(input)}}));
  node.set("outputs", Node::map({{"y", calls::text(output)}}));
  return node;
}

TEST(Models, A_fake_model_answers_what_its_settings_say) {
  auto handle = calls::open(fake("float32[?,3]", "float32[?]"));
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  const auto version = (*handle)->current();
  EXPECT_EQ(version->model, "m");
  EXPECT_EQ(version->runtime, "fake");
  EXPECT_EQ(version->signature.inputs.front().to_string(), "'x' (float32 [?,3])");
  auto result = calls::call(*version, {2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(calls::floats(result->front()), (std::vector<float>{6, 15}));
}

TEST(Models, A_missing_name_is_refused_with_a_suggestion) {
  auto models =
      Models::make(Node::map({{"disaster", entry({{"runtime", "fake"}})}}), calls::registry());
  ASSERT_TRUE(models.ok());
  auto handle = (*models)->model("disastr");
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::config_invalid);
  EXPECT_NE(handle.error().message().find("Did you mean 'disaster'?"), std::string::npos)
      << handle.error().message();
}

TEST(Models, Settings_are_checked_before_anything_is_loaded) {
  const auto error = [](const Node& node) {
    auto models = Models::make(Node::map({{"m", node}}), calls::registry());
    return models.ok() ? std::string("(accepted)") : models.error().message();
  };
  EXPECT_NE(error(entry({{"runtime", "tensorflwo"}})).find("Did you mean 'tensorflow'?"),
            std::string::npos);
  EXPECT_NE(error(entry({{"path", "x"}, {"pathh", "y"}})).find("Did you mean 'path'?"),
            std::string::npos)
      << error(entry({{"path", "x"}, {"pathh", "y"}}));
  EXPECT_NE(
      error(entry({{"runtime", "fake"}, {"custom_ops", "a.so"}})).find("belongs to 'tensorflow'"),
      std::string::npos)
      << error(entry({{"runtime", "fake"}, {"custom_ops", "a.so"}}));
  EXPECT_NE(error(entry({{"runtime", "fake"}, {"thread", "moon"}})).find("lane"),
            std::string::npos);
  EXPECT_NE(Models::make(calls::text("x"), calls::registry()).error().message().find("a map"),
            std::string::npos);
}

TEST(Models, A_path_is_asked_for_where_files_are_needed) {
  auto handle = calls::open(entry({{"version", "1"}}));
  ASSERT_FALSE(handle.ok());
  EXPECT_NE(handle.error().message().find("`path`"), std::string::npos) << handle.error().message();
}

TEST(Models, A_folder_no_runtime_knows_is_refused) {
  const ScratchDir dir;
  dir.write("1/model.txt", "no model");
  auto handle = calls::open(calls::text(dir.path()));
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::model_missing);
  EXPECT_NE(handle.error().message().find("model 'm'"), std::string::npos)
      << handle.error().message();
}

TEST(Models, Pipelines_that_ask_for_the_same_share_it_and_it_dies_with_the_last) {
  ModelCache cache;
  const Node same = entry({{"runtime", "fake"}, {"value", "3"}});
  const Node other = entry({{"runtime", "fake"}, {"value", "4"}});
  auto a = Models::make(Node::map({{"a", same}}), calls::registry(), cache);
  auto b = Models::make(Node::map({{"b", same}, {"c", other}}), calls::registry(), cache);
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_TRUE((*a)->load_all().ok() && (*b)->load_all().ok());
  const auto signatures_of = [](Models& models, const char* name) {
    return (*models.model(name))->current()->loaded->signatures().data();
  };
  EXPECT_EQ(signatures_of(**a, "a"), signatures_of(**b, "b")) << "one model in memory";
  EXPECT_NE(signatures_of(**a, "a"), signatures_of(**b, "c"));
  EXPECT_EQ((*(*b)->model("b"))->current()->model, "b") << "each under its own name";

  std::weak_ptr<const LoadedVersion> alive;
  {
    auto shared = cache.get(*read_entry("a", same, calls::registry()), calls::registry(), {});
    ASSERT_TRUE(shared.ok());
    alive = *shared;
  }
  *a = nullptr;
  EXPECT_FALSE(alive.expired());
  *b = nullptr;
  EXPECT_TRUE(alive.expired());
}

TEST(Models, Rows_become_calls_as_the_signature_says) {
  const auto batch_dim = [](const Node& node) {
    auto handle = calls::open(node);
    EXPECT_TRUE(handle.ok()) << calls::message(handle);
    return std::pair((*handle)->current()->batch_dim, (*handle)->current()->fixed_rows);
  };
  EXPECT_EQ(batch_dim(fake("float32[?,4]", "float32[?]")),
            std::pair(BatchDim::dynamic, std::int64_t{0}));
  EXPECT_EQ(batch_dim(fake("float32[...]", "float32[...]")).first, BatchDim::dynamic);
  EXPECT_EQ(batch_dim(fake("float32[1,4]", "float32[1,2]")),
            std::pair(BatchDim::fixed, std::int64_t{1}));
  EXPECT_EQ(batch_dim(fake("float32[4,4]", "float32[4]")),
            std::pair(BatchDim::fixed, std::int64_t{4}));
  EXPECT_EQ(batch_dim(fake("float32[3]", "float32[3]")).first, BatchDim::none)
      << "a lone vector is one record";
  EXPECT_EQ(batch_dim(fake("float32", "float32")).first, BatchDim::none);
  EXPECT_EQ(batch_dim(fake("float32[28,28]", "float32[10]")).first, BatchDim::none);
  EXPECT_EQ(batch_dim(fake("float32[28,28]", "float32[28,28]", {{"batch", "none"}})).first,
            BatchDim::none);
  auto wrong = calls::open(fake("float32[28,28]", "float32[28,28]", {{"batch", "dynamic"}}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code(), Code::signature_mismatch);
}

TEST(WarmUp, The_cost_is_measured_at_several_sizes) {
  const auto version = load({});
  ASSERT_NE(version, nullptr);
  ASSERT_GE(version->costs.size(), 2U);
  EXPECT_EQ(version->costs[0].rows, 1U);
  EXPECT_EQ(version->costs[1].rows, 8U);
  EXPECT_GT(version->costs[0].wall_us_per_row, 0);
  EXPECT_EQ(warnings(*version), "");
}

TEST(WarmUp, Sizes_and_time_are_settings) {
  Node node = entry({{"runtime", "fake"}});
  node.set("warm_up", Node::sequence({calls::text("2"), calls::text("4")}));
  auto handle = calls::open(node);
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  ASSERT_EQ((*handle)->current()->costs.size(), 2U);
  EXPECT_EQ((*handle)->current()->costs[1].rows, 4U);
  EXPECT_TRUE(load({{"warm_up", "off"}})->costs.empty());
  EXPECT_EQ(load({{"warm_up_time", "0ms"}})->costs.size(), 1U) << "one size is always measured";
}

TEST(WarmUp, A_model_that_refuses_made_up_rows_starts_with_a_warning) {
  const auto version = load({{"fail_when", "always"}});
  ASSERT_NE(version, nullptr);
  EXPECT_NE(warnings(*version).find("refused by the model"), std::string::npos)
      << warnings(*version);
}

TEST(WarmUp, A_model_that_fails_for_another_reason_is_not_started) {
  auto handle = calls::open(
      entry({{"runtime", "fake"}, {"fail_when", "always"}, {"fail_code", "model_failed"}}));
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code(), Code::model_failed);
  EXPECT_NE(handle.error().message().find("warm-up"), std::string::npos)
      << handle.error().message();
}

TEST(WarmUp, An_answer_that_depends_on_the_neighbours_is_found) {
  const auto version = load({{"function", "mean"}});
  ASSERT_NE(version, nullptr);
  EXPECT_NE(warnings(*version).find("otherwise alone"), std::string::npos) << warnings(*version);
}

TEST(WarmUp, An_output_that_is_not_one_per_row_is_found) {
  auto handle = calls::open(fake("float32[?,4]", "float32"));
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  EXPECT_NE(warnings(*(*handle)->current()).find("not one per row"), std::string::npos);
}

TEST(WarmUp, A_model_that_answers_later_is_waited_for) {
  const auto version = load({{"async", "true"}, {"slow", "2ms"}});
  ASSERT_NE(version, nullptr);
  EXPECT_GE(version->costs.size(), 1U);
}

TEST(WarmUp, A_bound_is_pinned_where_more_rows_gain_nothing) {
  const auto costs = [](std::initializer_list<std::pair<std::size_t, double>> list) {
    std::vector<BatchCost> costs;
    for (const auto& [rows, us] : list) costs.push_back({rows, us, us});
    return costs;
  };
  EXPECT_EQ(recommended_rows_max(costs({{1, 16}, {8, 2.2}, {32, 0.7}, {128, 0.26}, {512, 0.16}})),
            0U);
  EXPECT_EQ(recommended_rows_max(costs({{1, 123}, {8, 68}, {32, 66}, {128, 61}, {512, 60}})), 128U);
  EXPECT_EQ(recommended_rows_max(costs({{1, 103}, {8, 73}, {32, 68}, {128, 69}, {512, 97}})), 32U);
  EXPECT_EQ(recommended_rows_max(costs({{1, 54}, {8, 17}, {32, 12.2}, {128, 10.8}, {512, 11.4}})),
            128U);
  EXPECT_EQ(recommended_rows_max(costs({{1, 10}, {8, 20}})), 1U);
  EXPECT_EQ(recommended_rows_max(costs({{1, 10}})), 0U);
  EXPECT_EQ(recommended_rows_max({}), 0U);
  EXPECT_EQ(load({{"rows_max", "7"}})->rows_max, 7U);
  EXPECT_EQ(load({{"rows_max", "none"}})->rows_max, 0U);
  EXPECT_FALSE(calls::open(entry({{"runtime", "fake"}, {"rows_max", "many"}})).ok());
}

// A model whose calls cost what a function says, on clocks that only it moves.
class CostlyModel final : public LoadedModel {
 public:
  using Cost = std::function<double(std::size_t rows, int call)>;  // CPU µs of one call
  CostlyModel(Cost cost, double stolen) : cost_(std::move(cost)), stolen_(stolen) {}
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return {&signature_, 1};
  }
  void submit(const Signature&, const InferenceRequest& request, InferenceDone done) override {
    const auto rows = static_cast<std::size_t>(request.inputs[0].dims[0]);
    rows_ += rows;
    const double cpu = cost_(rows, calls_++);
    now_.thread_cpu_us += cpu;
    now_.process_cpu_us += cpu;
    now_.wall_us += cpu * (1 + stolen_);
    numbers_.assign(rows, 0);
    Tensor answer;
    answer.shape.dims = {request.inputs[0].dims[0]};
    answer.data = numbers_.data();
    done(std::vector<Tensor>{answer});
  }
  std::size_t recommended(const std::vector<BatchCost>& before = {}) {
    return recommended_rows_max(costs(before));
  }
  std::vector<BatchCost> costs(const std::vector<BatchCost>& before = {}) {
    WarmUpPlan plan;
    plan.clocks = [this] { return now_; };
    plan.before = before;
    auto report = warm_up(*this, signature_, {BatchDim::dynamic, 0}, plan);
    EXPECT_TRUE(report.ok()) << report.error().message();
    return report.ok() ? report->costs : std::vector<BatchCost>{};
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }  // of all calls

 private:
  const Signature signature_{"s",
                             {{"x", DType::float32, {{Shape::unknown}}}},
                             {{"y", DType::float32, {{Shape::unknown}}}}};
  const Cost cost_;
  const double stolen_;
  WarmUpClocks now_;
  int calls_ = 0;
  std::size_t rows_ = 0;
  std::vector<float> numbers_;
};

TEST(WarmUp, Noise_does_not_pin_a_bound) {
  // 2,000 µs a call and 5 a row; two calls of three take up to three times as long, since others have had the caches.
  std::uint64_t dice = 1;
  for (int round = 0; round < 200; ++round) {
    CostlyModel model(
        [&dice](std::size_t rows, int) {
          dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
          const double noise = static_cast<double>((dice >> 33) % 300) / 100 - 1;
          return (2000 + 5 * static_cast<double>(rows)) * (1 + std::max(0.0, noise));
        },
        0);
    EXPECT_EQ(model.recommended(), 0U) << round;
  }
}

TEST(WarmUp, A_bound_is_measured_again_before_it_is_pinned) {
  // The machine was busy for the first calls of the largest size.
  int large = 0;
  CostlyModel model(
      [&large](std::size_t rows, int) {
        const bool busy = rows == 512 && ++large <= 8;
        return (400 + 5 * static_cast<double>(rows)) * (busy ? 2 : 1);
      },
      0);
  EXPECT_EQ(model.recommended(), 0U);
}

TEST(WarmUp, Time_that_others_have_taken_does_not_count) {
  CostlyModel model([](std::size_t rows, int) { return 2000 + 5 * static_cast<double>(rows); }, 3);
  EXPECT_EQ(model.recommended(), 0U);
}

TEST(WarmUp, A_size_that_is_clearly_worse_is_still_bounded) {
  CostlyModel model(
      [](std::size_t rows, int) {
        return (20 + 5 * static_cast<double>(rows)) * (rows > 128 ? 1.5 : 1);
      },
      0);
  EXPECT_EQ(model.recommended(), 128U);
}

double cheapest_at_128(std::size_t rows, double times = 1) {
  return (20 + 5 * static_cast<double>(rows)) * (rows > 128 ? 1.2 : 1) * times;
}

TEST(WarmUp, A_version_that_costs_what_the_one_before_it_did_is_called_a_third_as_much) {
  CostlyModel first([](std::size_t rows, int) { return cheapest_at_128(rows); }, 0);
  const auto before = first.costs();
  CostlyModel second([](std::size_t rows, int) { return cheapest_at_128(rows, 3); }, 0);
  const auto costs = second.costs(before);
  EXPECT_LT(second.rows(), first.rows() * 2 / 5);
  ASSERT_EQ(costs.size(), before.size());
  for (std::size_t i = 0; i < costs.size(); ++i) {
    EXPECT_EQ(costs[i].rows, before[i].rows);
    EXPECT_DOUBLE_EQ(costs[i].cpu_us_per_row, 3 * before[i].cpu_us_per_row) << costs[i].rows;
  }
}

TEST(WarmUp, The_noise_of_few_calls_does_not_move_a_bound_from_version_to_version) {
  CostlyModel first([](std::size_t rows, int) { return cheapest_at_128(rows); }, 0);
  auto before = first.costs();
  std::uint64_t dice = 1;
  for (int version = 0; version < 100; ++version) {
    CostlyModel next(
        [&dice](std::size_t rows, int) {
          dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
          return cheapest_at_128(rows, 1 + static_cast<double>((dice >> 33) % 10) / 100);
        },
        0);
    before = next.costs(before);
    EXPECT_EQ(recommended_rows_max(before), 128U) << version;
  }
}

TEST(WarmUp, A_version_that_costs_otherwise_than_the_one_before_it_is_measured_as_the_first_was) {
  CostlyModel first([](std::size_t rows, int) { return cheapest_at_128(rows); }, 0);
  int large = 0;
  CostlyModel second(
      [&large](std::size_t rows, int) {  // dear only at its first calls, and without a bound
        const bool busy = rows == 512 && ++large <= 3;
        return (2000 + 5 * static_cast<double>(rows)) * (busy ? 4 : 1);
      },
      0);
  EXPECT_EQ(second.recommended(first.costs()), 0U);
}

TEST(FakeModel, Fails_on_chosen_rows_and_recovers_when_told) {
  const auto version =
      load({{"fail_when", "negative"}, {"fail_times", "2"}, {"fail_code", "model_unavailable"}});
  ASSERT_NE(version, nullptr);
  for (int i = 0; i < 2; ++i) {
    auto result = calls::call(*version, {1}, {-1});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), Code::model_unavailable);
  }
  EXPECT_TRUE(calls::call(*version, {1}, {-1}).ok());
}

TEST(FakeModel, Echoes_strings) {
  auto handle = calls::open(fake("string[?]", "string[?]", {{"function", "echo"}}));
  ASSERT_TRUE(handle.ok()) << calls::message(handle);
  const std::vector<std::int64_t> dims{2};
  const std::vector<std::string_view> strings{"a", "a longer text than fits inline, surely"};
  auto result = calls::call(*(*handle)->current(),
                            InferenceRequest{{{DType::string, dims, nullptr, strings}}, {0}});
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->front().strings, strings);
}

TEST(FakeModel, Takes_no_rows) {
  const auto version = load({});
  auto result = calls::call(*version, {0}, {});
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->front().shape.elements(), 0U);
}

}  // namespace
}  // namespace thalweg
