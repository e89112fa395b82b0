// What a process says of itself where the control records are: which epoch of each model it has prepared and which it serves.
//
//   key    ~process/tweets/5d0c…             one a process; a pipeline's name cannot begin with '~'
//   value  {"format":1,"host":"a","pid":12,"paused":false,"models":{"disaster":{"wish":41,"prepared":41,"active":17,
//           "refused":"","shadow_pending":false,"shadow_refused":"","versions":[{"version":3,"state":"AVAILABLE","role":"serving","reason":""}],
//           "ab":{"epoch":17,"arms":[…],"verdicts":[…]}}}}     as GET /monitoring has it; with several variants only
//
// A process that ends in order takes its word away (a tombstone); one that was killed grows silent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg::control {

struct VersionReport {
  std::int64_t version = 0;
  std::string state;   // "AVAILABLE"
  std::string role;    // "serving", "shadow"
  std::string reason;  // why it is where it is
  std::string
      uri{};  // its address as it may be shown, if it has one: another of that number may lie in the folder
  bool operator==(const VersionReport&) const = default;
};

// The shadow of the active state; nothing of the state waits for it.
struct ShadowReport {
  bool pending = false;  // it is being loaded
  std::string refused;   // why it sees no rows; empty: it does, or there is none
  bool operator==(const ShadowReport&) const = default;
};

struct ModelReport {
  std::int64_t wish = -1;      // the epoch it was told last
  std::int64_t prepared = -2;  // the epoch whose versions are all there; -2: none
  std::int64_t active = -2;    // the epoch of the route; -2: none serves yet
  std::string refused;         // why the wish never takes traffic; empty: it does, or will
  ShadowReport shadow;
  std::vector<VersionReport> versions;
  std::string ab;  // the A/B test under way, as JSON (monitor::ab_json); empty: there is none
  bool operator==(const ModelReport&) const = default;
};

struct Heartbeat {
  std::string host;
  std::int64_t pid = 0;
  bool paused = false;
  std::map<std::string, ModelReport> models;
  bool operator==(const Heartbeat&) const = default;
};

[[nodiscard]] std::string process_key(std::string_view pipeline, std::string_view process);
// (pipeline, process) of such a key.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> parse_process_key(
    std::string_view key);

[[nodiscard]] Node to_node(const ModelReport& report);
[[nodiscard]] Node to_node(const Heartbeat& heartbeat);
[[nodiscard]] Result<Heartbeat> parse_heartbeat(std::string_view json);

}  // namespace thalweg::control
