// A password that stands in a pipeline file, or comes to it, is used and never seen again: not in what the commands print, not in the
// log of a run at its loudest, not on the endpoint, not in the error about it.
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

// Each secret's text begins so; nothing else does.
constexpr const char* mark = "hush7";

class Secrets : public ::testing::Test {
 protected:
  Secrets() {
    (void)folder.write("secret.txt", "hush7-file\n");
    ::setenv("TEST_PASSWORD", "hush7-variable", 1);
    file = folder.write("sums.yaml", std::string(sum_pipeline) + rest);
  }
  static void expect_silence(const Ran& ran, const std::string& of) {
    EXPECT_THAT(ran.out, Not(HasSubstr(mark))) << of;
    EXPECT_THAT(ran.err, Not(HasSubstr(mark))) << of;
  }
  // Nobody answers at port 1: what is known before a connection, and what is said about one that fails.
  const std::string rest = R"(
dead_letters: sums.dead
http: { port: 0, token: hush7-token }
log: { level: debug, format: json }
kafka:
  bootstrap.servers: "127.0.0.1:1"
  security.protocol: sasl_plaintext
  sasl.mechanism: PLAIN
  sasl.username: fraud
  sasl.password: hush7-literal
  ssl.key.password: "${TEST_PASSWORD}"
  ssl.keystore.password: "${file:secret.txt}"
  debug: all
)";
  Folder folder;
  std::string file;
};

TEST_F(Secrets, No_command_prints_one) {
  const std::vector<std::vector<std::string>> commands{
      {"check", file, "--timeout", "1"},
      {"check", file, "--timeout", "1", "--json"},
      {"check", file, "--offline"},
      {"describe", file},
      {"describe", file, "--json"},
      {"describe", file, "--format", "dot"},
      {"dead", "list", file, "--timeout", "1"},
      {"models", "list", file, "--timeout", "1"},
      {"models", "status", file, "--timeout", "1"},
      {"models", "status", file, "--url", "http://127.0.0.1:1"},
      {"pause", file, "--url", "http://127.0.0.1:1"},
  };
  for (const auto& command : commands) {
    const Ran ran = run_thalweg(command);
    expect_silence(ran, command.front());
    EXPECT_FALSE(ran.out.empty() && ran.err.empty()) << command.front();
  }
}

TEST_F(Secrets, No_error_about_a_wrong_value_prints_one) {
  for (const char* wrong : {
           "kafka.sasl.password={a: hush7}",
           "kafka.sasl.password=[hush7",
           "kafka.sasl.password=\"hush7",
           "kafka.sasl.pasword=hush7",
           "kafka.ssl.key.pem=hush7",
           "kafka.ssl.key.password=[hush7, hush7]",
           "kafka.sasl.oauthbearer.client.secret={hush7: hush7}",
           "kafka.sasl.jaas.config=hush7",
           "http.token=[hush7]",
           "http.token={hush7: 1}",
           "http.tokn=hush7",
           "http.token.value=hush7",
           "from.kafka.sasl.password=[hush7]",
       }) {
    const Ran ran = run_thalweg({"check", file, "--offline", "--set", wrong});
    expect_silence(ran, wrong);
  }
  for (const char* wrong :
       {"sasl.password: \"hush7", "sasl.password: [hush7", "sasl.password: hush7: x",
        "sasl.password: *hush7", "sasl.password: hush7\n  sasl.password: hush7",
        "sasl.password: \"${file:none}hush7\"", "sasl.password: \"${hush7\""}) {
    const std::string broken =
        folder.write("broken.yaml", std::string(sum_pipeline) + "kafka:\n  " + wrong + "\n");
    const Ran ran = run_thalweg({"check", broken, "--offline"});
    expect_silence(ran, wrong);
    EXPECT_EQ(ran.code, 3) << wrong << ran.out << ran.err;
  }
}

TEST_F(Secrets, No_run_logs_one_and_no_page_of_it_shows_one) {
  const std::string log = folder.path("log");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(to, 1);
    ::dup2(to, 2);
    ::execl(THALWEG_BINARY_DIR "/thalweg", "thalweg", "run", file.c_str(), nullptr);
    ::_exit(127);
  }
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  int port = 0;
  while (port == 0 && std::chrono::steady_clock::now() < give_up) {
    const std::string text = read_file(log);
    const std::string_view key = "127.0.0.1:";
    for (std::size_t at = text.find("http.listening"); at != std::string::npos;) {
      at = text.find(key, at);
      if (at != std::string::npos) port = std::atoi(text.c_str() + at + key.size());
      break;
    }
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_NE(port, 0) << read_file(log);
  httplib::Client client("127.0.0.1", port);
  for (const char* token : {"hush7-token", "wrong"}) {
    for (const char* path : {"/metrics", "/livez", "/readyz", "/v2/models/adder/status", "/v2/",
                             "/v2/models/adder/versions", "/v2/pipelines/sums/status"}) {
      const auto reply = client.Get(path, {{"Authorization", "Bearer " + std::string(token)}});
      ASSERT_TRUE(reply) << path;
      EXPECT_THAT(reply->body, Not(HasSubstr(mark))) << path;
    }
  }
  // Until the client has said that it cannot connect, with all that it says beside it.
  while (read_file(log).find("refused") == std::string::npos &&
         std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(10ms);
  ::kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  const std::string text = read_file(log);
  EXPECT_THAT(text, HasSubstr("sums"));
  EXPECT_THAT(text, Not(HasSubstr(mark)));
}

}  // namespace
}  // namespace thalweg::test
