// A shadow in a pipeline that runs: what it says goes to a topic, the figures are those of the answers, and one that hangs is let go. No broker.
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <future>
#include <numeric>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/json_node.h"
#include "model/scratch_dir.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* pipeline_text = R"(
pipeline: watched
models:
  m: {{ runtime: fake, path: {models}, version: 1{shadow} }}
from: {{ topic: in, start: earliest, fields: {{ p: float32 }} }}
steps: [ {{ infer: {{ model: m, outputs: {{ y: score }} }} }} ]
to: {{ topic: out, value: {{ score: score }} }}
dead_letters: dead
)";

class ShadowTopic : public testing::Test {
 protected:
  ShadowTopic() {
    register_builtins(registry_);
    records_.create("in", 1);
    put(1, "rescale: p, scale: 1");
    put(2, "rescale: p, scale: 0.8, offset: 0.05");
    put(3, "rescale: p, scale: 0.5");
  }
  ~ShadowTopic() override {
    if (running_.valid()) stop();
  }
  // The model's answer is its one feature.
  void put(int version, const std::string& feature, const std::string& more = "") {
    const std::string folder = std::to_string(version);
    models_.write(folder + "/fake.yaml",
                  "inputs: {x: 'float32[?]'}\noutputs: {y: 'float32[?]'}\n" + more);
    models_.write(folder + "/assets.extra/features.yaml",
                  "inputs: { p: float32 }\nfeatures: { x: { " + feature + " } }\n");
  }
  Status add(const std::string& shadow) {
    auto file = read_pipeline_text(
        fmt::format(pipeline_text, fmt::arg("models", models_.path()), fmt::arg("shadow", shadow)),
        "watched.yaml", settings_);
    if (!file) return std::move(file).error();
    process_ = std::make_unique<Process>(registry_, log_);
    return process_->add(std::move(*file));
  }
  void start(const std::string& shadow) {
    const Status added = add(shadow);
    ASSERT_TRUE(added.ok()) << added.error().message();
    ports_ = ports();
    running_ = std::async(std::launch::async, [this] { return process_->run(ports_); });
    ASSERT_TRUE(eventually([&] { return process_->started(); }));
  }
  void stop() {
    process_->request_stop();
    const Status ended = running_.get();
    EXPECT_TRUE(ended.ok()) << ended.error().message();
  }
  Ports ports() {
    Ports made;
    made.source = [this](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(
          std::make_unique<MemorySource>(records_, std::vector<std::string>{"in"}));
    };
    made.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      sink_ = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    made.side_sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      if (!missing_.empty()) owned->missing_topic(missing_);
      side_ = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    return made;
  }
  // One by one, so that the shadow never falls behind. `seen`: it is to answer each.
  void feed(const std::vector<float>& values, bool seen = true) {
    for (const float value : values) {
      records_.append("in", 0,
                      {.value = fmt::format("{{\"p\":{}}}", value), .key = std::to_string(fed_)});
      ++fed_;
      ASSERT_TRUE(eventually([&] { return outputs().size() == fed_; }));
      const auto all_seen = [&] { return shadow().rows == fed_; };
      ASSERT_TRUE(!seen || eventually(all_seen));
    }
  }
  std::vector<SentRecord> outputs() const { return sink_.load()->acknowledged("out"); }
  std::vector<SentRecord> side(const std::string& topic, std::size_t wanted) const {
    std::vector<SentRecord> all;
    EXPECT_TRUE(eventually([&] {
      if (side_.load() != nullptr) all = side_.load()->acknowledged(topic);
      return all.size() >= wanted;
    })) << all.size();
    return all;
  }
  VersionTotals shadow() const {
    for (const VersionTotals& one : process_->pipelines().front()->version_totals())
      if (one.role == Role::shadow) return one;
    return {};
  }
  ServedModel& model() const { return *process_->models().front()->served("m"); }
  // What a control record does.
  void wish(std::int64_t epoch, std::optional<DesiredShadow> shadow) {
    DesiredModel wish;
    wish.variants.front().version = "1";
    wish.shadow = std::move(shadow);
    ASSERT_TRUE(model().prepare(wish, epoch).ok());
    ASSERT_TRUE(eventually([&] { return model().epoch() == epoch; }));
    // It comes behind what answers.
    ASSERT_TRUE(eventually([&] { return model().shadow().watches == model().shadow().wanted; }));
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(200us);
    }
    return false;
  }
  static double number(const Node& node, std::initializer_list<const char*> path) {
    const Node* at = &node;
    for (const char* name : path) at = at->find(name);
    return at->as_number().value();
  }

  Registry registry_;
  Log log_{LogLevel::warning, LogFormat::json};
  ScratchDir models_;
  MemoryLog records_;
  std::string missing_;
  Overrides settings_;
  std::size_t fed_ = 0;
  std::atomic<MemorySink*> sink_ = nullptr, side_ = nullptr;
  std::unique_ptr<Process> process_;
  Ports ports_;
  std::future<Status> running_;
};

