// What can be done to the pipelines and what is around them. Each fault is a function that does it and heals it; afterwards the
// conductor measures how long it takes until records come out again.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "chaos/random.h"
#include "chaos/stage.h"

namespace thalweg::chaos {

// What a fault did, in words, and whether it was felt: a process hit that held partitions, a group that took them away, records refused.
// Where the deed itself is the effect, as with a record that was written, there is nothing more to see.
struct Deed {
  std::string words;
  bool felt = true;
};

struct Fault {
  std::string_view name;
  std::string_view what;
  bool in_short_form;
  // It may call stage.mark() where the time to the first output is to begin; else it begins at its end.
  Deed (*run)(Stage& stage, Random& random);
};

[[nodiscard]] std::span<const Fault> faults();
[[nodiscard]] const Fault* fault_named(std::string_view name);

// faults_process.cpp: what happens to a process
Deed kill_one(Stage& stage, Random& random);
Deed kill_all(Stage& stage, Random& random);
Deed kill_again_and_again(Stage& stage, Random& random);
Deed terminate_one(Stage& stage, Random& random);
Deed freeze_one(Stage& stage, Random& random);
Deed wake_a_zombie(Stage& stage, Random& random);
Deed join_and_leave(Stage& stage, Random& random);
Deed full_log(Stage& stage, Random& random);
Deed full_state(Stage& stage, Random& random);

// faults_broker.cpp: what happens to the broker and the way there
Deed restart_broker(Stage& stage, Random& random);
Deed kill_broker(Stage& stage, Random& random);
Deed fill_broker_disk(Stage& stage, Random& random);
Deed cut(Stage& stage, Random& random);
Deed silence(Stage& stage, Random& random);
Deed slow_down(Stage& stage, Random& random);
Deed reset_connections(Stage& stage, Random& random);

// faults_data.cpp: what happens to records and topics
Deed refuse_many(Stage& stage, Random& random);
Deed answer_late(Stage& stage, Random& random);
Deed crash_at_some(Stage& stage, Random& random);
Deed never_answer(Stage& stage, Random& random);
Deed fill_dead_letters(Stage& stage, Random& random);
Deed add_partition(Stage& stage, Random& random);
Deed delete_topic(Stage& stage, Random& random);

}  // namespace thalweg::chaos
