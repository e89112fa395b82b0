// `errors:`: what becomes of a record that cannot go on, by the kind of its error, by the step and by the stage where it failed;
// and how many may fail before the pipeline stops.
//
//   errors: {codes: {not_json: skip}, stages: {infer: stop}, dead_share_max: 0.1}
//
// Only errors of records are ruled here (domain user, retry no). Everything else is retried or stops the pipeline, whatever is set.
// Values: immutable once read; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg {

// Of a record that is dead.
enum class Fate : std::uint8_t {
  dead_letter,  // written to the dead-letter topic
  skip,         // counted, and that is all
  stop,         // the pipeline stops in front of it
};

class ErrorRules {
 public:
  [[nodiscard]] Fate fate_of(const Error& error) const noexcept { return rule_for(error).fate; }
  // Which setting said so, for messages: "errors.codes.not_json"; empty: none.
  [[nodiscard]] std::string source_of(const Error& error) const;

  struct Guard {
    double share_max = 1;
    std::uint64_t records = 1000;  // looked at together
  };
  [[nodiscard]] const std::optional<Guard>& guard() const noexcept { return guard_; }

 private:
  friend Result<ErrorRules> read_error_rules(const Values&);
  struct Rule {
    Fate fate;
    std::string_view setting, key;  // views into the rules and the error
  };
  // The code's rule, else the step's, else the stage's, else the general one.
  [[nodiscard]] Rule rule_for(const Error& error) const noexcept;
  std::optional<Fate> policy_;
  bool dead_letters_ = true;  // a topic for them is configured
  std::vector<std::pair<Code, Fate>> codes_;
  std::vector<std::pair<std::string, Fate>> steps_, stages_;
  std::optional<Guard> guard_;
};

[[nodiscard]] const Section& errors_section();
// Of a whole pipeline: `errors`, and what it needs of `dead_letters` and `steps`. Errors: config_invalid.
[[nodiscard]] Result<ErrorRules> read_error_rules(const Values& pipeline);

}  // namespace thalweg