constexpr const char* to_side = ", shadow: {version: 2, topic: side, cpu_share: 1}";

TEST_F(ShadowTopic, What_it_says_is_written_beside_what_was_answered) {
  start(to_side);
  feed({0.25F, 0.5F, 0.75F});
  const auto said = side("side", 3);
  const auto answered = outputs();
  ASSERT_EQ(said.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto node = control::read_json(*said[i].value);
    ASSERT_TRUE(node.ok()) << *said[i].value;
    EXPECT_EQ(node->find("id")->text(), fmt::format("in-0-{}", i));
    EXPECT_EQ(said[i].key, std::to_string(i));
    EXPECT_EQ(said[i].header("thalweg"),
              fmt::format("id=in-0-{},model=m,version=2,role=shadow", i));
    // Bit for bit what the output says, and what the other version makes of the same field.
    EXPECT_THAT(
        *answered[i].value,
        HasSubstr(fmt::format("\"score\":{}}}",
                              node->find("champion")->find("outputs")->find("score")->text())));
    const auto p = static_cast<float>(0.25 * static_cast<double>(i + 1));
    EXPECT_EQ(static_cast<float>(number(*node, {"outputs", "score"})), p * 0.8F + 0.05F);
    EXPECT_EQ(number(*node, {"champion", "version"}), 1);
  }
  const auto figures = process_->pipelines().front()->monitoring().figures();
  ASSERT_EQ(figures.shadow_topics.size(), 1U);
  EXPECT_EQ(figures.shadow_topics[0].written, 3U);
  EXPECT_EQ(figures.shadow_topics[0].lost, 0U);
}

// Ranks from 1, of values that are all different.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<double>(i + 1);
  return ranks;
}

TEST_F(ShadowTopic, The_comparison_has_the_figures_that_the_answers_themselves_give) {
  put(2, "clip: { rescale: p, scale: -0.8, offset: 0.9 }, low: 0, high: 1");
  start(to_side);
  std::vector<float> values;
  for (int i = 0; i < 400; ++i) values.push_back((static_cast<float>(i * 37 % 400) + 0.3F) / 400);
  feed(values);
  std::vector<double> a, b;
  for (const SentRecord& record : side("side", 400)) {
    const auto node = control::read_json(*record.value);
    a.push_back(number(*node, {"champion", "outputs", "score"}));
    b.push_back(number(*node, {"outputs", "score"}));
  }
  ASSERT_EQ(a.size(), 400U);
  double difference = 0, squares = 0, psi = 0;
  int flips = 0;
  std::array<double, 16> before{}, now{};
  const auto ra = ranks(a), rb = ranks(b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::abs(a[i] - b[i]) / 400;
    flips += (a[i] >= 0.5) != (b[i] >= 0.5) ? 1 : 0;
    squares += (ra[i] - rb[i]) * (ra[i] - rb[i]);
    ++before[static_cast<std::size_t>(a[i] * 16)];
    ++now[static_cast<std::size_t>(b[i] * 16)];
  }
  for (std::size_t bin = 0; bin < 16; ++bin) {
    const double q = (before[bin] + 0.5) / 408, p = (now[bin] + 0.5) / 408;
    psi += (p - q) * std::log(p / q);
  }
  const double spearman = 1 - 6 * squares / (400.0 * (400.0 * 400.0 - 1));
  const auto figures = process_->pipelines().front()->monitoring().figures().comparisons;
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_EQ(figures[0].champion, 1);
  EXPECT_EQ(figures[0].challenger, 2);
  EXPECT_EQ(figures[0].grid.rows(), 400U);
  EXPECT_NEAR(figures[0].grid.mean_difference(), difference, 1.0 / 64);
  EXPECT_DOUBLE_EQ(figures[0].grid.flip_share(0.5), flips / 400.0);
  EXPECT_NEAR(figures[0].grid.psi(), psi, 1e-9);
  EXPECT_NEAR(figures[0].grid.spearman(), spearman, 0.005);
  EXPECT_GT(flips, 100);
  EXPECT_LT(spearman, -0.9);
}

