// A process that is killed while it changes versions: the next one serves what the folder says, and nothing is lost or scored by another version than
// its header says.
#include <csignal>

#include <gtest/gtest.h>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using namespace std::chrono_literals;

class SwapKilledBroker : public test::BrokerPipeline {
 protected:
  std::unique_ptr<Command> start() const {
    return run({"models={m: {runtime: fake, path: " + folder_ / "model" +
                    ", poll: 20ms, keep_previous: 0s}}",
                "from.kafka={session.timeout.ms: 2000, heartbeat.interval.ms: 500}",
                "http={port: 0}", "commit_interval=100ms"});
  }
  // A version answers its own number. Its warm-up takes a while, so that there is a swap to be killed in.
  void publish(int version) const {
    folder_.write("export/fake.yaml",
                  "function: constant\nvalue: " + std::to_string(version) + "\nslow: 60ms\n");
    Command publisher(
        {test::thalweg_binary(), "model", "publish", folder_ / "export", "--to", folder_ / "model"},
        words_.path());
    ASSERT_EQ(publisher.wait(), 0) << publisher.err();
  }
  // What the process says of a version; "": it does not know it yet.
  std::string state_of(const Command& process, int version) const {
    const std::string log = process.err(), listening = "listening on 127.0.0.1:";
    const std::size_t at = log.find(listening);
    if (at == std::string::npos) return {};
    const int port = std::stoi(log.substr(at + listening.size()));
    Command curl({"/usr/bin/curl", "-sS", "-m", "5",
                  fmt::format("http://127.0.0.1:{}/v2/models/m/status", port)},
                 words_.path());
    if (curl.wait() != 0) return {};
    const std::string status = curl.out();
    const std::string front = fmt::format(R"("version":{},"state":")", version);
    const std::size_t found = status.find(front);
    if (found == std::string::npos) return {};
    const std::size_t begin = found + front.size();
    return status.substr(begin, status.find('"', begin) - begin);
  }
  ScratchDir words_;
};

TEST_F(SwapKilledBroker, After_a_restart_the_newest_version_serves_and_each_answer_is_its_headers) {
  publish(1);
  int sent = 0, amid = 0;
  for (int round = 2; round <= 6; ++round) {
    const auto process = start();
    ASSERT_TRUE(says(*process, "worker.assigned")) << process->err();
    send(sent, 50);
    sent += 50;
    publish(round);
    std::string state;
    ASSERT_TRUE(test::eventually(
        [&] {
          state = state_of(*process, round);
          return state == "LOADING" || state == "WARMING" || state == "AVAILABLE";
        },
        60s))
        << process->err();
    process->signal(SIGKILL);
    ASSERT_EQ(process->wait(), 128 + SIGKILL);
    // It was on its way when the process was asked, and was not there when it died.
    const bool there =
        process->count_in_err(fmt::format("version {} is loaded and warm", round)) > 0;
    amid += state != "AVAILABLE" && !there ? 1 : 0;
  }
  EXPECT_GE(amid, 4) << "of five kills; the others missed the swap";
  const auto process = start();
  ASSERT_TRUE(says(*process, "worker.assigned")) << process->err();
  send(sent, 50);
  sent += 50;
  Reader out(brokers_, out_, 2);
  ASSERT_TRUE(test::eventually([&] { return committed_records() == sent; }, 60s));
  EXPECT_EQ(process->stop(), 0) << process->err();
  ASSERT_TRUE(out.until_count(static_cast<std::size_t>(sent)));
  out.until_quiet();
  EXPECT_EQ(keys(out.all()).size(), static_cast<std::size_t>(sent)) << "none is lost";
  for (const TestMessage& m : out.all()) {
    const std::string head = header(m, "thalweg");
    const std::string version = head.substr(head.find("version=") + 8);
    EXPECT_NE(m.value->find("\"score\":" + version), std::string::npos) << head << *m.value;
    if (std::stoi(*m.key) >= sent - 50) {
      EXPECT_EQ(version, "6") << "as the folder says";
    }
  }
}

}  // namespace
}  // namespace thalweg
