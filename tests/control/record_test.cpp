#include "control/record.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/board.h"
#include "control/change.h"

namespace thalweg::control {
namespace {

using ::testing::HasSubstr;

DesiredModel two_variants() {
  DesiredModel state;
  state.variants = {{"champion", "3", 9000}, {"b", "file:///models/x/4#sha256=ab", 1000}};
  state.shadow = DesiredShadow{"5", "side", 0.25};
  state.salt = "pepper \"x\"";
  state.key = "user";
  state.labels = {{"stable", "3"}};
  return state;
}

std::string error_of(std::string_view json) {
  auto record = parse_record(json);
  return record ? "" : record.error().message();
}

TEST(ControlRecord, What_is_written_reads_back_the_same) {
  const ControlRecord record{two_variants(), Before{17, DesiredModel{}}, "route",
                             "ann \xc3\xa9", "because\n\"so\"",          "2026-05-01T08:00:00Z"};
  auto again = parse_record(to_json(record));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(*again, record);
}

TEST(ControlRecord, A_record_that_cannot_be_followed_says_what_was_expected) {
  EXPECT_THAT(error_of("no"), HasSubstr("expected"));
  EXPECT_THAT(error_of("{}"), HasSubstr("format"));
  EXPECT_THAT(error_of(R"({"format":2,"anything":1})"), HasSubstr("expected 1; got 2"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[]}})"), HasSubstr("variants"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[{"version":"3","share":9999}]}})"),
              HasSubstr("add up to 10000"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[{"version":"3","share":10001}]}})"),
              HasSubstr("10000"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[{"versoin":"3","share":10000}]}})"),
              HasSubstr("Did you mean 'version'?"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[{"version":"","share":10000}]}})"),
              HasSubstr("expected a text"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[{"version":"a b","share":10000}]}})"),
              HasSubstr("a label, or a URI"));
  EXPECT_THAT(error_of(R"({"format":1,"format":1})"), HasSubstr("'format' twice"));
  EXPECT_THAT(
      error_of(
          R"({"format":1,"state":{"variants":[{"version":"3","share":10000}],"labels":{"s":"x"}}})"),
      HasSubstr("expected a version number"));
  EXPECT_THAT(error_of(R"({"format":1,"state":{"variants":[{"name":"a","version":"3","share":5000},
                            {"name":"a","version":"4","share":5000}]}})"),
              HasSubstr("each name once"));
}

TEST(ControlChange, A_raised_share_is_taken_from_the_champion_alone) {
  DesiredModel state;
  auto canary = with_route(state, {*parse_route("b=10%@4")});
  ASSERT_TRUE(canary.ok()) << canary.error().message();
  EXPECT_EQ(canary->variants,
            (std::vector<DesiredVariant>{{"champion", "latest", 9000}, {"b", "4", 1000}}));
  auto more = with_route(*canary, {*parse_route("b=20%")});
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(more->variants[0].share, 8000u);
  EXPECT_EQ(more->variants[1].version, "4");
  auto gone = with_route(*more, {*parse_route("b=0%")});
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->variants, (std::vector<DesiredVariant>{{"champion", "latest", 10000}}));
  auto all = with_route(*more, {*parse_route("b=100%"), *parse_route("champion=0%")});
  ASSERT_TRUE(all.ok()) << all.error().message();
  EXPECT_EQ(all->variants, (std::vector<DesiredVariant>{{"b", "4", 10000}}));
}

// Who answers each bucket.
std::vector<std::string> owners(const DesiredModel& state) {
  std::vector<std::string> all;
  for (const DesiredVariant& v : state.variants) all.insert(all.end(), v.share, v.name);
  return all;
}

TEST(ControlChange, Keys_of_who_neither_gains_nor_pays_stay_where_they_are) {
  std::mt19937 random(4711);
  int followed = 0, refused = 0;
  for (int round = 0; round < 2000; ++round) {
    DesiredModel state;
    state.variants.clear();
    const std::size_t count = 3 + random() % 3;
    std::uint32_t left = bucket_count;
    for (std::size_t i = count; i-- > 1;) {
      const std::uint32_t share = random() % (left / 2);
      left -= share;
      state.variants.insert(state.variants.begin(),
                            {std::string(1, static_cast<char>('a' + i)), "1", share});
    }
    state.variants.insert(state.variants.begin(), {"a", "1", left});
    const bool is_new = random() % 4 == 0;
    std::vector<RouteChange> changes{
        {is_new ? "z" : state.variants[1 + random() % (count - 1)].name,
         static_cast<std::uint32_t>(random() % bucket_count), "2"}};
    std::vector<std::string> asked{"a", changes[0].name};
    if (!is_new && random() % 2 == 0) {
      const DesiredVariant& payer = state.variants[1 + random() % (count - 1)];
      if (payer.name != changes[0].name) {
        changes.push_back({payer.name, static_cast<std::uint32_t>(random() % bucket_count), {}});
        asked.push_back(payer.name);
      }
    }
    const auto next = with_route(state, changes);
    if (!next) {
      ++refused;
      continue;
    }
    ++followed;
    const auto before = owners(state), after = owners(*next);
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
      if (std::find(asked.begin(), asked.end(), before[bucket]) != asked.end()) continue;
      ASSERT_EQ(after[bucket], before[bucket]) << describe(state) << " → " << describe(*next);
    }
  }
  EXPECT_GT(followed, 300);
  EXPECT_GT(refused, 100);
}

