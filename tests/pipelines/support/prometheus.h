// Prometheus and its promtool as tests need them: where script/bootstrap put them, or in PATH.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipelines/support/command.h"

namespace thalweg::test {

// The program's path; "": it is not here.
[[nodiscard]] std::string prometheus_program(const std::string& name);

// What names a metric of ours, or one that comes with the format: `thalweg_…`, `thalweg:…`, `process_…`.
[[nodiscard]] std::set<std::string> metrics_named_in(const std::string& text);
// Every expression of a Grafana dashboard: of panels, annotations and variables.
[[nodiscard]] std::vector<std::string> expressions_of(const std::string& dashboard_json);
// As Grafana would ask: with everything selected.
[[nodiscard]] std::string filled_in(std::string expression);

// What a process says on its page just now, all series of that name together; nothing: it says nothing of it.
[[nodiscard]] std::optional<double> metric_of(int port, const std::string& name);

// A server on 127.0.0.1 that scrapes one address each half second, judged by the rules of ops/prometheus. Killed with the test.
class Prometheus {
 public:
  Prometheus(const std::string& folder, const std::string& target);
  // The answer's `data`, as JSON; nothing: it refuses the question, and `error` says why.
  [[nodiscard]] std::optional<std::string> ask(const std::string& path,
                                               std::string* error = nullptr,
                                               const std::string& query = "");
  // How many series a query gives; -1: it is refused.
  [[nodiscard]] int series(const std::string& query, std::string* error = nullptr);
  [[nodiscard]] std::string log() const { return server_->err(); }

 private:
  int port_;
  std::unique_ptr<Command> server_;
};

}  // namespace thalweg::test
