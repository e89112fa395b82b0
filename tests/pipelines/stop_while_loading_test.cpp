// A process that is told to stop while a version loads that was to serve later: it ends as ever, with code 0, whether that load is slow, hangs or is in the middle
// of TensorFlow. No broker answers here; the process waits for one, and its models change meanwhile.
#include <csignal>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/native.h"
#include "model/scratch_dir.h"
#include "pipelines/support/command.h"
#include "support/mock_cluster.h"
#include "support/raw_http.h"

namespace thalweg {
namespace {

using test::Command;
using test::eventually;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class StopWhileLoading : public testing::Test {
 protected:
  std::unique_ptr<Command> start(const std::string& model, const std::string& output,
                                 const std::string& field) {
    folder_.write("p.yaml", fmt::format(R"(
pipeline: stopped
kafka: {{ bootstrap.servers: "127.0.0.1:1" }}
models: {{ m: {{ path: {}, poll: 10ms, {} }} }}
from: {{ topic: in, start: earliest, fields: {{ x: "{}" }} }}
steps: [ infer: {{ model: m, outputs: {{ {}: score }} }} ]
to: {{ topic: out, value: {{ score: score }} }}
dead_letters: dead
http: {{ port: 0 }}
)",
                                        versions_.path(), model, field, output));
    auto process = std::make_unique<Command>(
        std::vector<std::string>{test::thalweg_binary(), "run", folder_ / "p.yaml", "--set",
                                 "log.format=json"},
        folder_.path());
    EXPECT_TRUE(eventually([&] { return process->count_in_err("\"http.listening\"") == 1; }))
        << process->err();
    return process;
  }
  static std::uint16_t port_of(const Command& process) {
    const std::string text = process.err();
    const std::string key = "listening on 127.0.0.1:";
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.find(key) + key.size())));
  }
  // What it says of its versions.
  static std::string index(std::uint16_t port) {
    return test::RawHttp(port).ask(test::post("/v2/repository/index", "{}")).body;
  }
  ScratchDir folder_, versions_;
};

TEST_F(StopWhileLoading, A_load_that_hangs_is_not_waited_for) {
  versions_.write("1/fake.yaml", "function: constant\nvalue: 1\n");
  // `slow_load` above all: nothing but the stop makes it go on without that version.
  const auto process = start("runtime: fake, slow_load: 1h", "y", "float32[1]");
  versions_.write("2/fake.yaml", "hang_when: always\nhang_for: 1h\n");
  const std::uint16_t port = port_of(*process);
  ASSERT_TRUE(eventually([&] { return index(port).find("WARMING") != std::string::npos; }))
      << index(port) << process->err();
  EXPECT_EQ(process->stop(), 0) << process->err();
  EXPECT_EQ(process->count_in_err("process.overdue"), 0U);
}

TEST_F(StopWhileLoading, A_fetch_that_hangs_is_not_waited_for_and_ended) {
  versions_.write("1/fake.yaml", "function: constant\nvalue: 1\n");
  const std::string uri = "store://x/7#sha256=" + std::string(64, 'a');
  const auto process = start(fmt::format("runtime: fake, version: 1, cache: {}, fetch: [sleep, "
                                         "\"3600\"], shadow: {{ version: \"{}\" }}",
                                         folder_ / "cache", uri),
                             "y", "float32[1]");
  ASSERT_TRUE(eventually([&] { return fs::exists(folder_ / "cache"); }));
  EXPECT_EQ(process->stop(), 0) << process->err();
  EXPECT_TRUE(fs::is_empty(folder_ / "cache")) << "nothing is left of it";
}

TEST_F(StopWhileLoading, The_shadow_that_is_not_there_is_told_by_status) {
  versions_.write("1/fake.yaml", "function: constant\nvalue: 1\n");
  const auto process =
      start("runtime: fake, version: 1, shadow: { version: 9 }", "y", "float32[1]");
  const auto status = test::RawHttp(port_of(*process)).ask(test::get("/v2/models/m/status")).body;
  EXPECT_THAT(status, HasSubstr(R"("refused":"","shadow_pending":false,"shadow_refused":")"));
  EXPECT_THAT(status, HasSubstr("expected version 9"));
  EXPECT_EQ(process->count_in_err("model.shadow_refused"), 1U);
  EXPECT_EQ(process->stop(), 0) << process->err();
}

class StopWhileLoadingNative : public StopWhileLoading {};

TEST_F(StopWhileLoadingNative, So_it_is_at_any_moment_of_TensorFlows_loading) {
  THALWEG_NEEDS_TENSORFLOW;
  const std::string model = THALWEG_SOURCE_DIR "/tests/models/keras_export/1";
  std::mt19937 random(5);
  for (int round = 0; round < 8; ++round) {
    if (HasFailure()) return;
    versions_.copy(model, "1");
    const auto process = start("runtime: tensorflow", "output_0", "float32[4]");
    versions_.copy(model, "incoming");
    fs::rename(versions_ / "incoming", versions_ / "2");
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));  // whenever it hits
    EXPECT_EQ(process->stop(), 0) << process->err();
    fs::remove_all(versions_ / "1");
    fs::remove_all(versions_ / "2");
  }
}

}  // namespace
}  // namespace thalweg
