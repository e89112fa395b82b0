// The disk with the state directory fills up while records pass: what cannot be written is said to who asked for it, and nothing else happens.
#include <gmock/gmock.h>
#include <httplib.h>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Reader;
using ::testing::HasSubstr;

class FullDiskBroker : public test::BrokerPipeline {
 protected:
  // A version answers its own number.
  void write_model() {
    for (int version = 1; version <= 3; ++version)
      folder_.write(fmt::format("m/{}/fake.yaml", version),
                    fmt::format("function: constant\nvalue: {}\n", version));
  }
  [[nodiscard]] std::string history() const { return folder_ / "state/" + group_ + ".audit.jsonl"; }
  struct Answer {
    int status = 0;
    std::string body;
  };
  Answer load(int version) const {
    httplib::Client client("127.0.0.1", port_);
    const auto answer =
        client.Post("/v2/repository/models/m/load",
                    fmt::format(R"({{"parameters":{{"version":"{}","by":"ann"}}}})", version),
                    "application/json");
    return answer ? Answer{answer->status, answer->body} : Answer{};
  }
  static bool scored(const test::TestMessage& m, int version) {
    return m.value->find(fmt::format("\"score\":{}", version)) != std::string::npos;
  }
  int port_ = test::free_port();
};

TEST_F(FullDiskBroker,
       A_change_that_finds_no_room_is_refused_with_the_reason_and_the_stream_goes_on) {
  write_model();
  // The history is long already: there is room for the state, later, and none for its line.
  const std::string long_since(64 << 10, '-');
  folder_.write("state/" + group_ + ".audit.jsonl", long_since + "\n");
  const auto command =
      run({"models={m: {runtime: fake, path: " + folder_ / "m" + ", version: 1}}",
           "state_directory=" + folder_ / "state", fmt::format("http.port={}", port_)});
  Reader reader(brokers_, out_, 2);
  send(0, 10);
  ASSERT_TRUE(reader.until_count(10)) << command->err();

  command->limit_files(0);
  const Answer refused = load(2);
  EXPECT_EQ(refused.status, 500) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr(".control.jsonl"));
  EXPECT_THAT(refused.body, HasSubstr("File too large"));
  send(10, 10);
  ASSERT_TRUE(reader.until_count(20)) << command->err();
  for (const auto& m : reader.all()) EXPECT_TRUE(scored(m, 1)) << *m.value;

  command->limit_files(32 << 10);
  const Answer half = load(2);
  EXPECT_EQ(half.status, 200) << half.body;
  EXPECT_THAT(half.body, HasSubstr("the change is written, but not its line in the history"));
  int sent = 20;
  EXPECT_TRUE(reader.until([&](const auto& all) {
    send(sent++, 1);
    return scored(all.back(), 2);
  })) << command->err();

  command->limit_files(std::nullopt);
  const Answer whole = load(3);
  EXPECT_EQ(whole.status, 200) << whole.body;
  EXPECT_THAT(whole.body, HasSubstr(R"("warning":"")"));
  EXPECT_TRUE(reader.until([&](const auto& all) {
    send(sent++, 1);
    return scored(all.back(), 3);
  })) << command->err();
  EXPECT_TRUE(reader.until_count(static_cast<std::size_t>(sent)));
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(keys(reader.all()).size(), static_cast<std::size_t>(sent));
  EXPECT_EQ(committed_records(), sent);
  std::ifstream file(history());
  std::string first, second, third;
  std::getline(file, first), std::getline(file, second), std::getline(file, third);
  EXPECT_EQ(first, long_since);
  EXPECT_THAT(second, HasSubstr("\"to_epoch\":1")) << "whole, and the first that found room";
  EXPECT_EQ(third, "");
}

}  // namespace
}  // namespace thalweg
