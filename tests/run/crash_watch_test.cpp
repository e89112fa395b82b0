// A record that ends the process: what the next process makes of it. "Ends" here: a step that never comes back, and a worker that vanishes.
#include "run/crash_watch.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

#include "model/scratch_dir.h"
#include "run/worker.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"
#include "testing/simulation/text_parts.h"

namespace thalweg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using testing_kit::TextDecoder;
using testing_kit::TextEncoder;

// Holds on to a batch that contains the text for ever, as a process that ends in there.
class DeadlyStep final : public Operator {
 public:
  DeadlyStep(std::string text, bool& dead, std::vector<std::size_t>& sizes)
      : text_(std::move(text)), dead_(dead), sizes_(sizes) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return testing_kit::text_schema; }
  [[nodiscard]] Progress process(Batch& batch, const Resume& resume) override {
    resume_ = resume;
    sizes_.push_back(batch.rows().live_count());
    for (std::size_t i = 0; i < batch.rows().live_count(); ++i) {
      const auto text = batch.rows().columns[0].string_row(batch.rows().live(i))[0];
      if (text_ == "*" || text.starts_with(text_)) dead_ = true;
    }
    return dead_ ? Progress::pending : Progress::done;
  }
  // It comes back after all.
  void come_back() {
    dead_ = false;
    resume_();
  }

 private:
  Resume resume_;
  std::string text_;
  bool& dead_;
  std::vector<std::size_t>& sizes_;
};

class CrashWatchTest : public testing::Test {
 protected:
  CrashWatchTest() { log.create("in", 2); }
  void send(std::initializer_list<const char*> values) {
    for (const char* value : values)
      log.append("in", 0, {.value = value, .key = "k", .timestamp = {5}});
  }
  // One life of a process, in which `deadly` ends it. False if that happened.
  bool live(const std::string& deadly) {
    WorkerOptions options;
    options.by_hand = true;
    options.drain.records = records_max;
    if (!commits) options.commit_interval = std::chrono::hours(1);
    options.pipeline = "test";
    std::vector<std::shared_ptr<CrashJournal>> journals;
    for (std::size_t i = 0; i < 2; ++i)
      journals.push_back(CrashJournal::open(folder.path(), "p", i).value());
    options.crash_journal = journals[worker_number];
    options.suspects = std::make_shared<Suspects>(journals);
    options.on_error = [this](const Error& error, bool) { errors.push_back(error.message()); };
    auto chain = std::make_unique<Chain>();
    chain->decoder = std::make_unique<TextDecoder>();
    MemorySink sink;
    bool dead = false;
    sizes.clear();
    auto made_step = std::make_unique<DeadlyStep>(deadly, dead, sizes);
    DeadlyStep& step = *made_step;
    chain->steps.push_back({"infer", "score", std::move(made_step)});
    Output output;
    output.topic = "out";
    output.target = *sink.add_target("out");
    output.value = std::make_unique<TextEncoder>();
    chain->outputs.add(std::move(output));
    if (dead_letters) options.dead_letter_target = *sink.add_target("dead");
    auto made_source = std::make_unique<MemorySource>(log, std::vector<std::string>{"in"});
    MemorySource& source = *made_source;
    Worker worker(options, std::move(made_source), std::move(chain), sink, clock);
    EXPECT_TRUE(worker.open().ok());
    if (at_start) at_start(source, sink);
    for (int i = 0; i < 60 && !dead; ++i) {
      worker.turn();
      if (each_turn) each_turn(i, source);
      clock.advance(std::chrono::milliseconds(100));
    }
    if (dead && inside) inside(Life{worker, source, sink, step});
    failure = worker.failure();
    if (dead || !commits) worker.vanish();
    if (!dead && commits) worker.close();
    for (SentRecord& record : sink.acknowledged()) acknowledged.push_back(std::move(record));
    return !dead;
  }
  int lives_until_it_lives(const std::string& deadly) {
    int lives = 1;
    for (; !live(deadly) && lives < 100; ++lives) {
      if (workers_change) worker_number = 1 - worker_number;
    }
    return lives;
  }
  // Each once: what was not committed when a life ended comes again.
  std::vector<std::string> written(const std::string& topic) {
    std::vector<std::string> values;
    for (const auto& record : acknowledged) {
      if (record.topic == topic && std::ranges::find(values, *record.value) == values.end())
        values.push_back(*record.value);
    }
    return values;
  }

