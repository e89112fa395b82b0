// A hundred swaps of a real model: the memory after the last is the memory after the tenth.
#include <fstream>
#include <malloc.h>
#include <unistd.h>

#include "model/native.h"
#include "model/served_fixture.h"

namespace thalweg {
namespace {

// Without what the allocator only keeps for later: how much that is, is chance.
double resident_mb() {
  ::malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

using SwapMemorySlowNative = ServedTest;

TEST_F(SwapMemorySlowNative, A_hundred_swaps_of_the_tweets_model_leave_no_memory_behind) {
  THALWEG_NEEDS_TENSORFLOW;
  const std::string tweets = THALWEG_SOURCE_DIR "/examples/tweets/model/1";
  dir_.copy(tweets, "1");
  dir_.copy(tweets, "2");
  const auto model = make({{"runtime", "tensorflow"}, {"version", "1"}, {"warm_up_time", "20ms"}});
  const Status opened = model->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  double after_tenth = 0;
  for (int swap = 1; swap <= 100; ++swap) {
    const int to = 1 + swap % 2;
    ASSERT_TRUE(model->prepare(wish_for(std::to_string(to)), swap).ok());
    ASSERT_TRUE(eventually([&] { return model->epoch() == swap; }));
    ASSERT_TRUE(eventually([&] { return status_of(*model, 3 - to).state == VersionState::end; }));
    if (swap == 10) after_tenth = resident_mb();
  }
  const double after_last = resident_mb();
  RecordProperty("after_tenth_mb", std::to_string(after_tenth));
  RecordProperty("after_last_mb", std::to_string(after_last));
  std::printf("resident after the tenth swap %.1f MB, after the last %.1f MB (%+.2f %%)\n",
              after_tenth, after_last, 100 * (after_last / after_tenth - 1));
  EXPECT_LE(after_last, 1.02 * after_tenth);
}

}  // namespace
}  // namespace thalweg
