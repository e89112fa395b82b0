// A version that is slow or hangs while it loads or warms up is told, and holds nobody up: neither who asks for another one, nor a stop.
#include <gtest/gtest.h>

#include "model/left_behind.h"
#include "model/served_fixture.h"

namespace thalweg {
namespace {

class ServedSlow : public ServedTest {
 protected:
  std::shared_ptr<ServedModel> make_slow(const std::string& version) {
    return make({{"version", version}, {"slow_load", "10ms"}, {"warm_up", "off"}});
  }
};

TEST_F(ServedSlow, A_warm_up_that_hangs_is_told_and_a_later_wish_is_followed) {
  put(1, 10);
  put(2, 20, "hang_when: always\nhang_for: 3s\n");
  put(3, 30);
  const auto model = make_slow("1");
  ASSERT_TRUE(model->open().ok());
  model->start();
  ASSERT_TRUE(model->prepare(wish_for("2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return told("model.slow_load", 2) == 1; }));
  ASSERT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::warming; }));
  EXPECT_NE(status_of(*model, 2).reason.find("slow_load"), std::string::npos);
  EXPECT_EQ(serving(*model), 1);
  EXPECT_FALSE(model->refused(1).has_value()) << "it may still come";
  ASSERT_TRUE(model->prepare(wish_for("3"), 2).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 3; }));
  EXPECT_EQ(status_of(*model, 2).state, VersionState::warming) << "it hangs still";
  EXPECT_EQ(told("model.slow_load", 2), 1U);
  EXPECT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::start; }))
      << "it came to an end, and nobody wants it any more";
  EXPECT_EQ(serving(*model), 3);
}

TEST_F(ServedSlow, A_higher_number_in_the_folder_is_followed_as_a_later_wish_is) {
  put(1, 10);
  const auto model = make_slow("latest");
  ASSERT_TRUE(model->open().ok());
  model->start();
  appear(2, 20, "hang_when: always\nhang_for: 3s\n");
  ASSERT_TRUE(eventually([&] { return told("model.slow_load", 2) == 1; }));
  EXPECT_EQ(serving(*model), 1);
  appear(3, 30);
  ASSERT_TRUE(eventually([&] { return serving(*model) == 3; }));
  EXPECT_EQ(status_of(*model, 2).state, VersionState::warming) << "it hangs still";
  EXPECT_EQ(model->swaps(), 1U);
  EXPECT_EQ(model->failed_loads(), 0U);
}

TEST_F(ServedSlow, One_that_nothing_takes_the_place_of_serves_when_it_is_there) {
  put(1, 10);
  const auto model = make_slow("latest");
  ASSERT_TRUE(model->open().ok());
  model->start();
  appear(2, 20, "hang_when: always\nhang_for: 200ms\n");
  EXPECT_TRUE(eventually([&] { return serving(*model) == 2; }));
  EXPECT_EQ(told("model.slow_load", 2), 1U) << "however many turns looked at it";
  EXPECT_EQ(status_of(*model, 2).state, VersionState::available);
  EXPECT_EQ(model->failed_loads(), 0U);
}

TEST_F(ServedSlow, Files_that_change_while_it_loads_are_tried_again_as_they_are_then) {
  put(1, 10);
  const auto model = make_slow("latest");
  ASSERT_TRUE(model->open().ok());
  model->start();
  appear(2, 20, "hang_when: always\nhang_for: 1s\n");
  ASSERT_TRUE(eventually([&] { return told("model.slow_load", 2) == 1; }));
  put(2, 22.5);
  seal(2);
  ASSERT_TRUE(eventually([&] { return serving(*model) == 2; }));
  const auto answer = calls::call(*model->current(), {1}, {0});
  EXPECT_EQ(calls::floats(answer->front()).front(), 22.5F);
}

TEST_F(ServedSlow, With_unload_first_a_later_wish_is_followed_too) {
  put(1, 10);
  put(2, 20, "hang_when: always\nhang_for: 3s\n");
  put(3, 30);
  const auto model =
      make({{"version", "1"}, {"slow_load", "10ms"}, {"warm_up", "off"}, {"unload", "first"}});
  ASSERT_TRUE(model->open().ok());
  model->start();
  ASSERT_TRUE(model->prepare(wish_for("2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::warming; }));
  EXPECT_EQ(serving(*model), -1) << "records wait, and the old version is not loaded beside it";
  EXPECT_EQ(status_of(*model, 1).state, VersionState::end);
  ASSERT_TRUE(model->prepare(wish_for("3"), 2).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 3; }));
  EXPECT_EQ(status_of(*model, 2).state, VersionState::warming);
}

TEST_F(ServedSlow, A_stop_waits_for_no_load_and_leaves_its_thread_behind) {
  put(1, 10);
  put(2, 20, "hang_when: always\nhang_for: 1h\n");
  auto model = make({{"version", "1"}});  // `slow_load` is a minute
  ASSERT_TRUE(model->open().ok());
  model->start();
  ASSERT_TRUE(model->prepare(wish_for("2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::warming; }));
  const std::size_t before = left_behind_so_far();
  model.reset();  // or this test does not end
  EXPECT_EQ(left_behind_so_far(), before + 1);
}

}  // namespace
}  // namespace thalweg
