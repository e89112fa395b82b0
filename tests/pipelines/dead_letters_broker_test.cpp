// Dead letters from beginning to end on a real broker: they are listed, shown, sent again into the pipeline, and dropped.
#include <sstream>

#include <gmock/gmock.h>

#include "cli/json_value.h"
#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using testing::ElementsAre;
using testing::HasSubstr;

class DeadLettersBroker : public test::BrokerPipeline {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (testing::Test::IsSkipped()) return;
    retry_ = test::make_topic(brokers_, "retry");
  }
  // The file does not change: the model that refuses is mended by a setting, as a deployment would.
  [[nodiscard]] std::vector<std::string> settings(bool strict) const {
    return {"dead_letters={topic: " + dead_ + ", retry_topic: " + retry_ + ", replays_max: 2}",
            std::string("models={m: {runtime: fake") + (strict ? ", fail_when: negative}}" : "}}")};
  }
  void bring_in(const std::vector<std::string>& values) const {
    std::vector<test::TestMessage> messages;
    for (const std::string& value : values)
      messages.push_back({.value = value, .key = "k", .partition = 0, .headers = {{"trace", "t"}}});
    test::produce(brokers_, in_, messages);
  }
  struct Said {
    int code;
    std::string out, err;
  };
  Said dead(const std::string& action, const std::vector<std::string>& options = {}) const {
    std::vector<std::string> argv{test::thalweg_binary(), "dead",  action,
                                  folder_ / "p.yaml",     "--set", settings(true)[0]};
    argv.insert(argv.end(), options.begin(), options.end());
    Command command(argv, folder_.path());
    const int code = command.wait().value_or(-1);
    return {code, command.out(), command.err()};
  }
  // What --json promises: each line is a JSON object.
  static std::vector<std::string> objects(const std::string& out) {
    std::vector<std::string> lines;
    std::istringstream text(out);
    for (std::string line; std::getline(text, line);) {
      const auto value = cli::parse_json(line);
      EXPECT_TRUE(value.ok() && line.starts_with('{')) << line;
      lines.push_back(line);
    }
    return lines;
  }
  std::string retry_;
};

const std::string refused = R"({"n":1,"x":-1})", broken = "no json", good = R"({"n":2,"x":2})";

TEST_F(DeadLettersBroker, They_are_listed_by_reason_and_shown_one_by_one) {
  bring_in({refused, broken, good, refused});
  const auto command = run(settings(true));
  Reader reader(brokers_, dead_, 1);
  ASSERT_TRUE(reader.until_count(3)) << command->err();
  ASSERT_EQ(command->stop(), 0) << command->err();

  const Said list = dead("list");
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("3 dead letters in 1 partition"));
  EXPECT_THAT(list.out, HasSubstr("2  invalid_model_input"));
  EXPECT_THAT(list.out, HasSubstr("1  not_json"));
  EXPECT_THAT(dead("list", {"--stage", "decode"}).out, HasSubstr("1 dead letter "));

  const Said show = dead("show", {"--code", "not_json"});
  EXPECT_EQ(show.code, 0);
  EXPECT_THAT(show.out, HasSubstr(broken));
  EXPECT_THAT(show.out, HasSubstr(in_ + "[0]@1"));
  EXPECT_THAT(show.out, HasSubstr("trace: t"));
  EXPECT_EQ(dead("show", {"--code", "too_old"}).code, 1);
}

