// What is known of a version of a model in this process: for status pages, metrics and the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

// start ──▶ loading ──▶ warming ──▶ available ──▶ unloading ──▶ end
//   │          └───────────┴──── it failed: the reason says why ──▲
//   └── known (it lies in the folder, or was asked for), not in memory
enum class VersionState : std::uint8_t { start, loading, warming, available, unloading, end };

// "LOADING": as the docs, metrics and HTTP API spell it.
[[nodiscard]] std::string_view to_string(VersionState state) noexcept;

struct VersionStatus {
  std::string model{};
  std::int64_t version = 0;
  VersionState state = VersionState::start;
  std::string
      reason;  // why it is where it is, if that is not plain: what failed, what took its place
  bool failed = false;    // it never takes traffic as its files are now; `reason` says why
  std::string path;       // of its folder or file
  std::string uri;        // if it was asked for by one
  bool in_folder = true;  // of the model, where a number or a label means it
  // What it does now: the variants it answers for ("champion, b"), "shadow", "previous" (kept warm for a rollback),
  // "prepared" (loaded for a wish that has not been activated); empty: nothing. An unnamed variant is called "serving".
  std::string role;
  std::int64_t since_ms = 0;  // when it came into this state, ms since 1970
  // From its manifest; empty without one.
  std::string manifest_sha256;
  std::string baseline;          // path of the baseline statistics
  std::int64_t golden_rows = 0;  // reproduced when it was loaded
};

// Something a person should know, told once.
struct VersionNews {
  bool warning = false;
  std::string event;  // "model.available": a stable name
  std::string model;
  std::int64_t version = 0;
  std::string text;  // a whole sentence
};

}  // namespace thalweg
