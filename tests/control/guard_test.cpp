#include "control/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/change.h"
#include "control/fake_models.h"
#include "control/guards.h"

namespace thalweg::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

VersionTotals did(std::int64_t version, std::uint64_t rows, std::uint64_t failed = 0,
                  std::uint64_t nans = 0, std::uint64_t call_ns = 1'000'000) {
  VersionTotals totals;
  totals.model = "m";
  totals.version = version;
  totals.rows = rows;
  totals.answered = rows - failed;
  totals.nan_rows = nans;
  totals.times.counts[CallTimes::bucket_of(call_ns)] = 200;
  return totals;
}

NowServing serving(std::int64_t version, std::int64_t epoch = -1) {
  return {epoch, {{"", version}}, false};
}

GuardLimits limits(std::uint64_t rows_min = 1000) {
  GuardLimits limits;
  limits.error_share = 0.01;
  limits.nan_share = 0.01;
  limits.latency_ratio = 2;
  limits.rows_min = rows_min;
  limits.probation = 10min;
  return limits;
}

// Version 1 serves, then version 2, which has done `now` at the end.
std::optional<GuardVerdict> verdict_on(const VersionTotals& now, GuardLimits with = limits(),
                                       std::chrono::nanoseconds after = 1min) {
  Guard guard(with);
  EXPECT_FALSE(guard.look(0s, serving(1), {did(1, 5000)}));
  EXPECT_FALSE(guard.look(1s, serving(2), {did(1, 5000)}));
  return guard.look(1s + after, serving(2), {did(1, 5000), now});
}

TEST(Guard, A_version_as_good_as_the_one_before_stays) {
  EXPECT_FALSE(verdict_on(did(2, 5000, 40, 40, 1'500'000)));
}

TEST(Guard, Too_many_rows_without_an_answer_are_a_verdict_with_both_figures) {
  const auto verdict = verdict_on(did(2, 5000, 60));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->now.version, 2);
  EXPECT_EQ(verdict->before.version, 1);
  EXPECT_EQ(verdict->why,
            "version 2: 1.20 % of 5000 rows without an answer, version 1: 0.00 %; the guard allows "
            "1.00 % more");
}

TEST(Guard, Too_many_NaNs_are_a_verdict) {
  const auto verdict = verdict_on(did(2, 5000, 0, 60));
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->why, HasSubstr("1.20 % of 5000 rows answered with NaN"));
}

TEST(Guard, Slow_calls_are_a_verdict_and_few_of_them_are_not) {
  const auto verdict = verdict_on(did(2, 5000, 0, 0, 5'000'000));
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->why, HasSubstr("99 % of 200 calls within"));
  VersionTotals few = did(2, 5000, 0, 0, 5'000'000);
  few.times.counts[CallTimes::bucket_of(5'000'000)] = guard_calls_min - 1;
  EXPECT_FALSE(verdict_on(few));
}

