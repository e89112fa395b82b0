#include "config/error_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/pipeline.h"

namespace thalweg {
namespace {

const std::vector<std::string> fate_words{"dead_letter", "skip", "stop"};

// Of our own stages; a step of the application may say its own word, usually its kind.
const std::vector<std::string> stage_words{"decode",  "explode", "infer", "map",
                                           "process", "encode",  "sink"};

std::optional<Fate> fate_named(std::string_view word) {
  const auto it = std::find(fate_words.begin(), fate_words.end(), word);
  if (it == fate_words.end()) return std::nullopt;
  return static_cast<Fate>(it - fate_words.begin());
}

std::vector<std::string> ruled_codes() {
  std::vector<std::string> names;
  for (int c = 0; c <= static_cast<int>(Code::internal); ++c) {
    const Code code = static_cast<Code>(c);
    if (domain_of(code) == Domain::user && retry_of(code) == Retry::no)
      names.emplace_back(to_string(code));
  }
  return names;
}

Error unknown_word(const Where& where, std::string_view setting, const char* expected,
                   const std::string& got, const std::vector<std::string>& known) {
  return config_error(
      where, fmt::format("{}: expected {}; got '{}'.{} It may be one of {}", setting, expected, got,
                         did_you_mean(got, known), quoted_list(known)));
}

Result<std::vector<std::pair<std::string, Fate>>> read_fates(const Values& errors,
                                                             const std::string& setting,
                                                             const std::vector<std::string>& known,
                                                             const char* expected) {
  const std::string shown = "errors." + setting;
  std::vector<std::pair<std::string, Fate>> fates;
  for (const auto& [name, word] : errors.map(setting)) {
    const auto fate = fate_named(word);
    if (!fate)
      return unknown_word(errors.where(setting), shown + "." + name, "what to do", word,
                          fate_words);
    if (std::find(known.begin(), known.end(), name) == known.end())
      return unknown_word(errors.where(setting), shown, expected, name, known);
    fates.emplace_back(name, *fate);
  }
  return fates;
}

Status check_topic_is_there(const Values& pipeline, const std::string& setting, Fate fate) {
  if (fate != Fate::dead_letter || pipeline.given("dead_letters")) return {};
  return config_error(pipeline.section("errors").where(),
                      setting +
                          ": expected dead_letters to be configured, since records are to go "
                          "there; got none; set dead_letters.topic, or write skip or stop");
}

struct KnownPlaces {
  std::vector<std::string> stages = stage_words, steps;
};
Result<KnownPlaces> known_places(const Values& pipeline) {
  KnownPlaces known;
  auto steps = steps_of(pipeline.node("steps"));
  if (!steps) return std::move(steps).error();
  for (const Step& step : *steps) {
    if (std::find(known.stages.begin(), known.stages.end(), step.kind) == known.stages.end())
      known.stages.push_back(step.kind);
    if (!step.name.empty()) known.steps.push_back(step.name);
  }
  return known;
}

}  // namespace

const Section& errors_section() {
  static const Section section{
      .name = "errors",
      .doc =
          "What becomes of a record that cannot go on. `dead_letter` writes it to the dead-letter "
          "topic, `skip` only counts it, `stop` ends the pipeline in front of it. A rule for its "
          "code comes before one for the step where it failed, that before one for the stage, and "
          "that before `policy`.",
      .settings =
          {{.name = "policy",
            .choices = fate_words,
            .example = "skip",
            .doc = "For what no other rule names; if absent, dead_letter where dead_letters are "
                   "configured, else stop."},
           {.name = "codes",
            .type = SettingType::map,
            .example = "{not_json: skip, null_value: skip}",
            .doc = "By the code of the error (docs/dead-letters.md has the list)."},
           {.name = "stages",
            .type = SettingType::map,
            .example = "{infer: stop}",
            .doc =
                "By the stage that failed: decode, explode, infer, map, process, encode, sink, or "
                "the kind of a step of your own."},
           {.name = "steps",
            .type = SettingType::map,
            .example = "{scorer: skip}",
            .doc = "By the step that failed, for steps that have a `name`."},
           {.name = "dead_share_max",
            .type = SettingType::number,
            .min = 0,
            .max = 1,
            .example = "0.1",
            .doc = "The pipeline stops when more than this share of the records last read by "
                   "all its workers in a process is dead, skipped ones included; if absent, it "
                   "never stops for that."},
           {.name = "dead_share_records",
            .type = SettingType::integer,
            .unit = "records",
            .fallback = "1000",
            .min = 1,
            .max = 1'000'000'000,
            .example = "200",
            .doc = "How many records, at least, the share is taken of."}},
      .shorthand = "policy"};
  return section;
}

ErrorRules::Rule ErrorRules::rule_for(const Error& error) const noexcept {
  for (const auto& [code, fate] : codes_) {
    if (code == error.code()) return {fate, "errors.codes.", to_string(code)};
  }
  for (const auto& [step, fate] : steps_) {
    if (step == error.step()) return {fate, "errors.steps.", step};
  }
  for (const auto& [stage, fate] : stages_) {
    if (stage == error.stage()) return {fate, "errors.stages.", stage};
  }
  if (policy_) return {*policy_, "errors.policy", ""};
  return {dead_letters_ ? Fate::dead_letter : Fate::stop, "", ""};
}

std::string ErrorRules::source_of(const Error& error) const {
  const Rule rule = rule_for(error);
  return std::string(rule.setting).append(rule.key);
}

Result<ErrorRules> read_error_rules(const Values& pipeline) {
  const Values& errors = pipeline.section("errors");
  ErrorRules rules;
  rules.dead_letters_ = pipeline.given("dead_letters");
  if (errors.has("policy")) rules.policy_ = fate_named(errors.string("policy"));
  auto codes = read_fates(errors, "codes", ruled_codes(), "the code of a record's error");
  if (!codes) return std::move(codes).error();
  for (const auto& [name, fate] : *codes) rules.codes_.emplace_back(*code_from(name), fate);
  auto known = known_places(pipeline);
  if (!known) return std::move(known).error();
  auto by_step = read_fates(errors, "steps", known->steps, "the name of a step");
  if (!by_step) return std::move(by_step).error();
  rules.steps_ = std::move(*by_step);
  auto by_stage = read_fates(errors, "stages", known->stages, "a stage");
  if (!by_stage) return std::move(by_stage).error();
  rules.stages_ = std::move(*by_stage);
  if (rules.policy_) {
    if (auto s = check_topic_is_there(pipeline, "errors.policy", *rules.policy_); !s)
      return std::move(s).error();
  }
  for (const auto& [name, fate] : *codes) {
    if (auto s = check_topic_is_there(pipeline, "errors.codes." + name, fate); !s)
      return std::move(s).error();
  }
  for (const auto& [setting, fates] :
       {std::pair("errors.steps.", &rules.steps_), std::pair("errors.stages.", &rules.stages_)}) {
    for (const auto& [name, fate] : *fates) {
      if (auto s = check_topic_is_there(pipeline, setting + name, fate); !s)
        return std::move(s).error();
    }
  }
  if (errors.has("dead_share_max"))
    rules.guard_ =
        ErrorRules::Guard{errors.number("dead_share_max"),
                          static_cast<std::uint64_t>(errors.integer("dead_share_records"))};
  return rules;
}

}  // namespace thalweg
