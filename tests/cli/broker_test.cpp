// Commands against a real broker: demo, dry run and check on the same topics.
#include <algorithm>
#include <cstdlib>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/json_value.h"
#include "cli/thalweg_process.h"
#include "support/topic_config.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CliBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("THALWEG_TEST_KAFKA");
    if (address == nullptr)
      GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker; script/test starts one";
    brokers = address;
    sums = folder.write("sums.yaml", std::string(sum_pipeline) +
                                         "dead_letters: sums.dead\nkafka: { bootstrap.servers: '" +
                                         brokers + "' }\n");
    // Topics of its own, since the broker keeps what earlier runs wrote.
    const std::string mark = std::to_string(::getpid());
    topics = {"--set", "from.topic=numbers-" + mark, "--set", "to.topic=sums-" + mark,
              "--set", "dead_letters=dead-" + mark};
  }
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), topics.begin(), topics.end());
    return run_thalweg(arguments);
  }
  Folder folder;
  std::string brokers, sums;
  std::vector<std::string> topics;
};

TEST_F(CliBroker, Check_looks_for_each_topic_on_the_cluster_where_it_is_read_or_written) {
  const Ran check =
      run({"check", sums, "--timeout", "2", "--set", "from.kafka.bootstrap.servers=127.0.0.1:1",
           "--set", "create_topics.enabled=true"});
  EXPECT_NE(check.code, 0);
  EXPECT_THAT(check.out + check.err, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(check.out, HasSubstr("brokers: " + brokers)) << check.out << check.err;
}

TEST_F(CliBroker, Demo_then_dry_run_then_check_see_the_same_records) {
  std::string lines;
  for (int i = 0; i < 30; ++i)
    lines += "{\"id\":\"r" + std::to_string(i) + "\",\"x\":[" + std::to_string(i % 3) + ",0.5]}\n";
  const Ran demo = run({"demo", sums, "--input", folder.write("in.jsonl", lines), "--rate", "0",
                        "--bootstrap-servers", brokers});
  ASSERT_EQ(demo.code, 0) << demo.out << demo.err;
  EXPECT_THAT(demo.out, HasSubstr("30 records in: 20 forwarded, 10 filtered, 0 dead"));

  // It reads from the beginning, whatever was read before, and leaves no trace.
  for (int i = 0; i < 2; ++i) {
    const Ran dry = run({"run", sums, "--dry-run", "--json"});
    ASSERT_EQ(dry.code, 0) << dry.err;
    EXPECT_EQ(std::count(dry.out.begin(), dry.out.end(), '\n'), 20);
    EXPECT_THAT(dry.out, HasSubstr(R"("value":{"id":"r1","sum":1.5})"));
    EXPECT_THAT(dry.err, HasSubstr("30 records in: 20 forwarded, 10 filtered, 0 dead"));
  }
  EXPECT_THAT(run({"run", sums, "--dry-run", "--limit", "3"}).err, HasSubstr("3 records in"));

  const Ran check = run({"check", sums, "--json"});
  EXPECT_EQ(check.code, 0) << check.out;
  const auto json = cli::parse_json(check.out);
  ASSERT_TRUE(json.ok());
  std::int64_t backlog = 0;
  for (const cli::Json& p : json->find("partitions")->items) {
    EXPECT_EQ(p.find("committed")->kind, cli::Json::Kind::null);
    backlog += static_cast<std::int64_t>(p.find("backlog")->as_double());
  }
  EXPECT_EQ(backlog, 30);
}

TEST_F(CliBroker, Check_compares_what_the_topics_take_with_what_will_be_written) {
  auto admin =
      kafka::Admin::make(*kafka::make_config(kafka::Pairs{{"bootstrap.servers", brokers}}));
  ASSERT_TRUE(admin);
  const std::string mark = "-sizes-" + std::to_string(::getpid());
  for (const char* stem : {"numbers", "sums", "dead"})
    ASSERT_TRUE(admin->create({stem + mark, 1, 1, {}}, std::chrono::seconds(30)));
  topics = {"--set", "from.topic=numbers" + mark, "--set", "to.topic=sums" + mark,
            "--set", "dead_letters=dead" + mark};
  // A dead letter has more headers than its record.
  const Ran narrow = run({"check", sums});
  EXPECT_EQ(narrow.code, 0) << narrow.out;
  EXPECT_THAT(narrow.out, HasSubstr("set max.message.bytes of 'dead" + mark + "' to 1052684"));
  set_topic_config(brokers, "dead" + mark, "max.message.bytes", "1100000");
  EXPECT_THAT(run({"check", sums}).out, Not(HasSubstr("max.message.bytes")));
  // What `run` would end with.
  set_topic_config(brokers, "sums" + mark, "max.message.bytes", "20000");
  const Ran small = run({"check", sums});
  EXPECT_EQ(small.code, 3) << small.out;
  EXPECT_THAT(small.out, HasSubstr("batch.size: 20000"));
}

TEST_F(CliBroker, Check_names_each_topic_that_is_missing_and_what_would_create_it) {
  const Ran missing = run_thalweg({"check", sums});
  EXPECT_EQ(missing.code, 3);
  for (const char* topic : {"'numbers'", "'sums'", "'sums.dead'"}) {
    EXPECT_THAT(missing.out, HasSubstr(topic));
  }
  EXPECT_THAT(missing.out, HasSubstr("set create_topics"));
  const Ran allowed = run_thalweg({"check", sums, "--set", "create_topics=true"});
  EXPECT_EQ(allowed.code, 0) << allowed.out;
  EXPECT_THAT(allowed.out, HasSubstr("create_topics will create it"));
}

}  // namespace
}  // namespace thalweg::test
