// The gate: the tweets example's features on its sample: cleaned, lemmatised, cut into tokens and padded.
//
// Every other tweet of the sample warms up, the others are counted: as in a stream most words were there before, and some were not.
// Run from the checkout. Needs WordNet (apt-get install wordnet-base).
#include <fstream>

#include <simdjson.h>

#include "feature/program.h"
#include "stage.h"

namespace {

using namespace thalweg;

constexpr const char* sample = "examples/tweets/sample.jsonl";
constexpr const char* features = "examples/tweets/model/1/assets.extra/features.yaml";

std::vector<std::string> read_sample() {
  std::ifstream file(sample);
  std::vector<std::string> texts;
  simdjson::dom::parser parser;
  for (std::string line; std::getline(file, line);)
    texts.emplace_back(parser.parse(line)["value"].get_string().value());
  if (texts.empty()) gate::fail(std::string("expected tweets in ") + sample + "; got none");
  return texts;
}

}  // namespace

int main() {
  const std::vector<std::string> texts = read_sample();
  const FeatureFile file = gate::must(read_feature_file(features));
  Registry registry;
  register_feature_steps(registry);
  const auto program =
      gate::must(FeatureProgram::bind(file.features, file.inputs, file.folder, registry));
  std::vector<std::vector<Column>> halves(2);
  for (auto& columns : halves) columns.emplace_back(file.inputs.fields[0].type);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Column& to = halves[i % 2][0];
    to.push_string(texts[i]);
    to.end_row();
  }
  FeatureFrame frame;
  Arena arena;
  frame.scratch.arena = &arena;
  std::size_t next = 0;
  return gate::measure(halves[1][0].rows(), 1, [&] {
    const std::vector<Column>& columns = halves[next++];
    arena.reset();
    if (program->run(columns, columns[0].rows(), frame).empty())
      gate::fail("features: nothing came out");
  });
}