TEST(Guard, A_call_that_does_not_return_is_a_verdict_though_it_is_never_counted) {
  const auto verdict_after = [](std::chrono::nanoseconds call, std::uint64_t call_ns_before) {
    Guard guard(limits());
    const auto before = did(1, 5000, 0, 0, call_ns_before);
    EXPECT_FALSE(guard.look(0s, serving(1), {before}));
    NowServing now = serving(2);
    now.variants.front().call = call;
    EXPECT_FALSE(guard.look(1s, serving(2), {before}));
    return guard.look(20s, now, {before});
  };
  const auto verdict = verdict_after(12s, 1'000'000);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->why, "version 2: a call has not returned for 12 s");
  EXPECT_FALSE(verdict_after(9s, 1'000'000)) << "that may be chance";
  EXPECT_FALSE(verdict_after(12s, 10'000'000'000)) << "the version before takes as long";
}

TEST(Guard, Nothing_is_judged_before_enough_rows_or_after_the_probation) {
  EXPECT_FALSE(verdict_on(did(2, 999, 999)));
  EXPECT_TRUE(verdict_on(did(2, 1000, 1000)));
  EXPECT_FALSE(verdict_on(did(2, 1000, 1000), limits(), 11min));
  EXPECT_FALSE(verdict_on(did(2, 5000, 5000), limits(5001))) << "of the version before too";
}

TEST(Guard, What_serves_at_the_start_and_what_a_rollback_brings_back_is_not_on_probation) {
  Guard guard(limits());
  EXPECT_FALSE(guard.look(0s, serving(2), {did(2, 5000, 5000)}));
  NowServing back = serving(1, 7);
  back.rolled_back = true;
  EXPECT_FALSE(guard.look(1s, back, {did(1, 5000), did(2, 5000)}));
  EXPECT_FALSE(guard.look(2s, back, {did(1, 9000, 4000), did(2, 5000)}));
  EXPECT_TRUE(guard.idle(back));
}

TEST(Guard, What_the_folder_brings_after_a_rollback_is_on_probation) {
  Guard guard(limits());
  EXPECT_FALSE(guard.look(0s, serving(2), {did(2, 5000)}));
  NowServing back = serving(1, 7);
  back.rolled_back = true;
  EXPECT_FALSE(guard.look(1s, back, {did(1, 5000)}));
  NowServing next = serving(3, 7);
  next.rolled_back = true;
  EXPECT_FALSE(guard.look(2s, next, {did(1, 5000)}));
  const auto verdict = guard.look(3s, next, {did(1, 5000), did(3, 1000, 500)});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->now.version, 3);
  EXPECT_FALSE(verdict->epoch);
}

TEST(Guard, What_a_version_did_in_an_earlier_life_does_not_count) {
  Guard guard(limits());
  const VersionTotals bad_once = did(2, 5000, 5000);
  EXPECT_FALSE(guard.look(0s, serving(1), {did(1, 5000), bad_once}));
  EXPECT_FALSE(guard.look(1s, serving(2), {did(1, 5000), bad_once}));
  EXPECT_FALSE(guard.look(2s, serving(2), {did(1, 5000), did(2, 9000, 5000)}));
  EXPECT_TRUE(guard.look(3s, serving(2), {did(1, 5000), did(2, 9000, 5100)}));
}

TEST(Guard, A_new_variant_is_held_against_the_champion) {
  Guard guard(limits());
  EXPECT_FALSE(guard.look(0s, serving(1), {did(1, 5000)}));
  const NowServing split{3, {{"", 1}, {"b", 2}}, false};
  EXPECT_FALSE(guard.look(1s, split, {did(1, 5000)}));
  const auto verdict = guard.look(2s, split, {did(1, 9000), did(2, 1000, 500)});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->variant, "b");
  EXPECT_EQ(verdict->epoch, 3);
}

// Version 3 as an address brought it: its number is that of a folder.
NowServing fetched(std::int64_t version, std::int64_t epoch) {
  NowServing now = serving(version, epoch);
  now.variants.front().path = "cache/abc";
  now.variants.front().uri = "https://h/3#sha256=abc";
  now.variants.front().in_folder = false;
  return now;
}

VersionTotals fetched_did(std::int64_t version, std::uint64_t rows, std::uint64_t failed) {
  VersionTotals totals = did(version, rows, failed);
  totals.path = "cache/abc";
  return totals;
}

TEST(Guard, A_version_of_the_same_number_from_elsewhere_is_another_one) {
  Guard guard(limits());
  EXPECT_FALSE(guard.look(0s, serving(3), {did(3, 5000)}));
  EXPECT_FALSE(guard.look(1s, fetched(3, 7), {did(3, 5000)}));
  EXPECT_FALSE(guard.idle(serving(3, 7))) << "the one of the folder is not that one";
  const auto verdict = guard.look(2s, fetched(3, 7), {did(3, 5000), fetched_did(3, 1000, 500)});
  ASSERT_TRUE(verdict) << "it is new, and it is held against the one of the folder";
  EXPECT_EQ(verdict->now.path, "cache/abc");
  EXPECT_EQ(verdict->before.path, "");
  EXPECT_FALSE(guard.look(3s, fetched(3, 7), {did(3, 5000, 5000), fetched_did(3, 1000, 500)}))
      << "the one before does worse";
}

