// Threads that are left behind: what runs in them cannot be ended, and nobody waits for it any more. A load or a call that hangs, a load under way when
// its model goes.
//
// Such a thread may still run when main() returns. What is destroyed then, our statics and those of TensorFlow, it may be using; and one that hangs while
// a library is being opened holds the lock that the end of the process takes. So a process that has left one behind ends without all that.
#pragma once

#include <cstddef>
#include <thread>

namespace thalweg {

// REQUIRES that it owns all it uses. Any thread.
void leave_behind(std::thread& thread);
// How many ever were; they may have come to their end since. Any thread.
[[nodiscard]] std::size_t left_behind_so_far() noexcept;
// The last line of main(): returns if none was; else what was printed is written out, and the process ends here, with this code.
void end_if_any_left_behind(int exit_code);

}  // namespace thalweg
