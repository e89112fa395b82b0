// A version that hangs while it loads or warms up is told, and holds nobody up who asks for another one.
#include <gtest/gtest.h>

#include "model/served_fixture.h"

namespace thalweg {
namespace {

TEST_F(ServedTest, A_warm_up_that_hangs_is_told_and_a_later_wish_is_followed) {
  put(1, 10);
  put(2, 20, "hang_when: always\nhang_for: 500ms\n");
  put(3, 30);
  const auto model =
      make({{"version", "1"}, {"slow_load", "10ms"}, {"warm_up", "1"}, {"warm_up_time", "1ms"}});
  ASSERT_TRUE(model->open().ok());
  model->start();
  ASSERT_TRUE(model->prepare(wish_for("2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return told("model.slow_load") == 1; }));
  EXPECT_EQ(status_of(*model, 2).state, VersionState::warming);
  EXPECT_NE(status_of(*model, 2).reason.find("slow_load"), std::string::npos);
  EXPECT_EQ(serving(*model), 1);
  ASSERT_TRUE(model->prepare(wish_for("3"), 2).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 3; }));
  EXPECT_TRUE(status_of(*model, 2).failed) << "it is left behind, and hangs still";
  EXPECT_EQ(told("model.slow_load"), 1U);
  EXPECT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::start; }))
      << "its thread came to an end: it may be tried again";
  EXPECT_EQ(serving(*model), 3);
}

}  // namespace
}  // namespace thalweg
