// Neighbouring text steps as one: each text goes through all of them before the next one.
//
// Where steps look at one character at a time, a text of ASCII (most are) is rewritten in one pass by one table, and cut into
// words in the same pass if `split` comes next. Other texts go from step to step as written, until what is left is ASCII.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/support/text_parts.h"

namespace thalweg::feature {

struct TextMember {
  std::unique_ptr<FeatureStep> step;  // a TextStep; the last one may be a SplitOnSpace
  std::string label;                  // for the errors of rows
};

// REQUIRES one string a row as input. The step puts the labels before its errors itself.
[[nodiscard]] std::unique_ptr<FeatureStep> fused_text(std::vector<TextMember> members);

}  // namespace thalweg::feature