// A number whose files were replaced.
NowServing published(std::int64_t version, const std::string& content) {
  NowServing now = serving(version);
  now.variants.front().content = content;
  return now;
}

VersionTotals published_did(std::int64_t version, const std::string& content, std::uint64_t rows,
                            std::uint64_t failed = 0) {
  VersionTotals totals = did(version, rows, failed);
  totals.content = content;
  return totals;
}

TEST(Guard, A_number_that_was_published_anew_is_new_and_has_figures_of_its_own) {
  Guard guard(limits());
  const auto old = published_did(2, "old", 5000);
  EXPECT_FALSE(guard.look(0s, published(2, "old"), {old}));
  EXPECT_FALSE(guard.idle(published(2, "new"))) << "it is another one";
  EXPECT_FALSE(guard.look(1s, published(2, "new"), {old}));
  const auto verdict =
      guard.look(2s, published(2, "new"), {old, published_did(2, "new", 1000, 500)});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->now.content, "new");
  EXPECT_EQ(verdict->before.content, "old");
}

TEST(Guard, What_the_replaced_files_of_a_number_did_excuses_nobody_who_follows_the_new_ones) {
  Guard guard(limits());
  const auto old = published_did(2, "old", 5000, 2500), now = published_did(2, "new", 5000);
  EXPECT_FALSE(guard.look(0s, published(2, "new"), {old, now}));
  EXPECT_FALSE(guard.look(1s, serving(3), {old, now}));
  EXPECT_TRUE(guard.look(2s, serving(3), {old, now, did(3, 1000, 100)}))
      << "a tenth is less than the old files failed, and more than the new ones do";
}

// --- what becomes of a verdict ---

class GuardsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model.file.variants.front().version = "1";
    (void)desk.refresh();
  }
  Guards make(Desk& at) {
    return Guards(
        "p", at, clock, {{&model, limits(), [this] { return now; }}}, [this] { return totals; },
        [this](const ControlNews& n) { news.push_back(n.text); });
  }
  std::int64_t change(const std::function<Result<DesiredModel>(const DesiredModel&)>& f) {
    ChangeRequest request;
    request.pipeline = "p";
    request.model = "m";
    request.action = "route";
    request.by = "ann";
    request.file_state = model.file;
    request.change = [&](const DesiredModel& state,
                         const Wanted&) -> Result<std::optional<DesiredModel>> {
      auto next = f(state);
      if (!next) return std::move(next).error();
      return std::optional(*next);
    };
    auto changed = desk.change(request);
    return changed ? changed->epoch : -2;
  }
  std::int64_t set_version(const std::string& version) {
    return change([&](const DesiredModel& state) { return with_version(state, "", version); });
  }
  std::int64_t set_label(const std::string& label, const std::string& version) {
    return change([&](const DesiredModel& state) { return with_label(state, label, version); });
  }
  Wanted wanted() {
    (void)desk.refresh();
    return desk.look([](const Board& b) { return b.model("p", "m"); });
  }
  test::HandClock clock;
  test::FakeModel model{"m"};
  std::shared_ptr<MemoryEntries> entries = std::make_shared<MemoryEntries>();
  MemoryLog log{entries, true};
  Desk desk{log, clock};
  NowServing now = serving(1);
  std::vector<VersionTotals> totals{did(1, 5000)};
  std::vector<std::string> news;
};

