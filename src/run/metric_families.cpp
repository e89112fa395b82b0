#include "run/metric_families.h"

#include <fmt/format.h>

namespace thalweg {
namespace {

std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void MetricFamilies::add(const char* name, const char* type, const char* help,
                         const MetricLabels& labels, double value) {
  auto [it, added] = text_.try_emplace(name);
  if (added) {
    order_.emplace_back(name);
    it->second = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  std::string inside;
  for (const auto& [label, text] : labels)
    inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", label, escaped(text));
  it->second += fmt::format("{}{{{}}} {}\n", name, inside, value);
}

std::string MetricFamilies::text() const {
  std::string out;
  for (const std::string& name : order_) out += text_.at(name);
  return out;
}

}  // namespace thalweg
