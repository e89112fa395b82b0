// Any request to the control API: an answer in JSON with a status of HTTP, and afterwards the pipeline still says where it stands.
//
// The bytes are cut at NULs into method, path, the query's names and values, and behind an empty name the body.
#include "control/api.h"
#include "fuzz/input.h"
#include "tests/control/fake_models.h"

namespace {

using namespace thalweg;
using namespace thalweg::control;
using fuzz::require;

struct Process {
  Process() : controller(options(), desk, {&model}, clock) { require(controller.begin().ok()); }
  static ControllerOptions options() {
    ControllerOptions options;
    options.pipeline = "p";
    options.process = "only";
    return options;
  }
  test::HandClock clock;
  test::FakeModel model{"m"};
  MemoryLog log;
  Desk desk{log, clock};
  Controller controller;
  Api api{{&controller},
          [](const std::string&, const std::string& step, std::size_t, const std::stop_token&) {
            return Result<Node>(Node::map({{"step", Node::scalar(step, true)}}));
          }};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Process process;
  fuzz::Parts parts(data, size);
  ApiRequest request;
  request.method = parts.next();
  request.path = parts.next();
  while (!parts.empty()) {
    const std::string name(parts.next());
    if (name.empty()) break;
    request.query[name] = parts.next();
  }
  request.body = parts.rest();
  (void)is_guarded(request);
  const ApiReply reply = process.api.handle(request);
  require(reply.status >= 200 && reply.status < 600 && reply.status != 500);
  // Bytes of a path that are no text are quoted in an error; what else is written is JSON.
  require(fuzz::is_json(reply.body) || !fuzz::is_utf8(fuzz::text_of(data, size)));
  process.controller.turn();
  const ApiReply status = process.api.handle({"GET", "/v2/models/m/status", {}, ""});
  require(status.status == 200 && fuzz::is_json(status.body));
  return 0;
}
