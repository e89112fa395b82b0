// What can be done to the pipelines and what is around them. Each fault is a function that does it and heals it; afterwards the
// conductor measures how long it takes until records come out again.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "chaos/random.h"
#include "chaos/stage.h"

namespace thalweg::chaos {

struct Fault {
  std::string_view name;
  std::string_view what;
  bool in_short_form;
  // Returns in words what it did. It may call stage.mark() where the time to the first output is to begin; else it begins at its end.
  std::string (*run)(Stage& stage, Random& random);
};

[[nodiscard]] std::span<const Fault> faults();
[[nodiscard]] const Fault* fault_named(std::string_view name);

// faults_process.cpp: what happens to a process
std::string kill_one(Stage& stage, Random& random);
std::string kill_all(Stage& stage, Random& random);
std::string kill_again_and_again(Stage& stage, Random& random);
std::string terminate_one(Stage& stage, Random& random);
std::string freeze_one(Stage& stage, Random& random);
std::string wake_a_zombie(Stage& stage, Random& random);
std::string join_and_leave(Stage& stage, Random& random);
std::string full_log(Stage& stage, Random& random);
std::string full_state(Stage& stage, Random& random);

// faults_broker.cpp: what happens to the broker and the way there
std::string restart_broker(Stage& stage, Random& random);
std::string kill_broker(Stage& stage, Random& random);
std::string fill_broker_disk(Stage& stage, Random& random);
std::string cut(Stage& stage, Random& random);
std::string silence(Stage& stage, Random& random);
std::string slow_down(Stage& stage, Random& random);
std::string reset_connections(Stage& stage, Random& random);

// faults_data.cpp: what happens to records and topics
std::string refuse_many(Stage& stage, Random& random);
std::string answer_late(Stage& stage, Random& random);
std::string crash_at_some(Stage& stage, Random& random);
std::string never_answer(Stage& stage, Random& random);
std::string fill_dead_letters(Stage& stage, Random& random);
std::string add_partition(Stage& stage, Random& random);
std::string delete_topic(Stage& stage, Random& random);

}  // namespace thalweg::chaos
