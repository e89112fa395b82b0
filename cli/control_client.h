// How the command line changes models: by writing to the control topic (or file) itself, or by asking a running process over HTTP.
//
// Both ways show the same status and refuse the same changes. Everything blocks; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "thalweg/error.h"
#include "thalweg/settings.h"

#include "config/pipeline.h"
#include "control/record.h"

namespace thalweg::cli {

struct WantedChange {
  std::string model;
  std::string action;
  std::optional<DesiredModel> state;  // none: the pipeline file's
  std::int64_t if_epoch = -1;         // that was read
  std::string by, why;
  bool dry_run = false;
};

struct Written {
  bool written = false;
  std::int64_t epoch = -1;
  std::string warning;
};

class ControlClient {
 public:
  virtual ~ControlClient() = default;
  // As it is now: control/status.h. Errors: those of the log, or of the connection.
  [[nodiscard]] virtual Result<Node> status(const std::string& model) = 0;
  [[nodiscard]] virtual Result<Written> write(const WantedChange& change) = 0;
  // A warning, or empty.
  [[nodiscard]] virtual Result<std::string> pause(bool yes, const std::string& by,
                                                  const std::string& why) = 0;
  [[nodiscard]] virtual std::string where() const = 0;
};

// The log of the pipeline file. Errors: config_invalid (neither a topic nor a directory), and those of opening it.
[[nodiscard]] Result<std::unique_ptr<ControlClient>> log_client(
    const PipelineFile& file, std::map<std::string, DesiredModel> file_states);

// A running process; `url` as http://127.0.0.1:8080. `token` may be empty. Errors: config_invalid.
[[nodiscard]] Result<std::unique_ptr<ControlClient>> http_client(const std::string& url,
                                                                 const std::string& token,
                                                                 const std::string& pipeline);
// GET or POST of the API, answered by JSON. Errors: broker_unreachable's kin for no answer, config_invalid for a refusal.
[[nodiscard]] Result<Node> call_api(const std::string& url, const std::string& token,
                                    const std::string& method, const std::string& path,
                                    const std::string& body = "");

// --token, or else THALWEG_TOKEN, or else `http.token` of the file.
[[nodiscard]] std::string token_for(const PipelineFile& file);
// --url, or else the file's own `http:` on this machine. Empty: neither.
[[nodiscard]] std::string url_for(const PipelineFile& file, const std::string& given);

}  // namespace thalweg::cli
