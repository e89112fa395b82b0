// A control record: what people want of one model of a pipeline, who said so, when, why, and what was wanted before.
//
//   key    tweets/disaster                     the pipeline's name, then the model's
//   value  {"format":1,"action":"route","by":"ann","why":"…","at":"2026-05-01T08:00:00Z",
//           "state":{"variants":[{"name":"","version":"4","share":10000}],"labels":{"stable":"3"}},
//           "before":{"epoch":17,"state":{…}}}
//
// Always the whole state: the last writer wins, and the topic may be compacted. The state before travels with it, so that a rollback
// needs no history, and so that everybody sees what the writer had read. No value (a tombstone): back to the pipeline file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/error.h"
#include "thalweg/settings.h"

#include "model/desired.h"

namespace thalweg::control {

// The state that the writer of a record had read. Epoch -1: no record, so the pipeline file's.
struct Before {
  std::int64_t epoch = -1;
  DesiredModel state;
  bool operator==(const Before&) const = default;
};

struct ControlRecord {
  DesiredModel state;
  std::optional<Before> before;
  std::string action;  // "route", "rollback": for people
  std::string by;      // who, as given
  std::string why;     // as given
  std::string at;      // RFC 3339
  bool operator==(const ControlRecord&) const = default;
};

[[nodiscard]] std::string model_key(std::string_view pipeline, std::string_view model);

[[nodiscard]] std::string to_json(const ControlRecord& record);
// Errors: not_json, not_utf8, too_deep, config_invalid.
[[nodiscard]] Result<ControlRecord> parse_record(std::string_view json);

// A state alone, as it stands in a record.
[[nodiscard]] Node state_node(const DesiredModel& state);
[[nodiscard]] Result<DesiredModel> parse_state(const Node& state);
// What must hold of a state beyond the types: shares add up, names differ, a version is one. Errors: config_invalid.
[[nodiscard]] Status check_state(const DesiredModel& state);

// "2026-05-01T08:00:00Z"
[[nodiscard]] std::string time_text(std::int64_t ms_since_1970);

// For people: "version 3", "champion 90% version 3, b 10% version 4; shadow 5".
[[nodiscard]] std::string describe(const DesiredModel& state);

}  // namespace thalweg::control
