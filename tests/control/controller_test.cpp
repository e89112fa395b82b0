#include "control/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/controller_fixture.h"

namespace thalweg::control {
namespace {

using test::ControllerTest;
using test::FakeModel;
using test::HandClock;
using test::Process;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST_F(ControllerTest, A_lone_process_moves_as_soon_as_it_is_prepared) {
  Process one(entries, "one", clock);
  ASSERT_TRUE(one.controller->begin().ok());
  EXPECT_TRUE(one.model.opened);
  one.controller->turn();
  one.model.auto_load = false;
  auto changed = set_version(one.desk, "4");
  ASSERT_TRUE(changed.ok()) << changed.error().message();
  one.controller->turn();
  EXPECT_EQ(one.model.wish_epoch, changed->epoch);
  EXPECT_EQ(one.model.active, -1) << "not before it is loaded";
  one.model.ready = true;
  one.controller->turn();
  EXPECT_EQ(one.model.active, changed->epoch);
  EXPECT_EQ(one.model.serving.variants.front().version, "4");
}

TEST_F(ControllerTest, Figures_of_an_A_B_test_go_with_words_that_are_due_and_cause_none) {
  for (const bool shared : {true, false}) {
    Process one(entries, shared ? "one" : "two", clock, shared);
    ASSERT_TRUE(one.controller->begin().ok());
    one.controller->turn();
    const auto posted = entries->next;
    for (int rows = 1; rows <= 20; ++rows) {
      one.ab["m"] = R"({"epoch":3,"rows":)" + std::to_string(rows) + "}";
      one.controller->turn();
    }
    EXPECT_EQ(entries->next, posted) << "rows come all the time";
    clock.ms += 3'334;  // a third of `alive`
    one.controller->turn();
    EXPECT_EQ(entries->next, posted + 1);
    one.controller->turn();
    const auto told = one.desk.look([&](const Board& b) {
      return b.processes("p").at(shared ? "one" : "two").heartbeat.models.at("m").ab;
    });
    EXPECT_EQ(told, R"({"epoch":3,"rows":20})");
    clock.ms += 3'334;
    one.controller->turn();
    EXPECT_EQ(entries->next, posted + (shared ? 2 : 1)) << "who shares nothing is silent";
  }
}

// What the two seconds of a change are made of, without the time of a machine: how often a process must look.
TEST_F(ControllerTest, Four_looks_of_each_process_are_enough_for_all_to_serve_what_is_written) {
  for (const std::size_t count : {1U, 2U, 5U}) {
    entries = std::make_shared<MemoryEntries>();
    std::vector<std::unique_ptr<Process>> all;
    for (std::size_t i = 0; i < count; ++i)
      all.push_back(std::make_unique<Process>(entries, "p" + std::to_string(i), clock));
    for (auto& one : all) ASSERT_TRUE(one->controller->begin().ok());
    for (int settle = 0; settle < 3; ++settle)
      for (auto& one : all) one->controller->turn();
    MemoryLog people_log(entries, true);
    Desk people(people_log, clock);
    const auto changed = set_version(people, "4");
    ASSERT_TRUE(changed.ok()) << changed.error().message();
    int looks = 0;
    const auto converged = [&] {
      (void)people.refresh();
      return people.look([&](const Board& b) {
        return control::converged(
            b, {"p", "m", {}, clock.monotonic(), std::chrono::milliseconds(10'000)});
      });
    };
    for (; looks < 20 && !converged(); ++looks)
      for (auto& one : all) one->controller->turn();
    EXPECT_LE(looks, 4) << count << " processes";
    for (auto& one : all) EXPECT_EQ(one->model.active, changed->epoch);
  }
}

TEST_F(ControllerTest, Routes_move_when_all_live_processes_are_prepared) {
  Process one(entries, "one", clock), two(entries, "two", clock);
  for (Process* p : {&one, &two}) ASSERT_TRUE(p->controller->begin().ok());
  for (int i = 0; i < 2; ++i) {
    one.controller->turn();
    two.controller->turn();
  }
  two.model.auto_load = false;
  const auto epoch = set_version(one.desk, "4")->epoch;
  for (int i = 0; i < 4; ++i) {
    one.controller->turn();
    two.controller->turn();
  }
  EXPECT_EQ(one.model.active, -1) << "the other one is still loading";
  two.model.ready = true;
  for (int i = 0; i < 3; ++i) {
    two.controller->turn();
    one.controller->turn();
  }
  EXPECT_EQ(one.model.active, epoch);
  EXPECT_EQ(two.model.active, epoch);
  EXPECT_TRUE(one.desk.look(
      [&](const Board& b) { return converged(b, one.controller->question(one.model)); }));
}

TEST_F(ControllerTest,
       A_process_that_grew_silent_holds_up_nobody_and_a_slow_one_only_when_all_must_be_ready) {
  Process one(entries, "one", clock), dead(entries, "dead", clock);
  for (Process* p : {&one, &dead}) ASSERT_TRUE(p->controller->begin().ok());
  dead.controller->turn();
  one.controller->turn();
  const auto epoch = set_version(one.desk, "4")->epoch;
  for (int i = 0; i < 3; ++i) one.controller->turn();
  EXPECT_EQ(one.model.active, -1);
  for (int i = 0; i < 4; ++i) {
    clock.ms += 3'500;
    one.controller->turn();
    one.controller->turn();
  }
  EXPECT_EQ(one.model.active, epoch);

  Process half(entries, "half", clock, true, 0.5), slow(entries, "slow", clock);
  for (Process* p : {&half, &slow}) ASSERT_TRUE(p->controller->begin().ok());
  slow.model.auto_load = false;
  half.controller->turn();
  slow.controller->turn();
  const auto next = set_version(half.desk, "5")->epoch;
  one.controller->turn();
  for (int i = 0; i < 3; ++i) {
    half.controller->turn();
    one.controller->turn();
  }
  EXPECT_EQ(half.model.active, next) << "two of three are more than half";
}

TEST_F(ControllerTest, After_an_outage_the_others_are_not_taken_for_dead) {
  Process one(entries, "one", clock), two(entries, "two", clock);
  for (Process* p : {&one, &two}) ASSERT_TRUE(p->controller->begin().ok());
  two.controller->turn();
  one.controller->turn();
  one.controller->turn();
  // An hour of which nobody heard; the first thing that comes is a change.
  clock.ms += 3'600'000;
  MemoryLog people(entries, true);
  Desk desk(people, clock);
  const auto epoch = set_version(desk, "4")->epoch;
  one.controller->turn();
  EXPECT_NE(one.model.active, epoch) << "its own word has not come back yet";
}

TEST_F(ControllerTest, A_version_that_is_refused_changes_nothing_and_is_said_once) {
  Process one(entries, "one", clock);
  ASSERT_TRUE(one.controller->begin().ok());
  one.controller->turn();
  one.model.broken = {"4"};
  (void)set_version(one.desk, "4");
  for (int i = 0; i < 3; ++i) one.controller->turn();
  EXPECT_EQ(one.model.active, -1);
  EXPECT_EQ(std::count_if(one.news.begin(), one.news.end(),
                          [](const auto& n) { return n.starts_with("control.refused"); }),
            1);
  const auto report = one.controller->report(one.model);
  EXPECT_EQ(report.refused, "broken");
  EXPECT_EQ(report.active, -1);
}

TEST_F(ControllerTest,
       A_restart_follows_the_record_and_one_that_cannot_be_loaded_gives_way_to_the_state_before) {
  {
    Process one(entries, "one", clock);
    ASSERT_TRUE(one.controller->begin().ok());
    ASSERT_TRUE(set_version(one.desk, "3").ok());
    ASSERT_TRUE(set_version(one.desk, "4").ok());
  }
  Process again(entries, "again", clock);
  ASSERT_TRUE(again.controller->begin().ok());
  EXPECT_EQ(again.model.serving.variants.front().version, "4");
  EXPECT_THAT(again.news, Contains(HasSubstr("the record wins")));
  Process without(entries, "without", clock);
  without.model.broken = {"4"};
  ASSERT_TRUE(without.controller->begin().ok());
  EXPECT_EQ(without.model.serving.variants.front().version, "3");
  EXPECT_EQ(without.controller->report(without.model).refused, "broken");
}

TEST_F(ControllerTest, Reset_returns_to_the_pipeline_file) {
  Process one(entries, "one", clock);
  one.model.file.variants.front().version = "2";
  ASSERT_TRUE(one.controller->begin().ok());
  ASSERT_TRUE(set_version(one.desk, "4").ok());
  for (int i = 0; i < 3; ++i) one.controller->turn();
  EXPECT_EQ(one.model.serving.variants.front().version, "4");
  ASSERT_TRUE(reset(one.desk).ok());
  for (int i = 0; i < 3; ++i) one.controller->turn();
  EXPECT_EQ(one.model.serving.variants.front().version, "2");
  EXPECT_TRUE(one.controller->differences().empty());
}

TEST_F(ControllerTest, Who_starts_after_a_reset_converges_with_the_others) {
  Process old(entries, "old", clock);
  ASSERT_TRUE(old.controller->begin().ok());
  ASSERT_TRUE(set_version(old.desk, "4").ok());
  for (int i = 0; i < 3; ++i) old.controller->turn();
  ASSERT_TRUE(reset(old.desk).ok());
  for (int i = 0; i < 3; ++i) old.controller->turn();
  Process late(entries, "late", clock);
  ASSERT_TRUE(late.controller->begin().ok());
  for (int i = 0; i < 3; ++i) {
    late.controller->turn();
    old.controller->turn();
  }
  const ModelReport report = late.controller->report(late.model);
  EXPECT_EQ(report.prepared, report.wish);
  EXPECT_EQ(report.active, report.wish);
  for (const Process* p : {&old, &late})
    EXPECT_TRUE(p->desk.look(
        [&](const Board& b) { return converged(b, p->controller->question(p->model)); }));
}

TEST_F(ControllerTest, Who_starts_between_a_reset_and_the_move_holds_up_nobody) {
  Process old(entries, "old", clock);
  ASSERT_TRUE(old.controller->begin().ok());
  const auto record = set_version(old.desk, "4")->epoch;
  for (int i = 0; i < 3; ++i) old.controller->turn();
  ASSERT_EQ(old.model.active, record);
  const auto epoch = reset(old.desk)->epoch;
  Process late(entries, "late", clock);
  ASSERT_TRUE(late.controller->begin().ok());
  for (int i = 0; i < 4; ++i) {
    late.controller->turn();
    old.controller->turn();
  }
  EXPECT_EQ(old.model.active, epoch);
  EXPECT_EQ(late.model.active, epoch);
}

TEST_F(ControllerTest, Who_found_the_tombstone_gone_serves_the_file_as_those_who_read_it) {
  Process old(entries, "old", clock);
  ASSERT_TRUE(old.controller->begin().ok());
  ASSERT_TRUE(set_version(old.desk, "4").ok());
  for (int i = 0; i < 3; ++i) old.controller->turn();
  const auto epoch = reset(old.desk)->epoch;
  // Compaction has removed record and tombstone before the old one has moved; the log of the late one lacks them.
  auto rest = std::make_shared<MemoryEntries>();
  Process late(rest, "late", clock);
  ASSERT_TRUE(late.controller->begin().ok());
  late.controller->turn();
  late.controller->turn();
  for (const LogEntry& e : rest->entries) (void)MemoryLog(entries, true).append(e.key, e.value);
  for (int i = 0; i < 3; ++i) old.controller->turn();
  EXPECT_EQ(old.model.active, epoch) << "the late one serves the file's state already";
  EXPECT_TRUE(old.desk.look(
      [&](const Board& b) { return converged(b, old.controller->question(old.model)); }));
}

TEST_F(ControllerTest, An_activation_that_fails_is_said_once_for_each_reason) {
  Process one(entries, "one", clock);
  ASSERT_TRUE(one.controller->begin().ok());
  one.controller->turn();
  one.model.activation = Error(Code::model_unavailable, "not now");
  ASSERT_TRUE(set_version(one.desk, "4").ok());
  const auto said = [&] {
    return std::count_if(one.news.begin(), one.news.end(),
                         [](const auto& n) { return n.starts_with("control.failed"); });
  };
  for (int i = 0; i < 5; ++i) one.controller->turn();
  EXPECT_EQ(said(), 1);
  EXPECT_EQ(one.controller->counts().failures, 1U) << "one failure, however often it is tried";
  one.model.activation = Error(Code::model_unavailable, "another reason");
  for (int i = 0; i < 5; ++i) one.controller->turn();
  EXPECT_EQ(said(), 2);
  one.model.activation.reset();
  one.controller->turn();
  EXPECT_EQ(one.model.serving.variants.front().version, "4");
}

TEST_F(ControllerTest, Who_names_an_epoch_is_refused_when_somebody_was_faster) {
  MemoryLog log(entries, true);
  Desk desk(log, clock);
  const auto first = set_version(desk, "3")->epoch;
  EXPECT_TRUE(set_version(desk, "4", first).ok());
  const auto late = set_version(desk, "5", first);
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.error().message(), HasSubstr("somebody was faster"));
}

// Between another's reading and writing somebody writes; or there is no room to write.
class SlowLog final : public ControlLog {
 public:
  explicit SlowLog(std::shared_ptr<MemoryEntries> entries) : log_(std::move(entries), true) {}
  std::function<void()> before_append;
  std::optional<Error> fails;
  bool history = true;
  Status open() override { return {}; }
  Result<std::vector<LogEntry>> read_to_end() override { return log_.read_to_end(); }
  Result<std::vector<LogEntry>> follow(std::chrono::milliseconds t) override {
    return log_.follow(t);
  }
  Result<std::int64_t> append(const std::string& k, const std::optional<std::string>& v) override {
    if (auto f = std::exchange(before_append, {})) f();
    if (fails) return *fails;
    return log_.append(k, v);
  }
  Status post(const std::string& k, const std::optional<std::string>& v) override {
    return fails ? Status(*fails) : log_.post(k, v);
  }
  Status audit(const std::string& k, const std::string& v) override {
    if (!history) return Error(Code::io_failed, "no right to write the history");
    return fails ? Status(*fails) : log_.audit(k, v);
  }
  bool shared() const noexcept override { return true; }
  std::string where() const override { return "slow"; }

 private:
  MemoryLog log_;
};

TEST_F(ControllerTest, The_last_writer_wins_and_is_told_of_whom_he_replaced_unseen) {
  entries->compacted = false;
  SlowLog log(entries);
  Desk desk(log, clock);
  MemoryLog other_log(entries, true);
  Desk other(other_log, clock);
  log.before_append = [&] { EXPECT_TRUE(set_version(other, "9").ok()); };
  auto changed = set_version(desk, "4");
  ASSERT_TRUE(changed.ok());
  EXPECT_TRUE(changed->written);
  EXPECT_THAT(changed->warning, HasSubstr("somebody wrote epoch 0 between reading -1"));
  ASSERT_TRUE(other.refresh().ok());
  EXPECT_EQ(other.look([](const Board& b) { return b.model("p", "m").epoch; }), changed->epoch);
}

TEST_F(ControllerTest, Where_nothing_can_be_written_changes_are_refused_and_what_serves_goes_on) {
  SlowLog log(entries);
  Desk desk(log, clock);
  FakeModel model{"m"};
  std::vector<std::string> news;
  ControllerOptions options;
  options.pipeline = "p";
  options.process = "one";
  options.news = [&](const ControlNews& n) { news.push_back(n.event + " " + n.text); };
  Controller controller(std::move(options), desk, {&model}, clock);
  ASSERT_TRUE(controller.begin().ok());
  log.fails = Error(Code::io_failed, "no room on the disk");
  for (int i = 0; i < 3; ++i) controller.turn();
  EXPECT_EQ(std::count_if(news.begin(), news.end(),
                          [](const auto& n) { return n.starts_with("control.unwritable"); }),
            1);
  const auto refused = set_version(desk, "4");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("no room on the disk"));
  controller.turn();
  EXPECT_EQ(model.active, -1) << "the file's";

  log.fails.reset();
  const auto changed = set_version(desk, "4");
  ASSERT_TRUE(changed.ok());
  for (int i = 0; i < 3; ++i) controller.turn();
  EXPECT_EQ(model.active, changed->epoch);
}

TEST_F(ControllerTest, A_change_is_told_to_the_history_and_a_dry_run_to_nobody) {
  MemoryLog log(entries, true);
  Desk desk(log, clock);
  auto dry = set_version(desk, "3", {}, true);
  ASSERT_TRUE(dry.ok());
  EXPECT_FALSE(dry->written);
  EXPECT_TRUE(entries->entries.empty());
  (void)set_version(desk, "3");
  ASSERT_EQ(entries->audits.size(), 1u);
  EXPECT_THAT(entries->audits[0].second, HasSubstr(R"("by":"ann")"));
  EXPECT_THAT(entries->audits[0].second, HasSubstr(R"("from_epoch":-1,"to_epoch":0)"));
  EXPECT_FALSE(set_version(desk, "3")->written) << "nothing changes";
  EXPECT_EQ(entries->audits.size(), 1u);
}

TEST_F(ControllerTest, Pause_reaches_every_process_and_outlives_a_restart) {
  Process one(entries, "one", clock);
  ASSERT_TRUE(one.controller->begin().ok());
  MemoryLog log(entries, true);
  Desk desk(log, clock);
  ASSERT_TRUE(desk.pause("p", true, "ann", "").ok());
  one.controller->turn();
  EXPECT_TRUE(one.paused);
  Process again(entries, "again", clock);
  ASSERT_TRUE(again.controller->begin().ok());
  again.controller->turn();
  EXPECT_TRUE(again.paused);
  ASSERT_TRUE(desk.pause("p", false, "ann", "").ok());
  one.controller->turn();
  EXPECT_FALSE(one.paused);
}

TEST_F(ControllerTest, A_pause_whose_line_in_the_history_failed_is_done_and_says_so) {
  SlowLog log(entries);
  Desk desk(log, clock);
  log.history = false;
  const auto done = desk.pause("p", true, "ann", "");
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_THAT(*done,
              HasSubstr("the pipeline is paused, but its line in the history is not written"));
  EXPECT_TRUE(desk.look([](const Board& b) { return b.paused("p"); }));
  log.history = true;
  EXPECT_EQ(*desk.pause("p", false, "ann", ""), "");
  log.fails = Error(Code::io_failed, "no room on the disk");
  EXPECT_FALSE(desk.pause("p", true, "ann", "").ok()) << "then nothing is paused";
}

}  // namespace
}  // namespace thalweg::control
