// A dead letter without a broker: its reason, which ones are meant, what is sent again, what is shown.
#include "cli/dead_letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/json_value.h"
#include "cli/thalweg_process.h"

namespace thalweg::cli {
namespace {

using test::Folder;
using test::run_thalweg;
using testing::HasSubstr;
using testing::Not;

DeadLetter letter(const std::string& code, std::int64_t offset = 17) {
  DeadLetter l;
  l.at = {"fraud.dead", {1}};
  l.offset = {offset};
  l.timestamp = {1'700'000'000'123};
  l.key = "card-7";
  l.value = R"({"amount": "much"})";
  l.headers = {{"trace", "abc"},
               {"__thalweg.errors.topic", "payments"},
               {"__thalweg.errors.partition", "3"},
               {"__thalweg.errors.offset", "1234"},
               {"__thalweg.errors.stage", "decode"},
               {"__thalweg.errors.code", code},
               {"__thalweg.errors.message", "/amount: expected a number; got 'much'"},
               {"__thalweg.errors.pipeline", "fraud"}};
  return l;
}

TEST(DeadLetter, The_newest_reason_counts) {
  DeadLetter l = letter("wrong_type");
  l.headers.emplace_back("__thalweg.errors.code", "too_old");
  EXPECT_EQ(l.error("code"), "too_old");
  EXPECT_EQ(l.error("stage"), "decode");
  EXPECT_EQ(l.error("model"), "");
}

TEST(DeadLetter, What_is_sent_again_has_the_record_s_headers_a_count_and_where_it_was) {
  EXPECT_EQ(letter("wrong_type").replay_headers(),
            (MessageHeaders{{"trace", "abc"},
                            {"__thalweg.replays", "1"},
                            {"__thalweg.replay.of", "fraud.dead[1]@17"}}));
  DeadLetter again = letter("wrong_type");
  again.headers.insert(again.headers.begin(),
                       {{"__thalweg.replays", "2"}, {"__thalweg.replay.of", "fraud.dead[0]@3"}});
  EXPECT_EQ(again.replays(), 2);
  EXPECT_EQ(again.replay_headers(), (MessageHeaders{{"trace", "abc"},
                                                    {"__thalweg.replays", "3"},
                                                    {"__thalweg.replay.of", "fraud.dead[1]@17"}}));
}

TEST(DeadLetter, A_count_that_somebody_wrote_too_large_stays_at_the_end_and_does_not_begin_again) {
  for (const char* count : {"2147483647", "2147483648", "99999999999999999999"}) {
    DeadLetter l = letter("wrong_type");
    l.headers.emplace_back("__thalweg.replays", count);
    EXPECT_EQ(l.replays(), 2147483647) << count;
    EXPECT_EQ(l.replay_headers()[1].second, "2147483647") << count;
  }
  DeadLetter negative = letter("wrong_type");
  negative.headers.emplace_back("__thalweg.replays", "-99999999999999999999");
  EXPECT_EQ(negative.replays(), 0);
}

TEST(DeadLetter, Headers_that_are_no_text_are_still_shown_as_json) {
  DeadLetter l = letter("wrong_type");
  l.headers.emplace_back("na\xffme", "value");
  l.headers.emplace_back("__thalweg.errors.message", "\xc3(");
  const std::string json = to_json(l);
  EXPECT_TRUE(parse_json(json).ok()) << json;
  EXPECT_NE(json.find("na\xef\xbf\xbdme"), std::string::npos) << json;
  DeadGroups groups;
  groups.add(l);
  EXPECT_TRUE(parse_json(groups.to_json()).ok()) << groups.to_json();
}

TEST(DeadLetter, A_selection_holds_what_all_its_parts_hold) {
  const DeadLetter l = letter("wrong_type");
  DeadSelection s;
  EXPECT_TRUE(s.everything());
  EXPECT_TRUE(s.holds(l));
  s.codes = {"not_json", "wrong_type"};
  s.stages = {"decode"};
  s.topics = {"payments"};
  s.partition = 1;
  s.offsets = {10, 17};
  s.since_ms = 1'700'000'000'123;
  s.until_ms = 1'700'000'000'124;
  EXPECT_FALSE(s.everything());
  EXPECT_TRUE(s.holds(l));
  for (auto change : std::vector<std::function<void(DeadSelection&)>>{
           [](auto& t) { t.codes = {"not_json"}; }, [](auto& t) { t.stages = {"infer"}; },
           [](auto& t) { t.topics = {"p"}; }, [](auto& t) { t.partition = 0; },
           [](auto& t) {
             t.offsets = {18, 20};
           },
           [](auto& t) { ++*t.since_ms; }, [](auto& t) { --*t.until_ms; }}) {
    DeadSelection other = s;
    change(other);
    EXPECT_FALSE(other.holds(l));
  }
}

TEST(DeadLetter, Offsets_are_one_or_a_range) {
  EXPECT_EQ(*parse_offsets("17"), (std::pair<std::int64_t, std::int64_t>{17, 17}));
  EXPECT_EQ(*parse_offsets("10-20"), (std::pair<std::int64_t, std::int64_t>{10, 20}));
  for (const char* text : {"", "x", "-3", "20-10", "1-", "1-2-3"})
    EXPECT_FALSE(parse_offsets(text).ok()) << text;
}

TEST(DeadLetter, Groups_are_counted_by_code_and_stage_the_largest_first) {
  DeadGroups groups;
  groups.add(letter("not_json", 1));
  for (int i = 2; i < 1202; ++i) groups.add(letter("wrong_type", i));
  EXPECT_EQ(groups.count(), 1201U);
  const std::string text = groups.to_text(200);
  EXPECT_LT(text.find("wrong_type"), text.find("not_json"));
  EXPECT_THAT(text, HasSubstr("1,200"));
  EXPECT_THAT(text, HasSubstr("1@2 /amount: expected a number"));
  EXPECT_THAT(text, HasSubstr("2023-11-14 22:13:20.123"));
  auto first = parse_json(groups.to_json().substr(0, groups.to_json().find('\n')));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->find("count")->text, "1200");
}

TEST(DeadLetter, Shown_to_people_it_has_its_reason_its_own_headers_and_its_value) {
  const std::string text = to_text(letter("wrong_type"));
  for (const char* part : {"fraud.dead[1]@17", "wrong_type", "decode", "payments[3]@1234",
                           "trace: abc", "card-7", R"({"amount": "much"})"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("__thalweg")));
}

TEST(DeadLetter, Bytes_that_are_no_text_are_shown_as_numbers_and_kept_whole_for_scripts) {
  DeadLetter l = letter("not_utf8");
  l.value = std::string("\x00\xff\x01", 3);
  l.key = std::nullopt;
  EXPECT_THAT(to_text(l), HasSubstr("00 ff 01"));
  auto json = parse_json(to_json(l));
  ASSERT_TRUE(json.ok()) << to_json(l);
  EXPECT_EQ(json->find("value_base64")->text, "AP8B");
  EXPECT_EQ(json->find("key")->kind, Json::Kind::null);
  EXPECT_EQ(json->find("error")->find("code")->text, "not_utf8");
}

TEST(DeadLetter, A_message_without_a_reason_is_shown_as_it_is) {
  DeadLetter l;
  l.at = {"d", {0}};
  l.offset = {0};
  EXPECT_THAT(to_text(l), HasSubstr("(null)"));
  EXPECT_TRUE(parse_json(to_json(l)).ok()) << to_json(l);
  DeadGroups groups;
  groups.add(l);
  EXPECT_THAT(groups.to_text(120), HasSubstr("–"));
}

TEST(DeadCommand, Dropping_needs_a_choice_and_nothing_else_is_asked_of_a_broker_before) {
  const Folder folder;
  const std::string file = folder.write(
      "p.yaml",
      "pipeline: p\nkafka: {bootstrap.servers: '127.0.0.1:1'}\nfrom: {topic: a, start: earliest, "
      "fields: {x: float32}}\nto: b\ndead_letters: d\n");
  const auto drop = run_thalweg({"dead", "drop", file});
  EXPECT_EQ(drop.code, 2);
  EXPECT_THAT(drop.err, HasSubstr("--all"));
  EXPECT_EQ(run_thalweg({"dead", "list", file, "--offset", "x"}).code, 2);
  EXPECT_EQ(run_thalweg({"dead", "list", file, "--since", "yesterday"}).code, 2);
  EXPECT_EQ(run_thalweg({"dead", "list", file, "--again"}).code, 2);
  EXPECT_EQ(run_thalweg({"dead", "bury", file}).code, 2);
  for (const char* action : {"list", "show"}) {
    for (const char* flag : {"--dry-run", "--all"}) {
      const auto meaningless = run_thalweg({"dead", action, file, flag});
      EXPECT_EQ(meaningless.code, 2) << action << flag;
      EXPECT_THAT(meaningless.err, HasSubstr(std::string(flag) + " belongs to")) << action;
    }
  }
  const auto none = run_thalweg({"dead", "list", file, "--set", "dead_letters="});
  EXPECT_EQ(none.code, 3);
  EXPECT_THAT(none.err, HasSubstr("dead_letters.topic"));
  const auto nowhere = run_thalweg({"dead", "replay", file});
  EXPECT_EQ(nowhere.code, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("retry_topic"));
}

}  // namespace
}  // namespace thalweg::cli
