#include "chaos/faults.h"

#include <algorithm>
#include <array>

namespace thalweg::chaos {
namespace {

constexpr std::array all{
    Fault{"kill", "SIGKILL to one process; started again a little later", true, kill_one},
    Fault{"kill_all", "SIGKILL to all processes at once", false, kill_all},
    Fault{"kill_loop", "SIGKILL to one process again and again, from its first moment on", false,
          kill_again_and_again},
    Fault{"term", "SIGTERM to one process, which must end with 0; started again", true,
          terminate_one},
    Fault{"freeze", "SIGSTOP longer than the session time-out, then SIGCONT", true, freeze_one},
    Fault{"zombie",
          "SIGSTOP longer than session time-out, transaction time-out and the broker's look at it, "
          "then SIGCONT",
          false, wake_a_zombie},
    Fault{"join_leave", "a third process, sometimes a fourth, joins and leaves", true,
          join_and_leave},
    Fault{"broker_restart", "the broker stops and starts again", false, restart_broker},
    Fault{"broker_kill", "SIGKILL to the broker; started again", true, kill_broker},
    Fault{"broker_disk", "the broker's disk is full: it ends; started again with room", false,
          fill_broker_disk},
    Fault{"cut", "the broker cannot be reached for longer than the session time-out", true, cut},
    Fault{"silence", "nothing passes for longer than the session time-out, connections stay", false,
          silence},
    Fault{"slow_broker", "every answer late and few bytes a second", false, slow_down},
    Fault{"resets", "all connections reset, many times", false, reset_connections},
    Fault{"model_refuses", "the model refuses a third of the rows for a while", true, refuse_many},
    Fault{"model_hangs", "model calls that take longer than the session time-out", false,
          answer_late},
    Fault{"model_crashes",
          "records at which the model takes the process with it; started again each time", false,
          crash_at_some},
    Fault{
        "model_stuck",
        "a record at which the model never returns: the watchdog ends the process with 6; started "
        "again each time",
        false, never_answer},
    Fault{
        "dead_full",
        "the dead-letter topic takes nothing more: the pipeline stops with 4; room is made, and it "
        "is started again",
        true, fill_dead_letters},
    Fault{"partition_added", "a partition is added to the input", true, add_partition},
    Fault{"log_full", "a process whose log goes to a full disk", false, full_log},
    Fault{"state_full",
          "no file of a process may grow, its state directory's neither: it goes on, also after a "
          "restart; one without a directory yet ends with 4",
          false, full_state},
    Fault{"topic_deleted",
          "a topic of a second pipeline is deleted: it must stop with 3 and say which", true,
          delete_topic}};

}  // namespace

std::span<const Fault> faults() {
  return all;
}

const Fault* fault_named(std::string_view name) {
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Fault& f) { return f.name == name; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace thalweg::chaos
