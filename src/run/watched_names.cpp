#include "run/watched_names.h"

#include <string_view>

#include <fmt/format.h>

#include "config/names.h"
#include "monitor/watched_value.h"
#include "process/infer/infer.h"

namespace thalweg {
namespace {

std::vector<std::string> made_features(const Chain& chain) {
  std::vector<std::string> names;
  for (const ChainStep& step : chain.steps) {
    const auto* infer = dynamic_cast<const Infer*>(step.op.get());
    if (infer == nullptr) continue;
    const auto made = infer->made_features();
    names.insert(names.end(), made.begin(), made.end());
  }
  config::sort_each_once(names);
  return names;
}

std::string missing(std::string_view setting, std::string_view expected, const std::string& name,
                    const std::vector<std::string>& known) {
  return fmt::format(
      "{}: expected {}; got '{}'; there is {}.{} It is left alone until a version "
      "has it",
      setting, expected, name, known.empty() ? "none" : quoted_list(known),
      did_you_mean(name, known));
}

// "features.x[3]" is one number of a feature.
std::string without_element(const std::string& name) {
  return name.ends_with(']') ? name.substr(0, name.rfind('[')) : name;
}

}  // namespace

std::vector<std::string> watched_names_warnings(const Values& pipeline, const Chain& chain) {
  const bool log = pipeline.given("inference_log"), drift = pipeline.given("drift");
  std::vector<std::string> warnings;
  if (!log && !drift) return warnings;
  const std::string prefix(monitor::feature_prefix);
  const std::vector<std::string> features = made_features(chain);
  std::vector<std::string> prefixed;
  for (const std::string& name : features) prefixed.push_back(prefix + name);
  if (log) {
    const Values& settings = pipeline.section("inference_log");
    for (const std::string& name : settings.strings("features")) {
      if (name != monitor::all_features && !config::is_among(features, name))
        warnings.push_back(
            missing("inference_log: features", "what a feature step makes", name, features));
    }
    for (const std::string& name : settings.strings("mask")) {
      if (name.starts_with(prefix) && !config::is_among(prefixed, name) &&
          !chain.schema().find(name))
        warnings.push_back(
            missing("inference_log: mask", "what a feature step makes", name, prefixed));
    }
  }
  if (!drift) return warnings;
  std::vector<std::string> known = chain.columns();
  known.insert(known.end(), prefixed.begin(), prefixed.end());
  config::sort_each_once(known);
  for (const std::string& name : pipeline.section("drift").strings("fields")) {
    if (!config::is_among(known, name) && !config::is_among(known, without_element(name)))
      warnings.push_back(missing("drift: fields", "a field, a feature or an output", name, known));
  }
  return warnings;
}

}  // namespace thalweg
