// The cases that stand beside a pipeline: what goes in, and what must come of it (docs/testing.md).
//
//   tolerance: 1e-5
//   cases:
//     - name: a fire is a disaster
//       input: { value: {value: "Forest fire near La Ronge"}, key: k1 }
//       output: { value: {text: "Forest fire near La Ronge", score: 0.98} }
//     - name: no text
//       input: { value: {} }
//       dead: missing_field
//
// `x.yaml` has its cases in `x.cases.yaml`, and may have golden lines: `x.input.jsonl`, and what `thalweg score` made of
// them in `x.expected.jsonl` and `x.dead.jsonl`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"
#include "thalweg/settings.h"
#include "thalweg/testing.h"

#include "cli/json_value.h"

namespace thalweg::cli {

// What a value must be.
struct Expected {
  std::optional<Json> json;          // equal as JSON
  std::optional<std::string> bytes;  // equal byte by byte; with `json`, either will do
  // Neither: null.
};

struct ExpectedHeader {
  std::string name;
  std::optional<std::string> value;  // none: must not be there
  std::vector<std::pair<std::string, std::string>>
      entries;  // of a `name=value,…` header: these must be among them
};

struct ExpectedOutput {
  std::string topic;
  std::optional<Expected> value;  // none: anything
  std::optional<Expected> key;
  std::vector<ExpectedHeader> headers;
  bool subset = false;
};

struct ExpectedDeath {
  std::string code;
  std::string message;  // must be part of the message
};

struct Case {
  std::string name;
  std::string topic;
  TestInput input;
  // Exactly these: nothing else may be written for the record. Empty, and no death: filtered.
  std::vector<ExpectedOutput> outputs;
  std::optional<ExpectedDeath> dead;
  Where where;
};

struct CaseFile {
  std::vector<Case> cases;
  double tolerance = 1e-5;
  std::optional<Timestamp> now;  // of the clock, for max_age
};

// The topics a case may name; a case that names none means the only one.
struct CaseTopics {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

// Errors: config_invalid, with line.
[[nodiscard]] Result<CaseFile> read_cases(const std::string& path, const CaseTopics& topics);

}  // namespace thalweg::cli