TEST_F(GuardsTest, A_bad_version_is_rolled_back_by_a_record_like_a_persons) {
  Guards guards = make(desk);
  guards.round();
  now = serving(2, set_version("2"));
  guards.round();
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  const Wanted after = wanted();
  ASSERT_TRUE(after.record);
  EXPECT_GT(after.epoch, now.epoch);
  EXPECT_EQ(after.record->action, "rollback");
  EXPECT_EQ(after.record->by, "guard");
  EXPECT_EQ(after.record->state.variants.front().version, "1");
  EXPECT_THAT(after.record->why, HasSubstr("100.00 % of 1000 rows without an answer"));
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(entries->audits.size(), 2U);
  now = serving(1, after.epoch);
  totals.front().answered = 0;
  guards.round();
  EXPECT_EQ(wanted().epoch, after.epoch) << "a rollback is not rolled back";
}

TEST_F(GuardsTest, A_version_that_the_folder_brought_is_answered_by_the_number_of_the_one_before) {
  model.file.variants.front().version = "latest";
  Guards guards = make(desk);
  guards.round();
  now = serving(2);
  guards.round();
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  ASSERT_TRUE(wanted().record);
  EXPECT_EQ(wanted().record->state.variants.front().version, "1");
}

TEST_F(GuardsTest, A_state_before_that_said_latest_becomes_the_number_of_the_version_before) {
  model.file.variants.front().version = "latest";
  Guards guards = make(desk);
  guards.round();
  now = serving(2, set_version("2"));
  guards.round();
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  EXPECT_EQ(wanted().record->state.variants.front().version, "1");
}

