// A process that is killed while it changes versions: the next one serves what the folder says, and nothing is lost or scored by another version than
// its header says.
#include <csignal>
#include <random>

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
                "commit_interval=100ms"});
  }
  // A version answers its own number.
  void publish(int version) const {
    folder_.write("export/fake.yaml",
                  "function: constant\nvalue: " + std::to_string(version) + "\n");
    Command publisher(
        {test::thalweg_binary(), "model", "publish", folder_ / "export", "--to", folder_ / "model"},
        words_.path());
    ASSERT_EQ(publisher.wait(), 0) << publisher.err();
  }
  ScratchDir words_;
};

TEST_F(SwapKilledBroker, After_a_restart_the_newest_version_serves_and_each_answer_is_its_headers) {
  std::mt19937 random(11);
  publish(1);
  int sent = 0;
  for (int round = 2; round <= 6; ++round) {
    const auto process = start();
    ASSERT_TRUE(says(*process, "worker.assigned")) << process->err();
    send(sent, 50);
    sent += 50;
    publish(round);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 120));  // whenever it hits
    process->signal(SIGKILL);
    ASSERT_EQ(process->wait(), 128 + SIGKILL);
  }
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
