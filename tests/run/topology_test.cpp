#include "run/topology.h"

#include <gtest/gtest.h>

#include "run/models_of.h"
#include "run/process.h"

namespace thalweg {
namespace {

constexpr std::string_view good = R"(
pipeline: fraud
models:
  m: { runtime: fake, inputs: { x: "float32[?]" }, outputs: { y: "float32[?]" } }
from: { topic: payments, start: earliest, fields: { x: float32, card: string } }
steps:
  - filter: { field: x, above: 0 }
  - infer: { model: m, outputs: { y: score } }
to:
  - { topic: scores, value: { card: card, score: score } }
  - { topic: alerts, when: { field: score, above: 0.9 }, value: input }
dead_letters: fraud.dead
)";

class TopologyTest : public testing::Test {
 protected:
  TopologyTest() { register_builtins(registry); }
  Result<std::unique_ptr<Chain>> build(std::string_view text) {
    auto read = read_pipeline_text(text, "fraud.yaml");
    if (!read) return std::move(read).error();
    file = std::move(read).value();
    models = models_of(file, registry).value();
    return build_chain(file, registry, *models);
  }
  std::string error_of(std::string text, std::string_view what, std::string_view with) {
    text.replace(text.find(what), what.size(), with);
    auto chain = build(text);
    return chain ? "no error" : chain.error().message();
  }
  Registry registry;
  PipelineFile file;
  std::unique_ptr<ModelProvider> models;
};

TEST_F(TopologyTest, Names_and_types_stand_between_the_steps) {
  auto chain = build(good);
  ASSERT_TRUE(chain.ok()) << chain.error().message();
  const Topology topology = topology_of(file, **chain);
  const std::string text = topology_text(topology);
  for (const char* part : {"pipeline fraud", "source: topic payments", "x: float32",
                           "score: float32", "to alerts", "dead letters"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(topology_dot(topology).find("digraph \"fraud\""), std::string::npos);
  EXPECT_NE(topology_json(topology).find(R"({"name":"score","type":"float32"})"),
            std::string::npos);
}

TEST_F(TopologyTest, What_does_not_exist_is_named_with_its_line_and_a_suggestion) {
  const std::string text(good);
  const auto expect = [&](const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
  };
  expect(error_of(text, "- filter:", "- fliter:"),
         {"fraud.yaml:7", "fliter", "Did you mean 'filter'?"});
  expect(error_of(text, "score: score", "score: scroe"), {"fraud.yaml:10", "scroe", "score"});
  expect(error_of(text, "{ y: score }", "{ z: score }"), {"fraud.yaml:8", "'z'", "'y'"});
  expect(error_of(text, "model: m,", "model: n,"), {"fraud.yaml:8", "'n'", "'m'"});
  expect(error_of(text, "{ field: x, above", "{ field: q, above"), {"fraud.yaml:7", "'q'"});
  expect(error_of(text, "start: earliest,", "start: earliest, format: jsn,"),
         {"fraud.yaml:5", "jsn", "Did you mean 'json'?"});
}

TEST_F(TopologyTest, Forwarded_nulls_need_an_output_without_a_condition) {
  std::string text(good);
  text.replace(text.find("start: earliest,"), 16, "start: earliest, on_null: forward,");
  EXPECT_TRUE(build(text).ok());
  text.replace(text.find("{ topic: scores,"), 16,
               "{ topic: scores, when: { field: score, above: 0 },");
  auto chain = build(text);
  ASSERT_FALSE(chain.ok());
  EXPECT_NE(chain.error().message().find("on_null"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
