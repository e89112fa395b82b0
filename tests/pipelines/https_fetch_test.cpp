// A version that is fetched: over real TLS, from a server with a certificate made here, whole or not at all.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/fetch.h"
#include "model/served_fixture.h"
#include "pipelines/support/command.h"

namespace thalweg {
namespace {

using test::Command;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class HttpsFetch : public ServedTest {
 protected:
  void SetUp() override {
    Command made({"/usr/bin/env", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                  "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                  "-keyout", words_ / "key.pem", "-out", words_ / "cert.pem"},
                 words_.path());
    ASSERT_EQ(made.wait(), 0) << made.err();
    server_ = std::make_unique<Command>(
        std::vector<std::string>{"/usr/bin/env", "python3",
                                 THALWEG_SOURCE_DIR "/tests/pipelines/https_server.py", dir_.path(),
                                 words_ / "cert.pem", words_ / "key.pem"},
        words_.path());
    ASSERT_TRUE(eventually([&] { return server_->out().find('.') != std::string::npos; }))
        << server_->err();
    port_ = server_->out().substr(5, server_->out().find('.') - 5);
    // As an installation with its own authority does it.
    ::setenv("CURL_CA_BUNDLE", (words_ / "cert.pem").c_str(), 1);
    options_.cache = cache_dir_ / "models";
    options_.timeout = 20s;
    put(7, 70);
    dir_.write("7/weights", std::string(100'000, 'w'));
    seal(7);
    hash_ = *sha256_of_file(dir_ / "7/manifest.json");
  }
  void TearDown() override { ::unsetenv("CURL_CA_BUNDLE"); }

  std::string uri(const std::string& path, const std::string& hash) const {
    return "https://127.0.0.1:" + port_ + "/" + path + "#sha256=" + hash;
  }
  std::string refusal(const std::string& uri) const {
    const auto fetched = fetch_version(uri, options_);
    return fetched.ok() ? "(it is fetched)" : fetched.error().message();
  }
  // Whole versions, and what an attempt left behind.
  std::size_t kept() const {
    std::error_code none;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(options_.cache, none), fs::directory_iterator()));
  }

  ScratchDir words_, cache_dir_;
  std::unique_ptr<Command> server_;
  std::string port_, hash_;
  FetchOptions options_;
};

TEST_F(HttpsFetch, A_version_named_by_its_address_and_hash_serves_and_is_fetched_once) {
  const auto model = make({{"version", uri("7", hash_)}, {"cache", options_.cache}});
  const Status opened = model->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(serving(*model), 7);
  EXPECT_EQ(model->current()->path, options_.cache + "/" + hash_);
  const auto status = model->status();  // the folder that the server shows has a 7 too
  EXPECT_TRUE(std::any_of(status.begin(), status.end(), [&](const VersionStatus& version) {
    return version.version == 7 && version.uri == uri("7", hash_);
  }));
  server_.reset();
  const auto again = make({{"version", uri("7", hash_)}, {"cache", options_.cache}});
  EXPECT_TRUE(again->open().ok()) << "the server is away, the cache is not";
}

TEST_F(HttpsFetch, Another_version_than_was_meant_is_refused) {
  std::string other = hash_;
  std::reverse(other.begin(), other.end());
  EXPECT_THAT(refusal(uri("7", other)), HasSubstr("it is another version than was meant"));
  dir_.write("7/weights", std::string(100'000, 'v'));  // as long, and not the same
  EXPECT_THAT(refusal(uri("7", hash_)), HasSubstr("weights with other content"));
  EXPECT_EQ(kept(), 0U);
}

TEST_F(HttpsFetch,
       A_download_that_is_cut_off_is_refused_whether_the_server_told_its_length_or_not) {
  EXPECT_THAT(refusal(uri("cut/7", hash_)), HasSubstr("it ended with 18"));
  EXPECT_THAT(refusal(uri("short/7", hash_)), HasSubstr("it is half copied"));
  EXPECT_EQ(kept(), 0U);
}

TEST_F(HttpsFetch, A_server_that_cannot_be_trusted_or_has_no_such_version_is_named) {
  EXPECT_THAT(refusal(uri("8", hash_)), HasSubstr("404"));
  ::unsetenv("CURL_CA_BUNDLE");
  EXPECT_THAT(refusal(uri("7", hash_)), HasSubstr("certificate"));
  server_.reset();
  EXPECT_THAT(refusal(uri("7", hash_)), HasSubstr("https://127.0.0.1:" + port_));
  EXPECT_EQ(kept(), 0U);
}

TEST_F(HttpsFetch, What_serves_goes_on_while_a_fetch_fails) {
  put(1, 10);
  const auto model = make({{"version", "1"}, {"cache", options_.cache}});
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(wish_for(uri("cut/7", hash_)), 1).ok());
  ASSERT_TRUE(eventually([&] { return model->refused(1).has_value(); }));
  EXPECT_EQ(serving(*model), 1);
  ASSERT_TRUE(model->prepare(wish_for(uri("7", hash_)), 2).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 7; }));
}

TEST_F(HttpsFetch, A_command_that_fails_hangs_or_brings_another_version_is_told) {
  const std::string uri = "store://x/7#sha256=" + hash_;
  EXPECT_THAT(refusal(uri), HasSubstr("give the model's entry a command that gets store: URIs"));
  options_.command = {"sh", "-c", "echo no such bucket >&2; exit 3"};
  EXPECT_THAT(refusal(uri), HasSubstr("it ended with 3: no such bucket"));
  options_.command = {"no-such-program"};
  EXPECT_THAT(refusal(uri), HasSubstr("is it installed?"));
  options_.command = {"sh", "-c", "exit 0"};
  EXPECT_THAT(refusal(uri), HasSubstr("expected a manifest.json in it; there is none"));
  options_.command = {"sh", "-c", "cp -r \"$1\"/. \"$0\"; : > \"$0\"/weights", "{dir}", dir_ / "7"};
  EXPECT_THAT(refusal(uri), HasSubstr("weights with 0 of 100000 bytes"));
  options_.command = {"sh", "-c", "sleep 60"};
  options_.timeout = 50ms;
  EXPECT_THAT(refusal(uri), HasSubstr("to end in time; it did not"));
  EXPECT_EQ(kept(), 0U);
}

}  // namespace
}  // namespace thalweg
