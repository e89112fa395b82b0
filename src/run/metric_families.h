// Series of several metrics, gathered in any order and written by name, as Prometheus' text format asks for.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace thalweg {

using MetricLabels = std::vector<std::pair<const char*, std::string>>;

class MetricFamilies {
 public:
  void add(const char* name, const char* type, const char* help, const MetricLabels& labels,
           double value);
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, std::string> text_;
  std::vector<std::string> order_;
};

}  // namespace thalweg
