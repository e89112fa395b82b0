// The control API, apart from any server: a request in, a reply out.
//
//   POST /v2/repository/index                       Open Inference Protocol: every version of every model, its state and reason
//   POST /v2/repository/models/NAME/load            {"parameters":{"version":"4","variant":"b","by":…,"why":…}}
//                                                   a shadow: {"parameters":{"version":"5","shadow":true,"topic":…,"cpu_share":0.25}}
//   POST /v2/repository/models/NAME/unload          {"parameters":{"variant":"b"}} or {"parameters":{"shadow":true}}
//   GET  /v2/models/NAME/status                     what is wanted, what each process serves (status.h)
//   GET  /v2/models/NAME/ready
//   POST /v2/models/NAME/control                    {"state":{…}|null,"action":…,"by":…,"why":…,"if_epoch":41,"dry_run":false}
//   GET  /v2/pipelines
//   POST /v2/pipelines/NAME/pause, …/resume
//   GET  /v2/pipelines/NAME/peek?step=scorer&limit=10
//
// `?pipeline=NAME` where several pipelines of the process have a model of that name. Errors are {"error": "where: expected …"}.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "control/controller.h"

namespace thalweg::control {

struct ApiRequest {
  std::string method;  // "GET", "POST"
  std::string path;    // "/v2/models/disaster/status"
  std::map<std::string, std::string> query;
  std::string body;
  std::stop_token stop{};  // asked to: the process ends, and nobody waits for an answer
};

struct ApiReply {
  int status = 200;
  std::string body;     // JSON
  std::string allow{};  // with 405: the method there is
};

// Does it change something, or show what flows? Then not everybody may ask.
[[nodiscard]] bool is_guarded(const ApiRequest& request);

// Samples of what passes a step; pipeline, step, how many, and who may end the waiting. Empty: not offered.
using Peek = std::function<Result<Node>(const std::string& pipeline, const std::string& step,
                                        std::size_t limit, const std::stop_token& stop)>;

class Api {
 public:
  // The controllers outlive it.
  explicit Api(std::vector<Controller*> controllers, Peek peek = {});
  // Any thread. Blocks while a change is written.
  [[nodiscard]] ApiReply handle(const ApiRequest& request) const;

 private:
  struct Target {
    Controller* controller;
    ControlledModel* model;
  };
  [[nodiscard]] Result<Target> find(const ApiRequest& request, const std::string& model) const;
  [[nodiscard]] ApiReply index(const ApiRequest& request) const;
  [[nodiscard]] ApiReply about_model(const ApiRequest& request, const std::string& model,
                                     const std::string& what) const;
  [[nodiscard]] ApiReply about_pipeline(const ApiRequest& request, const std::string& pipeline,
                                        const std::string& what) const;
  [[nodiscard]] ApiReply pipelines() const;
  [[nodiscard]] ApiReply status(const Target& target) const;
  [[nodiscard]] ApiReply set_state(const ApiRequest& request, const Target& target) const;
  [[nodiscard]] ApiReply load(const ApiRequest& request, const Target& target) const;
  [[nodiscard]] ApiReply unload(const ApiRequest& request, const Target& target) const;

  const std::vector<Controller*> controllers_;
  const Peek peek_;
};

}  // namespace thalweg::control
