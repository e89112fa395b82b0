// A small pipeline of the binary against a real broker: topics of its own, a fake model, settings added per test.
#pragma once

#include <memory>
#include <signal.h>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/scratch_dir.h"
#include "pipelines/support/command.h"
#include "pipelines/support/real_kafka.h"

namespace thalweg::test {

class BrokerPipeline : public testing::Test {
 protected:
  void SetUp() override {
    if (real_broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
    use(real_broker());
  }

  struct Said {
    int code = -1;
    std::string out, err;
  };
  // The binary with these words, in the folder, until it ends.
  [[nodiscard]] Said thalweg(std::vector<std::string> words) const {
    words.insert(words.begin(), thalweg_binary());
    Command command(words, folder_.path());
    const auto code = command.wait();
    return {code.value_or(-1), command.out(), command.err()};
  }

  // Topics on that broker, and the pipeline file that names them.
  void use(const std::string& brokers, int partitions = 2, bool make_topics = true) {
    brokers_ = brokers;
    partitions_ = partitions;
    in_ = make_topics ? make_topic(brokers, "in", partitions) : unique("in");
    out_ = make_topics ? make_topic(brokers, "out", partitions) : unique("out");
    dead_ = make_topics ? make_topic(brokers, "dead") : unique("dead");
    group_ = unique("group");
    write_file();
  }

  void write_file(const std::string& from = "", const std::string& to = "") {
    folder_.write(
        "p.yaml",
        fmt::format(R"(
pipeline: {}
kafka: {{bootstrap.servers: "{}"}}
models: {{m: {{runtime: fake, slow: {}}}}}
from: {{topic: {}, start: earliest, fields: {{n: int64, x: float32}}{}}}
steps: [infer: {{model: m, outputs: {{y: score}}}}]
to: {}
dead_letters: {}
)",
                    group_, brokers_, slow_, in_, from,
                    to.empty() ? "{topic: " + out_ + ", value: {n: n, score: score}}" : to, dead_));
  }

  [[nodiscard]] std::unique_ptr<Command> run(const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> argv{thalweg_binary(), "run", folder_ / "p.yaml", "--set",
                                  "log.format=json"};
    for (const std::string& setting : settings) argv.insert(argv.end(), {"--set", setting});
    return std::make_unique<Command>(argv, folder_.path());
  }

  static std::string value(int n) { return fmt::format(R"({{"n":{},"x":{}}})", n, n % 100); }
  // Records n … n + count - 1, by turns to each partition.
  void send(int first, int count) const {
    std::vector<TestMessage> messages;
    for (int n = first; n < first + count; ++n) {
      messages.push_back(
          {.value = value(n), .key = std::to_string(n), .partition = n % partitions_});
    }
    produce(brokers_, in_, messages);
  }
  [[nodiscard]] std::int64_t committed_records() const {
    std::int64_t all = 0;
    for (const auto& [partition, offset] : committed(brokers_, group_, in_)) all += offset;
    return all;
  }
  static bool says(const Command& command, const std::string& what,
                   std::chrono::milliseconds within = std::chrono::seconds(30)) {
    return eventually([&] { return command.count_in_err(what) > 0; }, within);
  }
  // How often each key came.
  static std::map<std::string, int> keys(const std::vector<TestMessage>& messages) {
    std::map<std::string, int> counts;
    for (const TestMessage& m : messages) ++counts[m.key.value_or("(none)")];
    return counts;
  }
  static std::string header(const TestMessage& m, const std::string& name) {
    for (const auto& [n, v] : m.headers) {
      if (n == name) return v.value_or("(null)");
    }
    return "(absent)";
  }

  ScratchDir folder_;
  std::string brokers_, in_, out_, dead_, group_;
  std::string slow_ = "0ms";  // each call of the model
  int partitions_ = 2;
};

}  // namespace thalweg::test
