// The drift report as JSON.
#include <fmt/format.h>

#include "config/json_text.h"
#include "monitor/ab_report.h"
#include "monitor/drift_monitor.h"

namespace thalweg::monitor {
namespace {

std::string field_json(const FieldDrift& f) {
  return fmt::format(
      "{{\"field\":{},\"output\":{},\"what\":\"{}\",\"of\":\"{}\",\"psi\":{},\"limit\":{},"
      "\"missing_share\":{},\"outside_share\":{},\"windows_above\":{},\"alarm\":{}}}",
      config::json_string(f.field), f.what == Watched::output, to_string(f.what), to_string(f.of),
      json_figure(f.psi), json_figure(f.limit), json_figure(f.missing_share),
      json_figure(f.outside_share), f.above, f.alarm);
}

std::string version_json(const VersionDrift& v) {
  std::string out = fmt::format(
      "{{\"model\":{},\"version\":{},\"content\":{},\"baseline\":\"{}\",\"baseline_rows\":{},"
      "\"windows\":{},"
      "\"window_rows\":{},\"window_from\":{},\"window_to\":{}",
      config::json_string(v.model), v.version, config::json_string(v.content),
      to_string(v.baseline), v.baseline_rows, v.windows, v.window_rows, v.window_from.ms,
      v.window_to.ms);
  if (!v.trouble.empty()) out += ",\"trouble\":" + config::json_string(v.trouble);
  out += ",\"fields\":[";
  for (std::size_t i = 0; i < v.fields.size(); ++i)
    out += (i > 0 ? "," : "") + field_json(v.fields[i]);
  return out + "]}";
}

}  // namespace

std::string drift_json(const std::string& pipeline, const std::vector<VersionDrift>& versions) {
  std::string out = fmt::format("{{\"pipeline\":{},\"versions\":[", config::json_string(pipeline));
  for (std::size_t i = 0; i < versions.size(); ++i)
    out += (i > 0 ? "," : "") + version_json(versions[i]);
  return out + "]}";
}

}  // namespace thalweg::monitor
