// Two small models in one pipeline of the binary, changed from outside: the versions 1 to 5 of each answer their own number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg::test {

class ControlPipeline : public BrokerPipeline {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (IsSkipped()) return;
    partitions_ = 4;
    use(brokers_, 4);
    control_ = unique("control");
    // A version answers its own number.
    for (const char* model : {"a", "b"}) {
      for (int version = 1; version <= 5; ++version)
        folder_.write(fmt::format("{}/{}/fake.yaml", model, version),
                      fmt::format("function: constant\nvalue: {}\n", version));
    }
    write_pipeline(fmt::format("control: {{topic: {}, alive: 3s}}", control_));
  }
  // `control`: where it is kept what is wanted.
  void write_pipeline(const std::string& control) const {
    folder_.write("p.yaml",
                  fmt::format(R"(
pipeline: {0}
workers: 2
kafka: {{bootstrap.servers: "{1}"}}
{2}
create_topics: {{enabled: true, replication_factor: 1}}
models:
  a: {{runtime: fake, path: {3}/a, version: 1}}
  b: {{runtime: fake, path: {3}/b, version: 1}}
from:
  topic: {4}
  start: earliest
  fields: {{n: int64, x: float32}}
  kafka: {{session.timeout.ms: 2000, heartbeat.interval.ms: 500}}
steps:
  - infer: {{model: a, outputs: {{y: first}}}}
  - infer: {{model: b, outputs: {{y: second}}}}
to: {{topic: {5}, value: {{n: n, first: first, second: second}}}}
dead_letters: {6}
)",
                              group_, brokers_, control, folder_.path(), in_, out_, dead_));
  }
  Said models(std::vector<std::string> words) const {
    words.insert(words.begin(), "models");
    words.insert(words.begin() + 2, folder_ / "p.yaml");
    return thalweg(words);
  }
  static std::int64_t number_after(const std::string& text, const std::string& what) {
    const std::size_t at = text.find(what);
    return at == std::string::npos ? -1 : std::stoll(text.substr(at + what.size()));
  }
  static std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
      ++count;
    return count;
  }
  // Every header of the output names the model's version beside the value; the two must agree.
  static std::string answer(const TestMessage& m, const std::string& field) {
    const std::size_t at = m.value->find("\"" + field + "\":") + field.size() + 3;
    return m.value->substr(at, m.value->find_first_of(",}", at) - at);
  }
  // Records of a new process's first seconds would wait for its partitions.
  [[nodiscard]] static bool assigned(const Command& one) {
    return eventually([&] { return one.count_in_err("worker.assigned") >= 2; },
                      std::chrono::seconds(60));
  }
  std::string control_;
};

}  // namespace thalweg::test
