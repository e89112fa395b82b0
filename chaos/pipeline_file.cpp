#include "chaos/pipeline_file.h"

#include <fstream>

#include <fmt/format.h>

#include "bench/must.h"

namespace thalweg::chaos {
namespace {

// Lines of `from.kafka`. Under the new protocol times and assignor are the broker's: Stage::open sets them for the group.
std::string group_settings(Protocol protocol) {
  if (protocol == Protocol::consumer) return "    group.protocol: consumer\n";
  std::string lines = fmt::format("    session.timeout.ms: {}\n    heartbeat.interval.ms: {}\n",
                                  session_ms, heartbeat_ms);
  if (protocol == Protocol::eager) lines += "    partition.assignment.strategy: range\n";
  return lines;
}

}  // namespace

void write_pipeline(const PipelineFile& p, const std::string& path) {
  const bool once = p.delivery == Delivery::exactly_once;
  std::ofstream file(path);
  file << fmt::format(
      R"(pipeline: {name}
kafka: {{bootstrap.servers: "{brokers}"}}
delivery: {delivery}
commit_interval: {commit}
workers: {workers}
shutdown_timeout: 20s
log: {{level: info, format: json}}
http: {{port: 0}}
watchdog: {{report_after: {hung}ms, exit_after: {hung}ms}}
models:
  strict: {{runtime: fake, inputs: {{x: "float32[?]"}}, outputs: {{y: "float32[?]"}}, fail_when: negative}}
  slow: {{runtime: fake, inputs: {{h: "float32[?]"}}, outputs: {{y: "float32[?]"}}, hang_when: negative, hang_for: {slow}ms}}
  mortal: {{runtime: fake, inputs: {{k: "float32[?]"}}, outputs: {{y: "float32[?]"}}, crash_when: negative}}
  deaf: {{runtime: fake, inputs: {{g: "float32[?]"}}, outputs: {{y: "float32[?]"}}, hang_when: negative, hang_for: 1h}}
from:
  topic: {in}
  start: earliest
  fields: {{p: int32, n: int64, x: float32, h: float32, k: float32, g: float32}}
  kafka:
{group}    max.poll.interval.ms: 30000
    topic.metadata.refresh.interval.ms: 2000
steps:
  - infer: {{model: strict, outputs: {{y: score}}}}
  - infer: {{model: slow, outputs: {{y: patience}}}}
  - infer: {{model: mortal, outputs: {{y: life}}}}
  - infer: {{model: deaf, outputs: {{y: ear}}}}
to: {{topic: {out}, value: {{p: p, n: n, score: score}}}}
dead_letters: {dead}
)",
      fmt::arg("name", p.name), fmt::arg("brokers", p.brokers),
      fmt::arg("delivery", once ? "exactly_once" : "at_least_once"),
      fmt::arg("commit", once ? "100ms" : "500ms"), fmt::arg("workers", p.workers),
      fmt::arg("slow", slow_call_ms), fmt::arg("hung", hung_ms), fmt::arg("in", p.in),
      fmt::arg("group", group_settings(p.protocol)), fmt::arg("out", p.out),
      fmt::arg("dead", p.dead));
  if (!file.flush()) bench::fail(path + ": expected a file that can be written; it cannot be");
}

}  // namespace thalweg::chaos