  // For tests that look inside of a life.
  struct Life {
    Worker& worker;
    MemorySource& source;
    MemorySink& sink;
    DeadlyStep& step;
  };
  std::function<void(MemorySource&, MemorySink&)> at_start;
  std::function<void(int turn, MemorySource&)> each_turn;
  std::function<void(const Life&)> inside;  // while the deadly batch is

  ScratchDir folder;
  MemoryLog log;
  std::vector<SentRecord> acknowledged;  // in all lives
  ManualClock clock;
  bool dead_letters = true;
  std::size_t records_max = 1024;  // of a batch
  std::size_t worker_number = 0;   // to which the partitions come in this life, of two
  bool workers_change = false;     // the partitions come to the other one in the next life
  bool commits = true;             // false: each life ends before it has committed anything
  std::vector<std::size_t> sizes;  // of the batches of the last life
  std::vector<std::string> errors;
  std::optional<Error> failure;
};

TEST_F(CrashWatchTest, The_guilty_record_is_a_dead_letter_and_all_others_come_out_in_their_order) {
  send({"a", "b", "bad", "c", "d"});
  EXPECT_EQ(lives_until_it_lives("bad"), 4) << "in company, alone, alone again, and never more";
  EXPECT_THAT(written("out"), ElementsAre("a", "b", "c", "d"));
  ASSERT_THAT(written("dead"), ElementsAre("bad"));
  const SentRecord letter = *std::find_if(acknowledged.begin(), acknowledged.end(),
                                          [](const auto& r) { return r.dead_letter; });
  EXPECT_EQ(letter.header("__thalweg.errors.code"), "crashed_process");
  EXPECT_EQ(letter.header("__thalweg.errors.stage"), "infer");
  EXPECT_EQ(log.committed({"in", {0}})->value, 5);
}

TEST_F(CrashWatchTest, It_is_not_tried_again_while_its_dead_letter_is_not_committed) {
  send({"bad", "a"});
  (void)live("bad"), (void)live("bad"), (void)live("bad");
  commits = false;
  EXPECT_TRUE(live("bad"));
  EXPECT_TRUE(live("bad"));
  EXPECT_EQ(acknowledged.size(), 4u) << "both come twice";
}

TEST_F(CrashWatchTest, Several_are_found_one_after_the_other) {
  send({"bad 1", "a", "bad 2", "bad 3", "b"});
  EXPECT_LE(lives_until_it_lives("bad"), 8) << "what the first search left suspect stays so";
  EXPECT_THAT(written("out"), ElementsAre("a", "b"));
  EXPECT_THAT(written("dead"), ElementsAre("bad 1", "bad 2", "bad 3"));
}

