// A process that starts while a change is under way: it begins with what the others serve, and moves with them.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/controller_fixture.h"

namespace thalweg::control {
namespace {

using test::ControllerTest;
using test::Process;
using ::testing::Contains;
using ::testing::HasSubstr;

class Newcomer : public ControllerTest {
 protected:
  // Compaction takes its time, as that of a topic does.
  Newcomer() { entries->compacted = false; }

  static void begin(Process& process) {
    const Status begun = process.controller->begin();
    ASSERT_TRUE(begun.ok()) << begun.error().message();
  }
  static void turns(std::initializer_list<Process*> processes, int count = 4) {
    for (int i = 0; i < count; ++i) {
      for (Process* process : processes) process->controller->turn();
    }
  }
  // Version 3 serves, and nothing more is loaded for now: what is wanted next stays under way. The epoch of 3.
  std::int64_t serve_3_and_stall(Process& process) {
    begin(process);
    const auto epoch = set_version(process.desk, "3")->epoch;
    turns({&process});
    EXPECT_EQ(process.model.active, epoch);
    process.model.auto_load = false;
    return epoch;
  }
  std::int64_t want(Process& process, const std::string& version) {
    const auto epoch = set_version(process.desk, version)->epoch;
    turns({&process});
    return epoch;
  }
  static const std::string& version(const Process& process) {
    return process.model.serving.variants.front().version;
  }
};

TEST_F(Newcomer, Begins_with_what_the_others_serve_and_moves_with_them) {
  Process one(entries, "one", clock), late(entries, "late", clock);
  const auto before = serve_3_and_stall(one);
  const auto next = want(one, "4");
  begin(late);
  EXPECT_EQ(version(late), "3") << "as the other does";
  EXPECT_EQ(late.model.active, before);
  EXPECT_THAT(late.news, Contains(HasSubstr("control.joins")));
  turns({&late, &one});
  EXPECT_TRUE(late.model.prepared(next)) << "it has loaded what is wanted";
  EXPECT_EQ(late.model.active, before) << "and waits for the other";
  one.model.ready = true;
  turns({&one, &late});
  EXPECT_EQ(one.model.active, next);
  EXPECT_EQ(late.model.active, next);
  EXPECT_EQ(version(late), "4");
}

TEST_F(Newcomer, Is_waited_for_by_those_who_are_ready_before_it) {
  Process one(entries, "one", clock), late(entries, "late", clock);
  begin(one);
  turns({&one});
  one.model.auto_load = late.model.auto_load = false;
  const auto next = want(one, "4");
  begin(late);
  EXPECT_EQ(late.model.active, -1) << "the pipeline file's, as the other";
  turns({&late});
  one.model.ready = true;
  turns({&one, &late});
  EXPECT_EQ(one.model.active, -1) << "all live processes must be prepared";
  late.model.ready = true;
  turns({&late, &one});
  EXPECT_EQ(one.model.active, next);
  EXPECT_EQ(late.model.active, next);
}

TEST_F(Newcomer, Serves_what_is_wanted_at_once_when_one_of_the_others_has_moved) {
  Process one(entries, "one", clock, true, 0.5), two(entries, "two", clock),
      late(entries, "late", clock);
  begin(one);
  begin(two);
  turns({&one, &two});
  two.model.auto_load = false;  // half of them are enough for the first
  const auto next = set_version(one.desk, "4")->epoch;
  turns({&one, &two});
  ASSERT_EQ(one.model.active, next);
  ASSERT_EQ(two.model.active, -1);
  begin(late);
  EXPECT_EQ(late.model.active, next);
  EXPECT_EQ(version(late), "4");
}

TEST_F(Newcomer, That_is_alone_serves_what_is_wanted_at_once) {
  Process gone(entries, "gone", clock), late(entries, "late", clock);
  begin(gone);
  turns({&gone});
  ASSERT_TRUE(set_version(gone.desk, "4").ok());
  for (LogEntry& entry : entries->entries) entry.at_ms = clock.ms;
  clock.ms += 20'000;  // twice as long as a process counts as alive
  begin(late);
  EXPECT_EQ(version(late), "4");
}

TEST_F(Newcomer, Does_not_wait_for_those_who_were_killed_amid_the_change) {
  Process killed(entries, "killed", clock), late(entries, "late", clock);
  begin(killed);
  turns({&killed});
  const auto next = set_version(killed.desk, "4")->epoch;
  begin(late);  // the other's last word is fresh
  EXPECT_EQ(late.model.active, -1);
  turns({&late});
  EXPECT_EQ(late.model.active, -1);
  for (int i = 0; i < 4; ++i) {
    clock.ms += 3'500;
    turns({&late}, 2);
  }
  EXPECT_EQ(late.model.active, next);
}

// 11 is under way, and 12 was written on top: the others serve 10.
TEST_F(Newcomer, Finds_what_the_others_serve_below_several_records) {
  Process one(entries, "one", clock), late(entries, "late", clock);
  const auto before = serve_3_and_stall(one);
  (void)want(one, "4");
  const auto next = want(one, "5");
  begin(late);
  EXPECT_EQ(version(late), "3");
  EXPECT_EQ(late.model.active, before);
  one.model.ready = true;
  turns({&one, &late});
  EXPECT_EQ(late.model.active, next);
}

TEST_F(Newcomer, Takes_what_is_wanted_when_the_log_does_not_tell_any_more_what_the_others_serve) {
  Process one(entries, "one", clock);
  (void)serve_3_and_stall(one);
  (void)want(one, "4");
  const auto next = want(one, "5");
  // Compacted: the last record and the last word. Its state before is 4's, which nobody serves.
  auto rest = std::make_shared<MemoryEntries>();
  rest->compacted = false;
  for (const LogEntry& entry : entries->entries) {
    const bool last =
        std::none_of(entries->entries.begin(), entries->entries.end(), [&](const LogEntry& other) {
          return other.key == entry.key && other.offset > entry.offset;
        });
    if (last) rest->entries.push_back(entry);
  }
  rest->next = entries->next;
  Process late(rest, "late", clock);
  begin(late);
  EXPECT_EQ(late.model.active, next);
}

TEST_F(Newcomer, That_cannot_load_what_the_others_serve_takes_what_is_wanted) {
  Process one(entries, "one", clock), late(entries, "late", clock);
  (void)serve_3_and_stall(one);
  const auto next = want(one, "4");
  late.model.broken = {"3"};  // its files are gone
  begin(late);
  EXPECT_EQ(late.model.active, next);
}

TEST_F(Newcomer, Amid_a_reset_serves_the_record_that_the_others_serve) {
  Process one(entries, "one", clock), late(entries, "late", clock);
  const auto before = serve_3_and_stall(one);
  const auto next = reset(one.desk)->epoch;
  turns({&one});
  begin(late);
  EXPECT_EQ(late.model.active, before);
  EXPECT_EQ(version(late), "3");
  one.model.ready = true;
  turns({&one, &late});
  EXPECT_EQ(late.model.active, next);
}

}  // namespace
}  // namespace thalweg::control
