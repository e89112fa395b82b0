// A broker that asks for TLS and a log-in, as production has it: every client that a pipeline makes must get through, and what is
// refused must be said at once. The listener is the one of `script/kafka run`.
#include <algorithm>
#include <cstdlib>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Reader;

constexpr int refused = 4;  // docs/exit-codes.md

class SecureBroker : public test::BrokerPipeline {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (IsSkipped()) return;
    const char* address = std::getenv("THALWEG_TEST_KAFKA_SECURE");
    const char* authority = std::getenv("THALWEG_TEST_KAFKA_CA");
    if (address == nullptr || authority == nullptr) {
      GTEST_SKIP() << "THALWEG_TEST_KAFKA_SECURE and THALWEG_TEST_KAFKA_CA name no broker; "
                      "script/kafka run sets them";
    }
    secure_ = {"kafka.bootstrap.servers=" + std::string(address),
               "kafka.security.protocol=SASL_SSL",
               "kafka.ssl.ca.location=" + std::string(authority)};
  }
  // Those settings and these.
  [[nodiscard]] std::vector<std::string> with(std::vector<std::string> more) const {
    more.insert(more.begin(), secure_.begin(), secure_.end());
    return more;
  }
  static std::vector<std::string> log_in(const std::string& mechanism,
                                         const std::string& password = "alice-secret") {
    if (mechanism == "OAUTHBEARER") {
      return {"kafka.sasl.mechanism=OAUTHBEARER", "kafka.enable.sasl.oauthbearer.unsecure.jwt=true",
              "kafka.sasl.oauthbearer.config=principal=alice"};
    }
    return {"kafka.sasl.mechanism=" + mechanism, "kafka.sasl.username=alice",
            "kafka.sasl.password=" + password};
  }

  // A command about the pipeline with those settings.
  [[nodiscard]] Said about(std::vector<std::string> words,
                           const std::vector<std::string>& settings) const {
    words.push_back(folder_ / "p.yaml");
    for (const std::string& setting : with(settings)) words.insert(words.end(), {"--set", setting});
    return thalweg(words);
  }

  std::vector<std::string> secure_;
};

class SecureMechanismBroker : public SecureBroker,
                              public testing::WithParamInterface<std::string> {};

TEST_P(SecureMechanismBroker, A_pipeline_logs_in_over_TLS_and_scores) {
  send(0, 200);
  const auto command = run(with(log_in(GetParam())));
  Reader reader(brokers_, out_, partitions_);
  ASSERT_TRUE(reader.until_count(200)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(committed_records(), 200);
  EXPECT_EQ(command->count_in_err("alice-secret"), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, SecureMechanismBroker,
                         testing::Values("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "OAUTHBEARER"),
                         [](const auto& p) {
                           std::string name = p.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// The transactional producers, their coordinator and the dead letters.
TEST_F(SecureBroker, Exactly_once_works_over_TLS_too) {
  send(0, 200);
  test::produce(brokers_, in_, {{.value = "no json", .key = "bad", .partition = 0}});
  auto settings = with(log_in("SCRAM-SHA-256"));
  settings.insert(settings.end(),
                  {"delivery=exactly_once", "state_directory=" + folder_ / "state"});
  const auto command = run(settings);
  Reader reader(brokers_, out_, partitions_), dead(brokers_, dead_, 1);
  EXPECT_TRUE(reader.until_count(200)) << command->err();
  EXPECT_TRUE(dead.until_count(1)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(committed_records(), 201);
  reader.until_quiet();
  EXPECT_EQ(reader.all().size(), 200U);
  EXPECT_EQ(command->count_in_err("alice-secret"), 0U);
}

TEST_F(SecureBroker, Commands_that_ask_the_brokers_log_in_as_the_pipeline_does) {
  test::produce(brokers_, dead_,
                {{.value = "no json",
                  .key = "bad",
                  .partition = 0,
                  .headers = {{"__thalweg.errors.topic", in_},
                              {"__thalweg.errors.partition", "0"},
                              {"__thalweg.errors.offset", "7"},
                              {"__thalweg.errors.code", "not_json"},
                              {"__thalweg.errors.message", "no JSON"}}}});
  const auto settings = log_in("SCRAM-SHA-512");
  const Said checked = about({"check"}, settings);
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_NE(checked.out.find("(cluster "), std::string::npos) << checked.out;
  const Said listed = about({"dead", "list"}, settings);
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_NE(listed.out.find("not_json"), std::string::npos) << listed.out;
  for (const char* command : {"check", "dead"}) {
    auto words = std::vector<std::string>{command};
    if (words[0] == "dead") words.emplace_back("list");
    const Said wrong = about(words, log_in("SCRAM-SHA-512", "wrong-secret"));
    EXPECT_EQ(wrong.code, refused) << command << wrong.out << wrong.err;
    EXPECT_EQ((wrong.out + wrong.err).find("wrong-secret"), std::string::npos);
  }
  for (const Said* said : {&checked, &listed})
    EXPECT_EQ((said->out + said->err).find("alice-secret"), std::string::npos);
}

TEST_F(SecureBroker, A_wrong_password_ends_the_program_with_the_reason) {
  const auto command = run(with(log_in("SCRAM-SHA-512", "wrong-secret")));
  const auto code = command->wait(30s);
  ASSERT_TRUE(code) << command->err();
  EXPECT_EQ(code, refused);
  EXPECT_GT(command->count_in_err("to be let in"), 0U) << command->err();
  EXPECT_EQ(command->count_in_err("wrong-secret"), 0U);
}

TEST_F(SecureBroker, A_certificate_of_an_unknown_authority_ends_the_program_with_the_reason) {
  auto settings = with(log_in("PLAIN"));
  settings.emplace_back("kafka.ssl.ca.location=/etc/ssl/certs/ca-certificates.crt");
  const auto command = run(settings);
  const auto code = command->wait(30s);
  ASSERT_TRUE(code) << command->err();
  EXPECT_EQ(code, refused);
  EXPECT_GT(command->count_in_err("ssl.ca.location"), 0U) << command->err();
}

}  // namespace
}  // namespace thalweg