// Exactly as many flips as the answers have at the threshold that is set: 62.5 is a border of the cells.
TEST_F(ShadowTopic, Scores_of_another_range_are_compared_at_the_threshold_that_is_set) {
  put(1, "rescale: p, scale: 100");
  put(2, "rescale: p, scale: 100, offset: 10");
  settings_ = {{"comparison", "{threshold: 62.5, low: 0, high: 100}"}};
  start(to_side);
  std::vector<float> values;
  for (int i = 0; i < 100; ++i) values.push_back((static_cast<float>(i) + 0.25F) / 100);
  feed(values);
  const auto figures = process_->pipelines().front()->monitoring().figures();
  ASSERT_EQ(figures.comparisons.size(), 1U);
  EXPECT_EQ(figures.comparisons[0].grid.rows(), 100U);
  EXPECT_EQ(figures.comparisons[0].grid.outside(), 10U) << "those above 100";
  EXPECT_NEAR(figures.comparisons[0].grid.mean_difference(), 9.55, 100.0 / 64);
  EXPECT_DOUBLE_EQ(figures.comparisons[0].grid.flip_share(62.5), 0.1);
  const std::string json = process_->pipelines().front()->monitoring().json();
  EXPECT_THAT(json, HasSubstr(R"("low":0,"high":100,"outside_rows":10,)"));
  EXPECT_THAT(json, HasSubstr(R"("threshold":62.5,"flip_share":0.1,)"));
  const std::string page = monitoring_page({figures});
  for (const char* said : {"thalweg_comparison_flip_share{", "thalweg_comparison_threshold{",
                           "thalweg_comparison_outside_rows_total{"})
    EXPECT_THAT(page, HasSubstr(said));
  EXPECT_THAT(page, HasSubstr("challenger=\"2\"} 62.5\n")) << page;
}

TEST_F(ShadowTopic, A_change_of_the_topic_takes_effect_with_the_next_batch_and_so_does_its_end) {
  start(to_side);
  feed({0.5F});
  wish(7, DesiredShadow{.version = "2", .topic = "other", .cpu_share = 1});
  feed({0.25F});
  wish(8, DesiredShadow{.version = "3", .topic = "other", .cpu_share = 1});
  const auto before = shadow().rows;
  records_.append("in", 0, {.value = R"({"p":0.5})"});
  ++fed_;
  const auto other = side("other", 2);
  EXPECT_EQ(before, 2U);
  EXPECT_EQ(side("side", 1).size(), 1U);
  ASSERT_EQ(other.size(), 2U);
  EXPECT_EQ(other[0].header("thalweg"), "id=in-0-1,model=m,version=2,role=shadow,epoch=7");
  EXPECT_EQ(other[1].header("thalweg"), "id=in-0-2,model=m,version=3,role=shadow,epoch=8");
  wish(9, DesiredShadow{.version = "3", .topic = "", .cpu_share = 1});
  feed({0.5F}, false);
  wish(10, std::nullopt);
  feed({0.5F, 0.5F}, false);
  stop();
  EXPECT_EQ(fed_, 6U);
  EXPECT_EQ(process_->pipelines().front()->monitoring().figures().shadow_topics[0].written, 2U);
}

TEST_F(ShadowTopic, A_topic_that_is_not_there_is_counted_and_the_records_go_on) {
  missing_ = "gone";
  start("");
  wish(1, DesiredShadow{.version = "2", .topic = "gone", .cpu_share = 1});
  feed({0.25F, 0.5F, 0.75F});
  ASSERT_TRUE(eventually([&] {
    const auto topics = process_->pipelines().front()->monitoring().figures().shadow_topics;
    return topics.size() == 1 && topics[0].lost == 3;
  }));
  EXPECT_EQ(outputs().size(), 3U);
}

TEST_F(ShadowTopic, A_topic_that_the_file_names_must_be_there_at_the_start) {
  missing_ = "side";
  ASSERT_TRUE(add(to_side).ok());
  const Status ran = process_->run(ports());
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(ran.error().code(), Code::topic_missing) << ran.error().message();
}

TEST_F(ShadowTopic, A_topic_that_is_read_or_written_otherwise_is_refused_with_its_line) {
  for (const char* topic : {"in", "out", "dead"}) {
    const Status added = add(fmt::format(", shadow: {{version: 2, topic: {}}}", topic));
    ASSERT_FALSE(added.ok());
    EXPECT_THAT(std::string(added.error().message()),
                HasSubstr("watched.yaml:4: model 'm': shadow: topic: expected a topic that the "
                          "pipeline does not use otherwise"));
  }
}

TEST_F(ShadowTopic, A_challenger_that_hangs_is_let_go_and_the_records_go_on) {
  put(2, "rescale: p, scale: 0.8", "hang_when: negative\n");
  testing::internal::CaptureStderr();
  start(to_side);
  std::vector<float> more{-0.5F};
  const auto disabled = [&] {
    return shadow().lost[static_cast<std::size_t>(ShadowLoss::disabled)];
  };
  // Ten seconds after the first row, the next record finds that it hangs.
  ASSERT_TRUE(eventually([&] {
    feed(more, false);
    return disabled() > 0;
  }));
  const auto lost = disabled();
  feed({0.25F, 0.75F}, false);
  EXPECT_EQ(disabled(), lost + 2) << "its version sees no more rows";
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("model.shadow_disabled"));
  EXPECT_THAT(log, HasSubstr("model 'm' version 2, a shadow: an answer was expected within 10 s"));
  EXPECT_EQ(outputs().size(), fed_);
  EXPECT_THAT(*outputs().back().value, HasSubstr("0.75"));
  stop();
  EXPECT_EQ(shadow().answered, 0U);
}

}  // namespace
}  // namespace thalweg
