#include "pipelines/support/prometheus.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <httplib.h>
#include <simdjson.h>

#include "pipelines/support/real_kafka.h"

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void collect(const simdjson::dom::element& value, std::vector<std::string>& out) {
  simdjson::dom::array list;
  simdjson::dom::object object;
  if (value.get(list) == simdjson::SUCCESS) {
    for (const auto item : list) collect(item, out);
  } else if (value.get(object) == simdjson::SUCCESS) {
    for (const auto [key, member] : object) {
      std::string_view text;
      if (key == "expr" && member.get(text) == simdjson::SUCCESS) {
        out.emplace_back(text);
      } else {
        collect(member, out);
      }
    }
  }
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

}  // namespace

std::string prometheus_program(const std::string& name) {
  const std::string deps = variable("THALWEG_DEPS");
  std::string path = (deps.empty() ? std::string(THALWEG_SOURCE_DIR) + "/.deps" : deps) +
                     "/prometheus/bin/" + name;
  if (fs::exists(path)) return path;
  std::istringstream folders(variable("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (fs::exists(fs::path(folder) / name)) return (fs::path(folder) / name).string();
  }
  return {};
}

std::set<std::string> metrics_named_in(const std::string& text) {
  static const std::regex metric(R"(\b(?:thalweg[_:]|process_)[a-z0-9_:]+)");
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), metric);
       it != std::sregex_iterator(); ++it)
    found.insert(it->str());
  return found;
}

std::vector<std::string> expressions_of(const std::string& dashboard_json) {
  simdjson::dom::parser parser;
  std::vector<std::string> all;
  collect(parser.parse(dashboard_json), all);
  return all;
}

std::string filled_in(std::string expression) {
  replace_all(expression, "$pipeline", ".*");
  replace_all(expression, "$instance", ".*");
  replace_all(expression, "$__rate_interval", "30s");
  return expression;
}

std::optional<double> metric_of(int port, const std::string& name) {
  httplib::Client client("127.0.0.1", port);
  const auto answer = client.Get("/metrics");
  if (!answer || answer->status != 200) return std::nullopt;
  std::optional<double> sum;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "{") && !line.starts_with(name + " ")) continue;
    sum = sum.value_or(0) + std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

Prometheus::Prometheus(const std::string& folder, const std::string& target) : port_(free_port()) {
  const std::string rules = std::string(THALWEG_SOURCE_DIR) + "/ops/prometheus/";
  std::ofstream(folder + "/prometheus.yml") << fmt::format(R"(
global: {{ scrape_interval: 500ms, evaluation_interval: 500ms }}
rule_files: ["{0}recording.yml", "{0}alerts.yml"]
scrape_configs: [{{ job_name: thalweg, static_configs: [{{ targets: ["{1}"] }}] }}]
)",
                                                           rules, target);
  server_ = std::make_unique<Command>(
      std::vector<std::string>{prometheus_program("prometheus"),
                               "--config.file=" + folder + "/prometheus.yml",
                               "--storage.tsdb.path=" + folder + "/tsdb",
                               "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
      folder);
}

std::optional<std::string> Prometheus::ask(const std::string& path, std::string* error,
                                           const std::string& query) {
  httplib::Client client("127.0.0.1", port_);
  client.set_read_timeout(30);
  const auto answer = query.empty() ? client.Get(path.c_str())
                                    : client.Post(path.c_str(), httplib::Params{{"query", query}});
  if (!answer) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::element data;
  if (answer->status == 200 && parser.parse(answer->body)["data"].get(data) == simdjson::SUCCESS)
    return simdjson::to_string(data);
  if (error != nullptr) *error = answer->body;
  return std::nullopt;
}

int Prometheus::series(const std::string& query, std::string* error) {
  const auto data = ask("/api/v1/query", error, query);
  if (!data) return -1;
  simdjson::dom::parser parser;
  return static_cast<int>(parser.parse(*data)["result"].get_array().size());
}

}  // namespace thalweg::test
