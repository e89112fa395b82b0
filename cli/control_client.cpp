#include "cli/control_client.h"

#include <cstdlib>

#include <fmt/format.h>
#include <httplib.h>

#include "control/desk.h"
#include "control/json_node.h"
#include "control/status.h"
#include "model/uri.h"
#include "run/clock.h"
#include "run/control_run.h"

namespace thalweg::cli {
namespace {

using control::json_boolean;
using control::json_number;
using control::json_string;

const kafka::LogSink silent = [](kafka::LogLevel, std::string_view) {};

class LogClient final : public ControlClient {
 public:
  LogClient(const PipelineFile& file, std::map<std::string, DesiredModel> states,
            std::unique_ptr<control::ControlLog> log)
      : pipeline_(file.values.string("pipeline")),
        alive_(file.values.section("control").integer("alive")),
        states_(std::move(states)),
        log_(std::move(log)),
        desk_(*log_, clock_) {}

  Result<Node> status(const std::string& model) override {
    Status read = desk_.refresh(
        [](const Error& error) { fmt::print(stderr, "warning: {}\n", error.message()); });
    if (!read) return std::move(read).error();
    const control::StatusQuestion question{pipeline_, model, states_.at(model), clock_.monotonic(),
                                           log_->shared() ? alive_ : std::chrono::milliseconds(0)};
    return desk_.look(
        [&](const control::Board& board) { return control::status_node(board, question); });
  }
  Result<Written> write(const WantedChange& wanted) override {
    control::ChangeRequest request;
    request.pipeline = pipeline_;
    request.model = wanted.model;
    request.action = wanted.action;
    request.by = wanted.by;
    request.why = wanted.why;
    request.if_epoch = wanted.if_epoch;
    request.dry_run = wanted.dry_run;
    request.file_state = states_.at(wanted.model);
    request.change = [&](const DesiredModel&,
                         const control::Wanted&) -> Result<std::optional<DesiredModel>> {
      return wanted.state;
    };
    auto changed = desk_.change(request);
    if (!changed) return std::move(changed).error();
    return Written{changed->written, changed->epoch, changed->warning};
  }
  Result<std::string> pause(bool yes, const std::string& by, const std::string& why) override {
    return desk_.pause(pipeline_, yes, by, why);
  }
  [[nodiscard]] std::string where() const override { return log_->where(); }

 private:
  const std::string pipeline_;
  const std::chrono::milliseconds alive_;
  const std::map<std::string, DesiredModel> states_;
  const SystemClock clock_;
  std::unique_ptr<control::ControlLog> log_;
  control::Desk desk_;
};

class HttpClient final : public ControlClient {
 public:
  HttpClient(std::string url, std::string token, std::string pipeline)
      : url_(std::move(url)), token_(std::move(token)), pipeline_(std::move(pipeline)) {}

  Result<Node> status(const std::string& model) override {
    return call_api(url_, token_, "GET",
                    fmt::format("/v2/models/{}/status?pipeline={}", model, pipeline_));
  }
  Result<Written> write(const WantedChange& wanted) override {
    const Node body =
        Node::map({{"state", wanted.state ? control::state_node(*wanted.state) : Node::null({})},
                   {"action", json_string(wanted.action)},
                   {"by", json_string(wanted.by)},
                   {"why", json_string(wanted.why)},
                   {"if_epoch", json_number(wanted.if_epoch)},
                   {"dry_run", json_boolean(wanted.dry_run)}});
    auto answer = call_api(
        url_, token_, "POST",
        fmt::format("/v2/models/{}/control?pipeline={}", wanted.model, pipeline_), body.to_json());
    if (!answer) return std::move(answer).error();
    Written written;
    if (const Node* n = answer->find("written")) written.written = n->as_boolean().value_or(false);
    if (const Node* n = answer->find("epoch")) written.epoch = n->as_integer().value_or(-1);
    if (const Node* n = answer->find("warning")) written.warning = n->text();
    return written;
  }
  Result<std::string> pause(bool yes, const std::string& by, const std::string& why) override {
    const Node body = Node::map(
        {{"parameters", Node::map({{"by", json_string(by)}, {"why", json_string(why)}})}});
    auto answer = call_api(url_, token_, "POST",
                           fmt::format("/v2/pipelines/{}/{}", pipeline_, yes ? "pause" : "resume"),
                           body.to_json());
    if (!answer) return std::move(answer).error();
    const Node* warning = answer->find("warning");
    return warning == nullptr ? std::string() : warning->text();
  }
  [[nodiscard]] std::string where() const override { return shown_uri(url_); }

 private:
  const std::string url_, token_, pipeline_;
};

}  // namespace

Result<std::unique_ptr<ControlClient>> log_client(const PipelineFile& file,
                                                  std::map<std::string, DesiredModel> file_states) {
  auto log = control_log_of(file, ControlTopics::create, silent);
  if (!log) return std::move(log).error();
  if (!*log)
    return config_error(file.values.where(),
                        "control: expected a place where changes are kept; got none; set "
                        "control.topic (or state_directory for a single process), or name a "
                        "running process with --url");
  if (Status s = (*log)->open(); !s) return std::move(s).error();
  return std::unique_ptr<ControlClient>(
      std::make_unique<LogClient>(file, std::move(file_states), *std::move(log)));
}

Result<std::unique_ptr<ControlClient>> http_client(const std::string& url, const std::string& token,
                                                   const std::string& pipeline) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return Error(Code::config_invalid,
                 fmt::format("--url: expected http://HOST:PORT; got '{}'; write --url "
                             "http://127.0.0.1:8080",
                             shown_uri(url)));
  return std::unique_ptr<ControlClient>(std::make_unique<HttpClient>(url, token, pipeline));
}

Result<Node> call_api(const std::string& url, const std::string& token, const std::string& method,
                      const std::string& path, const std::string& body) {
  httplib::Client client(url);
  client.set_connection_timeout(5, 0);
  client.set_read_timeout(30, 0);
  httplib::Headers headers;
  if (!token.empty()) headers.emplace("Authorization", "Bearer " + token);
  const httplib::Result answer = method == "GET"
                                     ? client.Get(path, headers)
                                     : client.Post(path, headers, body, "application/json");
  if (!answer)
    return Error(Code::io_failed,
                 fmt::format("{}: expected an answer; got: {}; does the process run, with `http:` "
                             "in its file?",
                             shown_uri(url), httplib::to_string(answer.error())));
  auto node = control::read_json(answer->body);
  if (answer->status == 200 && node) return node;
  const Node* error = node ? node->find("error") : nullptr;
  return Error(answer->status >= 500 ? Code::io_failed : Code::config_invalid,
               fmt::format("{}: status {}: {}", shown_uri(url), answer->status,
                           error != nullptr ? error->text() : answer->body));
}

std::string token_for(const PipelineFile& file) {
  if (const char* token = std::getenv("THALWEG_TOKEN")) return token;
  const Values& http = file.values.section("http");
  return file.values.given("http") && http.has("token") ? http.string("token") : "";
}

std::string url_for(const PipelineFile& file, const std::string& given) {
  if (!given.empty() || !file.values.given("http")) return given;
  const Values& http = file.values.section("http");
  if (http.integer("port") == 0) return {};
  std::string address = http.string("address");
  if (address == "0.0.0.0" || address == "::") address = "127.0.0.1";  // every one, this one too
  if (address.find(':') != std::string::npos) address = "[" + address + "]";
  return fmt::format("http://{}:{}", address, http.integer("port"));
}

}  // namespace thalweg::cli