TEST_F(GuardsTest, A_state_before_that_named_an_address_is_brought_back_as_it_was) {
  Guards guards = make(desk);
  guards.round();
  now = serving(7, set_version("file:///models/7#sha256=aa"));
  guards.round();
  now = serving(8, set_version("file:///models/8#sha256=bb"));
  totals.push_back(did(7, 5000));
  guards.round();
  totals.push_back(did(8, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(wanted().record->state.variants.front().version, "file:///models/7#sha256=aa");
}

TEST_F(GuardsTest, What_served_is_brought_back_when_the_record_before_had_the_bad_version_too) {
  Guards guards = make(desk);
  guards.round();
  now = serving(7, set_version("file:///models/7#sha256=aa"));
  guards.round();
  (void)set_version("file:///models/8#sha256=bb");
  ChangeRequest labelled;
  labelled.pipeline = "p";
  labelled.model = "m";
  labelled.change = [](const DesiredModel& state,
                       const Wanted&) -> Result<std::optional<DesiredModel>> {
    return std::optional(*with_label(state, "stable", "7"));
  };
  now = serving(8, desk.change(labelled)->epoch);
  totals.push_back(did(7, 5000));
  guards.round();
  totals.push_back(did(8, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_NE(wanted().record->state.variants.front().version, "file:///models/8#sha256=bb");
  EXPECT_EQ(wanted().record->state.labels.at("stable"), "7") << "that brought no version";
}

TEST_F(GuardsTest, Only_the_version_is_taken_back_when_a_later_record_changed_something_else) {
  Guards guards = make(desk);
  guards.round();
  now = serving(2, set_version("2"));
  guards.round();
  const std::int64_t later = change(
      [](const DesiredModel& state) { return with_route(state, {*parse_route("b=20%@1")}); });
  now = {later, {{"champion", 2}, {"b", 1}}, false};
  guards.round();
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(describe(wanted().record->state), "champion 80% version 1, b 20% version 1");
}

TEST_F(GuardsTest, An_address_is_taken_back_to_the_folder_s_version_of_the_same_number) {
  model.file.variants.front().version = "latest";
  now = serving(3);
  totals = {did(3, 5000)};
  Guards guards = make(desk);
  guards.round();
  now = fetched(3, set_version("https://h/3#sha256=abc"));
  guards.round();
  totals.push_back(fetched_did(3, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(wanted().record->state.variants.front().version, "3");
}

TEST_F(GuardsTest, A_number_is_taken_back_to_the_address_that_served_though_it_has_that_number) {
  now = fetched(3, set_version("https://h/3#sha256=abc"));
  totals = {fetched_did(3, 5000, 0)};
  Guards guards = make(desk);
  guards.round();
  // A state before that says 3 means the folder's, which never served.
  (void)set_version("3");
  now = serving(4, set_version("4"));
  guards.round();
  totals.push_back(did(4, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(wanted().record->state.variants.front().version, "https://h/3#sha256=abc");
}

// Something else than the version, by somebody else.
TEST_F(GuardsTest, A_record_on_top_that_asks_for_the_bad_version_too_does_not_keep_it) {
  Guards guards = make(desk);
  guards.round();
  const std::int64_t brought = set_version("2");
  now = serving(2, brought);
  guards.round();
  (void)set_label("stable", "1");  // not followed here yet
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(wanted().record->state.variants.front().version, "1");
}

TEST_F(GuardsTest, Who_was_faster_is_looked_at_again_in_the_next_round) {
  MemoryLog other_log(entries, true);
  Desk other(other_log, clock);
  (void)other.refresh();
  Guards guards = make(other);
  guards.round();
  now = serving(2, set_version("2"));
  (void)other.refresh();
  guards.round();
  (void)set_label("stable", "1");  // the guard's board does not know
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  EXPECT_NE(wanted().record->by, "guard");
  guards.round();
  EXPECT_EQ(wanted().record->by, "guard");
}

TEST_F(GuardsTest, A_route_that_this_process_refuses_leaves_no_bad_version_in_its_place) {
  Guards guards = make(desk);
  guards.round();
  now = serving(2, set_version("2"));
  guards.round();
  const std::int64_t newer = set_version("6");
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  EXPECT_EQ(wanted().epoch, newer) << "the route is about to move";
  model.broken = {"6"};
  (void)model.prepare(wanted().record->state, newer);
  guards.round();
  ASSERT_EQ(wanted().record->by, "guard");
  EXPECT_EQ(wanted().record->state.variants.front().version, "1");
}

TEST_F(GuardsTest, A_rollback_counts_when_it_is_followed) {
  Guards guards = make(desk);
  guards.round();
  now = serving(2, set_version("2"));
  guards.round();
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  ASSERT_EQ(wanted().record->action, "rollback");
  guards.round();
  EXPECT_EQ(guards.rollbacks("m"), 0U) << "version 2 still serves";
  now = serving(1, wanted().epoch);
  guards.round();
  guards.round();
  EXPECT_EQ(guards.rollbacks("m"), 1U);
}

TEST_F(GuardsTest, Files_that_were_replaced_under_their_number_cannot_be_gone_back_to) {
  model.file.variants.front().version = "latest";
  now = published(2, "old");
  totals = {published_did(2, "old", 5000)};
  Guards guards = make(desk);
  guards.round();
  now = published(2, "new");
  guards.round();
  totals.push_back(published_did(2, "new", 1000, 1000));
  guards.round();
  guards.round();
  EXPECT_FALSE(wanted().record) << "number 2 would mean the new files again";
  ASSERT_EQ(news.size(), 1U) << "said once";
  EXPECT_THAT(news[0], HasSubstr("the files of version 2 were replaced"));
}

TEST_F(GuardsTest, Of_two_processes_only_one_writes) {
  MemoryLog other_log(entries, true);
  Desk other(other_log, clock);
  Guards guards = make(desk), others = make(other);
  guards.round();
  others.round();
  now = serving(2, set_version("2"));
  (void)other.refresh();
  guards.round();
  others.round();
  totals.push_back(did(2, 1000, 1000));
  guards.round();
  others.round();
  EXPECT_EQ(entries->audits.size(), 2U) << "the change, and one rollback";
  ASSERT_EQ(news.size(), 2U);
  EXPECT_THAT(news[1], HasSubstr("it is not rolled back"));
}

}  // namespace
}  // namespace thalweg::control
