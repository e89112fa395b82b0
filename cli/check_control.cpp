#include "cli/check_control.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "control/desk.h"
#include "control/status.h"
#include "run/clock.h"
#include "run/control_run.h"
#include "run/controlled_models.h"
#include "run/kafka_ports.h"

namespace thalweg::cli {
namespace {

// False: it cannot be read, which is told; or there is nothing yet.
bool open_topic(const PipelineFile& file, control::ControlLog& log, Findings& findings) {
  const Status opened = log.open();
  if (opened) return true;
  if (opened.error().code() == Code::topic_missing && topic_creation_of(file)) {
    findings.ok("control", "its topic does not exist yet; create_topics will create it");
  } else {
    findings.error("control", opened.error());
  }
  return false;
}

void compare(const PipelineFile& file, control::ControlLog& log,
             const std::map<std::string, DesiredModel>& states, Findings& findings) {
  const SystemClock clock;
  control::Desk desk(log, clock);
  const Status read =
      desk.refresh([&](const Error& broken) { findings.warning("control", broken.message()); });
  if (!read) return findings.error("control", read.error());
  const std::string& pipeline = file.values.string("pipeline");
  std::size_t records = 0;
  std::vector<std::string> texts;
  for (const auto& [model, state] : states) {
    const auto wanted =
        desk.look([&, name = model](const control::Board& b) { return b.model(pipeline, name); });
    records += wanted.record ? 1 : 0;
    if (std::string text = control::difference(model, wanted, state); !text.empty())
      texts.push_back(std::move(text));
  }
  findings.ok("control",
              fmt::format("{}; {}", log.where(),
                          records == 0    ? "no record: the pipeline file says which versions serve"
                          : texts.empty() ? "its records say what the pipeline file says"
                                          : "its records win over the pipeline file"));
  // No warning: somebody wanted it so.
  for (std::string& text : texts) findings.ok("control", "note: " + std::move(text));
  if (desk.look([&](const control::Board& b) { return b.paused(pipeline); }))
    findings.warning("control",
                     "the pipeline is paused: it will read nothing until `thalweg resume`");
}

}  // namespace

void check_control(const PipelineFile& file, std::chrono::milliseconds timeout, bool offline,
                   Findings& findings) {
  const bool topic = file.values.section("control").has("topic");
  // Who has no answer from the brokers would only wait for another one.
  if (topic && (offline || findings.has(Code::broker_unreachable))) return;
  auto states = file_states(file, builtins());
  if (!states) return;  // said by the models' own check
  auto log = control_log_of(
      file, ControlTopics::leave, [](kafka::LogLevel, std::string_view) {}, {}, timeout);
  if (!log) return findings.error("control", log.error());
  if (!*log || (topic && !open_topic(file, **log, findings))) return;
  compare(file, **log, *states, findings);
}

}  // namespace thalweg::cli
