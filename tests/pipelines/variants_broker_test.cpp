// Shares of the keys in whole processes: as many as asked for, the same keys in every process and after a restart, and a border that only moves.
#include <cmath>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class VariantsBroker : public test::BrokerPipeline {
 protected:
  static constexpr int users = 4000;

  void SetUp() override {
    BrokerPipeline::SetUp();
    if (IsSkipped()) return;
    use(brokers_, 4);
    for (const char* version : {"1", "2"})
      folder_.write(std::string("models/") + version + "/fake.yaml",
                    std::string("function: constant\nvalue: ") + version + "\n");
    settings_ = {"models={m: {runtime: fake, version: 1, path: " + folder_ / "models" + "}}",
                 "workers=2", "control={topic: " + test::unique("control") + ", alive: 3s}",
                 "create_topics={enabled: true, replication_factor: 1}",
                 "from.kafka={session.timeout.ms: 2000, heartbeat.interval.ms: 500}"};
    reader_ = std::make_unique<Reader>(brokers_, out_, partitions_);
  }
  std::unique_ptr<Command> start() const {
    auto process = run(settings_);
    EXPECT_TRUE(
        test::eventually([&] { return process->count_in_err("worker.assigned") >= 2; }, 60s))
        << process->err();
    return process;
  }
  void route(const std::string& what) const {
    std::vector<std::string> words{
        test::thalweg_binary(), "models", "route", folder_ / "p.yaml", "m", what, "--wait"};
    for (const std::string& setting : settings_) words.insert(words.end(), {"--set", setting});
    Command command(words, folder_.path());
    ASSERT_EQ(command.wait(), 0) << command.out() << command.err();
  }
  // Who answered each user's record.
  struct Answers {
    std::map<std::string, std::string> variants;
    std::map<std::string, int> epochs;
  };
  // A record of each user, on another partition each round.
  Answers answers() {
    const int first = round_ * users;
    std::vector<TestMessage> messages;
    for (int user = 0; user < users; ++user) {
      messages.push_back({.value = value(first + user),
                          .key = "user-" + std::to_string(user),
                          .partition = (user + round_) % partitions_});
    }
    ++round_;
    test::produce(brokers_, in_, messages);
    Answers found;
    std::size_t seen = 0;
    // A process that was killed had not committed all: the next one answers some records of earlier rounds once more.
    EXPECT_TRUE(reader_->until([&](const std::vector<TestMessage>& all) {
      for (; seen < all.size(); ++seen) {
        if (std::stoi(all[seen].value->substr(5)) >= first) take(all[seen], found);
      }
      return found.variants.size() >= static_cast<std::size_t>(users);
    })) << found.variants.size()
        << " of " << users;
    return found;
  }
  static void take(const TestMessage& m, Answers& found) {
    const std::string head = header(m, "thalweg");
    const auto entry = [&](const std::string& name) {
      const std::size_t at = head.find(name + "=");
      return at == std::string::npos
                 ? ""
                 : head.substr(at + name.size() + 1, head.find(',', at) - at - name.size() - 1);
    };
    const std::string variant = entry("variant");
    EXPECT_EQ(entry("version"), variant == "b" ? "2" : "1") << head;
    EXPECT_THAT(*m.value, HasSubstr("\"score\":" + entry("version"))) << head;
    found.variants[*m.key] = variant;
    ++found.epochs[entry("epoch")];
  }
  // Within four and a half standard deviations: chance leaves these bounds once in 150,000 times.
  static void expect_share(const Answers& answers, double share) {
    const auto of_b = std::count_if(answers.variants.begin(), answers.variants.end(),
                                    [](const auto& item) { return item.second == "b"; });
    EXPECT_NEAR(static_cast<double>(of_b), users * share,
                4.5 * std::sqrt(users * share * (1 - share)));
  }

  std::vector<std::string> settings_;
  std::unique_ptr<Reader> reader_;
  int round_ = 0;
};

TEST_F(VariantsBroker,
       A_key_has_one_variant_in_every_process_after_a_restart_and_behind_a_moved_border) {
  const auto one = start();
  auto two = start();
  route("b=10%@2");
  const Answers first = answers();
  expect_share(first, 0.1);
  EXPECT_EQ(first.epochs.size(), 1U);

  two->signal(SIGKILL);
  ASSERT_EQ(two->wait(), 128 + SIGKILL);
  two = start();
  const Answers again = answers();
  EXPECT_EQ(again.variants, first.variants) << "other processes, other partitions, a restart";
  EXPECT_EQ(again.epochs.begin()->first, first.epochs.begin()->first);

  route("b=20%");
  const Answers wider = answers();
  expect_share(wider, 0.2);
  EXPECT_NE(wider.epochs.begin()->first, first.epochs.begin()->first);
  for (const auto& [key, variant] : first.variants) {
    if (variant != "b") continue;
    ASSERT_EQ(wider.variants.at(key), "b") << key << " flipped back";
  }
  EXPECT_EQ(one->stop(), 0) << one->err();
  EXPECT_EQ(two->stop(), 0) << two->err();
}

}  // namespace
}  // namespace thalweg
