// A feature program over columns of made-up rows.
#pragma once

#include "feature/program.h"
#include "stage.h"

namespace thalweg::gate {

inline int measure_features(std::string_view features, const Schema& schema,
                            const std::vector<Column>& columns, std::size_t rows, int rounds) {
  Registry registry;
  register_feature_steps(registry);
  const auto program = must(FeatureProgram::bind(yaml(features), schema, "", registry));
  FeatureFrame frame;
  Arena arena;
  frame.scratch.arena = &arena;
  return measure(rows, rounds, [&] {
    arena.reset();
    if (program->run(columns, rows, frame).empty()) fail("features: nothing came out");
  });
}

}  // namespace thalweg::gate