TEST(ControlChange, A_share_that_could_only_be_raised_over_anothers_keys_says_who_may_pay) {
  DesiredModel state;
  state.variants = {{"champion", "3", 8000}, {"b", "4", 1000}, {"c", "5", 1000}};
  const auto over = with_route(state, {*parse_route("c=20%")});
  ASSERT_FALSE(over.ok()) << describe(*over);
  EXPECT_THAT(over.error().message(), HasSubstr("'b'"));
  EXPECT_THAT(over.error().message(), HasSubstr("b=0% c=20%"));
  EXPECT_THAT(over.error().message(), HasSubstr("b=10% c=20%"));
  EXPECT_FALSE(with_route(state, {*parse_route("c=0%")}).ok());
  const auto paid = with_route(state, {*parse_route("c=15%"), *parse_route("b=5%")});
  ASSERT_TRUE(paid.ok()) << paid.error().message();
  EXPECT_EQ(paid->variants[0].share, 8000U);
  const auto meant = with_route(state, {*parse_route("c=20%"), *parse_route("b=10%")});
  ASSERT_TRUE(meant.ok()) << meant.error().message();
  EXPECT_EQ(meant->variants[0].share, 7000U);
}

TEST(ControlChange, A_new_variant_stands_beside_the_champion_who_pays_for_it) {
  DesiredModel state;
  state.variants = {{"champion", "3", 9000}, {"b", "4", 1000}};
  const auto more = with_route(state, {*parse_route("c=10%@5")});
  ASSERT_TRUE(more.ok()) << more.error().message();
  EXPECT_EQ(more->variants, (std::vector<DesiredVariant>{
                                {"champion", "3", 8000}, {"c", "5", 1000}, {"b", "4", 1000}}));
  EXPECT_TRUE(with_route(*more, {*parse_route("c=20%")}).ok());
}

TEST(ControlChange, A_route_that_makes_no_sense_is_refused_with_a_cure) {
  for (const char* text : {"b", "=10%", "b=", "b=10", "b=-1%", "b=101%", "b=10%@", "b=nan%"})
    EXPECT_FALSE(parse_route(text).ok()) << text;
  const DesiredModel state = two_variants();
  EXPECT_THAT(with_route(state, {*parse_route("c=10%")}).error().message(),
              HasSubstr("'champion' and 'b'"));
  EXPECT_THAT(with_route(state, {*parse_route("b=60%"), *parse_route("c=60%@4")}).error().message(),
              HasSubstr("got 120%"));
  EXPECT_FALSE(with_route(state, {*parse_route("champion=50%")}).ok());
}

TEST(ControlChange, Labels_shadow_and_version_change_nothing_else) {
  const DesiredModel before = two_variants();
  DesiredModel expected = before;
  expected.labels["canary"] = "4";
  EXPECT_EQ(*with_label(before, "canary", "4"), expected);
  EXPECT_FALSE(with_label(before, "canray", "").ok());
  EXPECT_FALSE(with_label(before, "7", "4").ok());
  expected = before;
  expected.shadow.reset();
  EXPECT_EQ(*with_shadow(before, std::nullopt), expected);
  expected = before;
  expected.variants[0].version = "stable";
  EXPECT_EQ(*with_version(before, "", "stable"), expected);
  const DesiredModel all = *with_all_traffic(before, "4");
  ASSERT_EQ(all.variants.size(), 1U) << "b keeps no share";
  EXPECT_EQ(all.variants.front(),
            (DesiredVariant{before.variants.front().name, "4", bucket_count}));
  EXPECT_FALSE(with_label(expected, "stable", "").ok()) << "it is in use";
}

LogEntry entry(std::int64_t offset, std::optional<std::string> value) {
  return {offset, "p/m", std::move(value), -1};
}

TEST(ControlBoard, A_broken_record_is_counted_and_the_state_before_stays) {
  Board board;
  const ControlRecord record{two_variants(), {}, "", "", "", ""};
  EXPECT_FALSE(board.take(entry(4, to_json(record)), {}, 0));
  const auto error = board.take(entry(9, "{\"format\":1}"), {}, 0);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message(), HasSubstr("'p/m' at 9"));
  EXPECT_EQ(board.broken(), 1u);
  const Wanted wanted = board.model("p", "m");
  EXPECT_EQ(wanted.epoch, 4);
  EXPECT_EQ(wanted.record->state, two_variants());
  EXPECT_EQ(wanted.last, 9);
  EXPECT_FALSE(board.take(entry(11, std::nullopt), {}, 0));
  EXPECT_EQ(board.model("p", "m").epoch, 11);
  EXPECT_FALSE(board.model("p", "m").record);
}

TEST(ControlHeartbeat, What_is_written_reads_back_the_same_and_more_is_no_fault) {
  Heartbeat word{"host", 12, true, {}};
  word.models["m"] = {41,
                      -2,
                      17,
                      "because \"x\"",
                      {true, "version 4 does not load"},
                      {{3, "AVAILABLE", "serving", "", "https://***@h/3"}},
                      {}};
  word.models["n"] = {1, 1, 1, "", {}, {}, R"({"epoch":1,"arms":[{"variant":"a","mean":null}]})"};
  auto again = parse_heartbeat(to_node(word).to_json());
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(*again, word);
  EXPECT_TRUE(parse_heartbeat(R"({"format":1,"pid":1,"of_a_later_version":1})").ok());
}

}  // namespace
}  // namespace thalweg::control
