// A password that stands in a pipeline file, or comes to it, is used and never seen again: not in what the commands print, not in the
// log of a run at its loudest, not on the endpoint, not in the error about it.
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
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
    EXPECT_EQ(ran.code, 3) << wrong << ran.out << ran.err;
  }
  const Ran key = run_thalweg({"check", file, "--offline", "--set", "kafka.ssl.key.pem=hush7"});
  expect_silence(key, "a key is read where TLS begins");
  EXPECT_EQ(key.code, 0) << key.out << key.err;
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

// Programs that stand in for those that fetch: they keep what they were given, and fail.
class FetchSecrets : public Secrets {
 protected:
  FetchSecrets() {
    write_program("curl");
    write_program("fetcher");
    path_before_ = std::getenv("PATH");
    ::setenv("PATH", (folder.path("") + ":" + path_before_).c_str(), 1);
  }
  ~FetchSecrets() override { ::setenv("PATH", path_before_.c_str(), 1); }
  void write_program(const std::string& name) const {
    const std::string path = folder.write(
        name, "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" + folder.path("words") + "'\ncat > '" +
                  folder.path("input") + "'\necho \"no way for $*\" >&2\nexit 7\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  Ran check(const std::string& version, const std::string& more = "") const {
    return run_thalweg(
        {"check",
         folder.write(
             "fetched.yaml",
             "pipeline: sums\nmodels: { m: { version: \"" + version + "\"" + more +
                 " } }\nfrom: { topic: n, start: earliest, format: text }\nsteps: [ infer: "
                 "m ]\nto: { topic: s }\n"),
         "--offline"});
  }
  const std::string hash = "#sha256=" + std::string(64, 'a');

 private:
  std::string path_before_;
};

TEST_F(FetchSecrets, A_version_s_address_is_shown_without_who_comes_and_without_tokens) {
  const Ran ran = check("https://ann:hush7@127.0.0.1:1/m/3?sig=hush7-signature&hush7-bare" + hash);
  expect_silence(ran, "check");
  EXPECT_EQ(ran.code, 4) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err,
              HasSubstr("'https://***@127.0.0.1:1/m/3/manifest.json?sig=***&***'"));
  EXPECT_THAT(folder.read("words"), Not(HasSubstr(mark))) << "every user can read these";
  EXPECT_EQ(folder.read("input"),
            "url = \"https://ann:hush7@127.0.0.1:1/m/3/manifest.json?sig=hush7-signature&hush7-bare"
            "\"\n");
}

TEST_F(FetchSecrets, The_words_of_a_fetch_command_are_not_shown_also_when_it_repeats_them) {
  const std::string uri = "s3://ann:hush7-word@bucket/m/3?token=hush7-token" + hash;
  for (const char* command :
       {"[fetcher, \"--key=${TEST_PASSWORD}\", \"${file:secret.txt}\", \"{uri}\", \"{dir}\"]",
        "\"fetcher --key=${TEST_PASSWORD} {uri} {dir}\"",
        "[no-such-program, \"${TEST_PASSWORD}\", \"{uri}\"]"}) {
    const Ran ran = check(uri, std::string(", fetch: ") + command);
    expect_silence(ran, command);
    EXPECT_EQ(ran.code, 4) << ran.out << ran.err;
    EXPECT_THAT(ran.out + ran.err, HasSubstr("fetch")) << command;
  }
  EXPECT_THAT(folder.read("words"), HasSubstr("--key=hush7-variable")) << "they are used";
}

TEST_F(FetchSecrets, No_mistake_in_an_address_shows_it) {
  for (const std::string& version : std::vector<std::string>{
           "https://ann:hush7@127.0.0.1:1/m/3",
           "https://127.0.0.1:1/m/3?sig=hush7#sha256=abc",
           "https://ann:hu/sh7@127.0.0.1:1/hush7@x/m/3" + hash,
           "https://ann:x#hush7@127.0.0.1:1/m/3" + hash,
           "s3://ann:hush7@bucket/m/3?hush7" + hash,
           "https:ann:hush7@127.0.0.1/m" + hash,
       }) {
    const Ran ran = check(version);
    expect_silence(ran, version);
    EXPECT_NE(ran.code, 0) << version << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("model 'm'")) << version;
  }
}

TEST_F(FetchSecrets, A_change_of_models_is_shown_and_kept_in_the_history_without_them) {
  const std::string path = folder.write(
      "state.yaml", std::string(sum_pipeline) + "state_directory: " + folder.path("state") + "\n");
  const std::string uri = "https://ann:hush7@127.0.0.1:1/m/3?sig=hush7" + hash;
  const std::vector<std::vector<std::string>> commands{
      {"models", "route", path, "adder", "b=10%@" + uri},
      {"models", "route", path, "adder", "b=20%", "--json"},
      {"models", "shadow", path, "adder", uri},
      {"models", "list", path},
      {"models", "status", path},
      {"models", "status", path, "--json"},
      {"check", path, "--offline"},
      {"models", "rollback", path, "adder"},
  };
  for (const auto& command : commands) {
    const Ran ran = run_thalweg(command);
    expect_silence(ran, command[1]);
    EXPECT_EQ(ran.code, 0) << command[1] << ran.out << ran.err;
    EXPECT_THAT(ran.out, command[0] == "check" ? HasSubstr("") : HasSubstr("https://***@"))
        << command[1];
  }
  const Ran wrong = run_thalweg({"models", "route", path, "adder", "b=x@" + uri});
  expect_silence(wrong, "wrong");
  std::string kept, history;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path("state"))) {
    if (!entry.is_regular_file()) continue;
    const bool is_history = entry.path().string().find("audit") != std::string::npos;
    (is_history ? history : kept) += read_file(entry.path());
  }
  EXPECT_THAT(kept, HasSubstr(uri)) << "the record itself needs it, also after it was read back";
  EXPECT_THAT(kept, Not(HasSubstr("***")));
  EXPECT_THAT(history, HasSubstr("https://***@"));
  EXPECT_THAT(history, Not(HasSubstr(mark)));
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