TEST_F(DeadLettersBroker, Chosen_ones_are_sent_again_once_and_come_out_as_if_they_had_been_good) {
  bring_in({refused, broken, good});
  {
    const auto command = run(settings(true));
    Reader reader(brokers_, dead_, 1);
    ASSERT_TRUE(reader.until_count(2)) << command->err();
    ASSERT_EQ(command->stop(), 0) << command->err();
  }
  const Said dry = dead("replay", {"--code", "invalid_model_input", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("1 dead letter would be sent again")) << dry.err;
  EXPECT_THAT(dead("replay", {"--code", "invalid_model_input"}).out,
              HasSubstr("1 dead letter sent again"));
  EXPECT_THAT(dead("replay", {"--code", "invalid_model_input"}).out,
              HasSubstr("0 dead letters sent again"))
      << "a second time it is there already";
  const auto lines = objects(dead("replay", {"--dry-run", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U) << "the broken one, and the counts";
  EXPECT_THAT(lines[0], HasSubstr("not_json"));
  EXPECT_THAT(lines[1],
              HasSubstr(R"("dry_run":true,"sent":1,"sent_before":1,"replays_max_reached":0)"));
  EXPECT_THAT(objects(dead("replay", {"--code", "invalid_model_input", "--json"}).out),
              ElementsAre(HasSubstr(R"("dry_run":false,"sent":0,"sent_before":1)")));

  const auto command = run(settings(false));
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(reader.until_count(2)) << command->err();
  const auto replayed = std::find_if(reader.all().begin(), reader.all().end(), [](const auto& m) {
    return m.value->find(R"("n":1)") != std::string::npos;
  });
  ASSERT_NE(replayed, reader.all().end());
  EXPECT_EQ(replayed->key, "k");
  EXPECT_EQ(header(*replayed, "trace"), "t");
  EXPECT_EQ(header(*replayed, "__thalweg.replays"), "1");
  EXPECT_EQ(header(*replayed, "__thalweg.errors.code"), "(absent)");
  EXPECT_EQ(command->stop(), 0) << command->err();
}

TEST_F(DeadLettersBroker, A_record_that_dies_again_and_again_is_not_sent_for_ever) {
  bring_in({refused});
  const auto command = run(settings(true));
  Reader reader(brokers_, dead_, 1);
  for (std::size_t died = 1; died <= 3; ++died) {
    ASSERT_TRUE(reader.until_count(died)) << command->err();
    (void)dead("replay");
  }
  EXPECT_EQ(header(reader.all()[2], "__thalweg.replays"), "2");
  const Said last = dead("replay", {"--again"});
  EXPECT_THAT(last.out, HasSubstr("1 died after 2 replays"));
  EXPECT_EQ(command->stop(), 0) << command->err();
}

TEST_F(DeadLettersBroker, Only_chosen_ones_at_the_beginning_are_dropped) {
  bring_in({broken, broken, refused, broken});
  {
    const auto command = run(settings(true));
    Reader reader(brokers_, dead_, 1);
    ASSERT_TRUE(reader.until_count(4)) << command->err();
    ASSERT_EQ(command->stop(), 0) << command->err();
  }
  const Said dry = dead("drop", {"--code", "not_json", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("2 dead letters would be dropped"));
  EXPECT_THAT(objects(dead("drop", {"--code", "not_json", "--dry-run", "--json"}).out),
              ElementsAre(HasSubstr(R"("dry_run":true,"dropped":2,"stay_behind_others":1,)"
                                    R"("partitions":[{"partition":0,"before_offset":2}])")));
  EXPECT_THAT(dead("list").out, HasSubstr("4 dead letters"));
  const Said drop = dead("drop", {"--code", "not_json"});
  EXPECT_EQ(drop.code, 0) << drop.err;
  EXPECT_THAT(drop.out, HasSubstr("all before offset 2"));
  EXPECT_THAT(drop.out, HasSubstr("1 chosen ones stay"));
  EXPECT_THAT(dead("list").out, HasSubstr("2 dead letters"));

  EXPECT_THAT(dead("drop", {"--replayed"}).out, HasSubstr("0 dead letters dropped"));
  (void)dead("replay", {"--code", "invalid_model_input"});
  EXPECT_THAT(dead("drop", {"--replayed"}).out, HasSubstr("1 dead letter dropped"));
  EXPECT_THAT(dead("drop", {"--all"}).out, HasSubstr("1 dead letter dropped"));
  EXPECT_THAT(dead("list").out, HasSubstr("0 dead letters"));
}

TEST_F(DeadLettersBroker, The_retry_topic_is_read_from_its_beginning_whatever_start_says) {
  test::produce(brokers_, retry_, {{.value = good, .key = "early", .partition = 0}});
  bring_in({good});
  std::vector<std::string> all = settings(true);
  all.push_back("from.start=latest");
  const auto command = run(all);
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(reader.until_count(1)) << command->err();
  reader.until_quiet();
  ASSERT_EQ(reader.all().size(), 1U);
  EXPECT_EQ(reader.all()[0].key, "early");
  EXPECT_EQ(command->stop(), 0) << command->err();
}

TEST_F(DeadLettersBroker, A_dead_letter_topic_that_is_not_there_is_an_error_with_its_name) {
  const Said list = dead("list", {"--set", "dead_letters=none-" + dead_});
  EXPECT_EQ(list.code, 3);
  EXPECT_THAT(list.err, HasSubstr("none-" + dead_));
}

}  // namespace
}  // namespace thalweg