TEST_F(CrashWatchTest, A_process_killed_from_outside_buries_nobody) {
  send({"a", "b", "c"});
  EXPECT_FALSE(live("*"));
  EXPECT_FALSE(live("*")) << "killed while it tries the first one alone";
  EXPECT_TRUE(live("-"));
  EXPECT_THAT(written("out"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(written("dead"), ElementsAre());
  EXPECT_THAT(sizes, ElementsAre(1, 1, 1)) << "suspects go alone";
}

TEST_F(CrashWatchTest, A_record_that_came_through_alone_is_acquitted) {
  send({"a"});
  commits = false;
  EXPECT_FALSE(live("*"));
  EXPECT_FALSE(live("*"));
  EXPECT_TRUE(live("-"));
  EXPECT_FALSE(live("*"));
  EXPECT_FALSE(live("*"));
  EXPECT_TRUE(live("-")) << "the old death alone does not count any more";
  EXPECT_THAT(written("dead"), ElementsAre());
}

TEST_F(CrashWatchTest, What_was_not_inside_goes_together_again) {
  send({"a", "b"});
  EXPECT_FALSE(live("*"));
  send({"c", "d", "e", "f"});
  EXPECT_TRUE(live("-"));
  EXPECT_THAT(sizes, ElementsAre(1, 1, 4));
}

TEST_F(CrashWatchTest, A_clean_end_leaves_nobody_suspect) {
  send({"a", "b"});
  EXPECT_TRUE(live("-"));
  EXPECT_TRUE(CrashJournal::open(folder.path(), "p", 0).value()->entries().empty());
}

TEST_F(CrashWatchTest, Without_dead_letters_the_pipeline_stops_in_front_of_it) {
  dead_letters = false;
  send({"a", "bad"});
  (void)live("bad"), (void)live("bad"), (void)live("bad");
  EXPECT_TRUE(live("bad"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code(), Code::crashed_process);
  EXPECT_THAT(failure->message(), HasSubstr("no dead_letters are configured"));
  EXPECT_EQ(log.committed({"in", {0}})->value, 1);
}

TEST_F(CrashWatchTest, A_model_that_ends_the_process_at_every_record_does_not_bury_them_all) {
  send({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"});
  EXPECT_LT(lives_until_it_lives("*"), 30);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code(), Code::model_failed);
  EXPECT_THAT(failure->message(), HasSubstr("p-0.inside"));
  EXPECT_EQ(written("dead").size(), CrashWatch::sentenced_max);
}

TEST_F(CrashWatchTest, A_suspect_is_tried_alone_at_whichever_worker_its_partition_arrives) {
  send({"a", "b", "bad", "c", "d"});
  workers_change = true;
  EXPECT_EQ(lives_until_it_lives("bad"), 4) << "in company, alone, alone again, and never more";
  EXPECT_THAT(written("out"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(written("dead"), ElementsAre("bad"));
}

TEST_F(CrashWatchTest, What_one_worker_has_acquitted_is_not_tried_again_by_another) {
  send({"a", "b", "c"});
  EXPECT_FALSE(live("*"));
  commits = false;
  worker_number = 1;
  EXPECT_TRUE(live("-"));
  EXPECT_THAT(sizes, ElementsAre(1, 1, 1));
  worker_number = 0;
  EXPECT_TRUE(live("-"));
  EXPECT_THAT(sizes, ElementsAre(3));
}

TEST_F(CrashWatchTest, It_is_alone_also_when_the_batch_before_it_is_acknowledged_meanwhile) {
  records_max = 1;
  send({"a", "bad"});
  commits = false;
  EXPECT_FALSE(live("bad")) << "in company";
  CrashWatch beside(nullptr);  // of another pipeline, say
  const auto may_enter = [&] {
    EventLoop loop;
    RunMailbox mailbox(loop);
    BatchRun run(mailbox);
    const bool may = beside.enter(run);
    if (may) beside.leave(run);
    return may;
  };
  bool looked = false;
  at_start = [](MemorySource&, MemorySink& sink) { sink.cork(); };
  inside = [&](const Life& life) {
    ASSERT_EQ(life.sink.waiting(), 1u) << "a is on its way";
    EXPECT_FALSE(may_enter());
    life.sink.uncork();
    life.worker.turn();
    ASSERT_EQ(life.sink.acknowledged_count(), 1u);
    EXPECT_FALSE(may_enter()) << "beside a suspect, which then dies for it";
    looked = true;
  };
  EXPECT_FALSE(live("bad"));
  EXPECT_TRUE(looked);
  EXPECT_TRUE(may_enter()) << "the life is over";
}

TEST_F(CrashWatchTest, Suspects_that_cannot_be_put_back_at_once_wait_until_they_can) {
  send({"a", "b", "c"});
  EXPECT_FALSE(live("*"));
  at_start = [](MemorySource& source, MemorySink&) {
    source.fail_seeks(Error(Code::timed_out, "source: seek: not now"));
  };
  each_turn = [&](int turn, MemorySource& source) {
    if (turn != 9) return;
    EXPECT_TRUE(sizes.empty()) << "nothing is tried meanwhile";
    source.fail_seeks({});
  };
  EXPECT_TRUE(live("-"));
  EXPECT_THAT(sizes, ElementsAre(1, 1, 1));
  EXPECT_THAT(written("out"), ElementsAre("a", "b", "c"));
  EXPECT_EQ(acknowledged.size(), 3u) << "each once";
  EXPECT_THAT(errors, ElementsAre("source: seek: not now"));
}

// The partition comes back in front of it, and all from there on is to be read.
TEST_F(CrashWatchTest, What_was_to_be_put_back_is_forgotten_with_its_partition) {
  records_max = 2;
  send({"a", "b", "bad", "c"});
  EXPECT_FALSE(live("bad"));
  at_start = [](MemorySource& source, MemorySink&) {
    source.fail_seeks(Error(Code::timed_out, "source: seek: not now"));
  };
  each_turn = [&](int turn, MemorySource& source) {
    if (turn != 3) return;
    EXPECT_THAT(sizes, ElementsAre(2)) << "bad and c are to be put back";
    source.lose({{"in", {0}}});
    source.assign({{"in", {0}}});
    source.fail_seeks({});
  };
  acknowledged.clear();
  EXPECT_TRUE(live("-"));
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1, 1));
  EXPECT_EQ(acknowledged.size(), 6u) << "what had not been committed was written again";
}

TEST_F(CrashWatchTest, A_suspect_whose_partition_goes_while_it_is_inside_is_not_acquitted) {
  send({"bad"});
  EXPECT_FALSE(live("bad"));
  inside = [](const Life& life) {
    life.source.revoke({{"in", {0}}});
    life.worker.turn();
    life.step.come_back();
    for (int i = 0; i < 2; ++i) life.worker.turn();
    EXPECT_EQ(life.worker.metrics().given_up.get(), 1u);
  };
  EXPECT_TRUE(live("bad"));
  const auto journal = CrashJournal::open(folder.path(), "p", 0).value();
  EXPECT_EQ(std::ranges::count(journal->entries(), CrashJournal::State::suspect,
                               &CrashJournal::Entry::state),
            1);
}

TEST(CrashJournal, Its_file_has_one_holder_and_survives_nonsense) {
  ScratchDir folder;
  std::ofstream(folder / "p-0.inside") << std::string(100'000, 'x');
  {
    const auto held = CrashJournal::open(folder.path(), "p", 0);
    ASSERT_TRUE(held.ok()) << held.error().message();
    EXPECT_TRUE((*held)->entries().empty());
    const auto second = CrashJournal::open(folder.path(), "p", 0);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), Code::config_invalid);
    EXPECT_THAT(second.error().message(), HasSubstr("another process holds it"));
    EXPECT_NE((*held)->add(CrashJournal::State::inside, "t", {3}, {5}, {9}), nullptr);
  }
  auto again = CrashJournal::open(folder.path(), "p", 0);
  ASSERT_EQ((*again)->entries().size(), 1u);
  EXPECT_EQ((*again)->entries()[0].state, CrashJournal::State::suspect);
  EXPECT_TRUE((*again)->entries()[0].holds("t", {3}));
}

// As on a disk that is full: no file of this process may grow any more.
TEST(CrashJournal, A_disk_without_room_is_an_error_at_the_start_and_no_crash_later) {
  ScratchDir folder;
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  ::getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit none{4096, usual.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &none);
  const auto journal = CrashJournal::open(folder.path(), "p", 0);
  ::setrlimit(RLIMIT_FSIZE, &usual);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().code(), Code::io_failed);
  EXPECT_THAT(journal.error().message(), HasSubstr("p-0.inside"));
}

TEST(CrashGate, Many_are_inside_together_or_one_alone) {
  CrashGate gate;
  const int a = 0, b = 0;
  EXPECT_TRUE(gate.enter(&a));
  EXPECT_TRUE(gate.enter(&b));
  EXPECT_FALSE(gate.enter_alone(&a)) << "b is inside, and a itself";
  EXPECT_FALSE(gate.enter(&b)) << "newcomers are kept out for the one that waits";
  EXPECT_FALSE(gate.enter_alone(&b)) << "one waits at a time";
  gate.leave();
  gate.leave();
  EXPECT_TRUE(gate.enter_alone(&a));
  EXPECT_FALSE(gate.enter(&b));
  gate.leave();
  gate.let_in(&a);
  EXPECT_TRUE(gate.enter(&b));
  gate.leave();
}

}  // namespace
}  // namespace thalweg
