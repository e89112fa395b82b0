// A shadow is loaded behind what answers: whether it is there, works or hangs changes nothing of the rest.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/served_fixture.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* broken = "function: nonsense\n";

class ServedShadow : public ServedTest {
 protected:
  static DesiredModel watched(const std::string& version, const std::string& shadow) {
    DesiredModel wish = wish_for(version);
    wish.shadow = DesiredShadow{shadow, "", 0.5};
    return wish;
  }
  // As a pipeline file has it.
  Node entry_with_shadow(const std::string& version, const std::string& shadow) {
    Node node = calls::entry({{"path", dir_.path()}, {"version", version}, {"poll", "10ms"}});
    node.set("shadow", Node::map({{"version", calls::text(shadow)}}));
    return node;
  }
  static std::int64_t watching(const ServedModel& model) {
    const auto shadow = model.route()->shadow;
    return shadow == nullptr ? -1 : shadow->version;
  }
  static std::string refusal(const ServedModel& model) {
    const auto why = model.shadow().refusal;
    return why ? why->message() : "";
  }
};

TEST_F(ServedShadow,
       A_champion_changes_although_its_shadow_cannot_be_loaded_and_that_is_told_once) {
  put(1, 10);
  put(2, 20, broken);
  put(3, 30);
  const auto model = make({{"version", "1"}});
  model->controlled(true);
  ASSERT_TRUE(model->open().ok());
  EXPECT_FALSE(model->shadow().wanted);
  ASSERT_TRUE(model->prepare(watched("3", "2"), 7).ok());
  ASSERT_TRUE(eventually([&] { return model->prepared(7); }));
  EXPECT_FALSE(model->refused(7).has_value());
  ASSERT_TRUE(model->activate(7).ok());
  EXPECT_EQ(serving(*model), 3);
  EXPECT_EQ(model->epoch(), 7);
  ASSERT_TRUE(eventually([&] { return !refusal(*model).empty(); }));
  EXPECT_THAT(refusal(*model), HasSubstr("fake.yaml"));
  EXPECT_TRUE(model->shadow().wanted);
  EXPECT_FALSE(model->shadow().watches);
  EXPECT_TRUE(status_of(*model, 2).failed);
  for (int turn = 0; turn < 3; ++turn) model->poll_now();
  EXPECT_EQ(told("model.shadow_refused"), 1U);
  EXPECT_EQ(serving(*model), 3);
}

TEST_F(ServedShadow, One_that_is_not_there_or_cannot_be_fetched_holds_back_nothing_and_may_come) {
  put(1, 10);
  put(2, 20);
  const auto model = make({{"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  std::int64_t epoch = 0;
  for (const std::string& nowhere : {std::string("9"), std::string("no-label"),
                                     "file://" + dir_ / "9" + "#sha256=" + std::string(64, 'a')}) {
    const std::string version = serving(*model) == 1 ? "2" : "1";
    ASSERT_TRUE(model->prepare(watched(version, nowhere), ++epoch).ok());
    ASSERT_TRUE(eventually([&] { return model->epoch() == epoch; })) << nowhere;
    EXPECT_EQ(std::to_string(serving(*model)), version) << nowhere;
    EXPECT_TRUE(eventually([&] { return !refusal(*model).empty(); })) << nowhere;
  }
  ASSERT_TRUE(model->prepare(watched("1", "9"), ++epoch).ok());
  ASSERT_TRUE(eventually([&] { return !refusal(*model).empty(); }));
  put(9, 90);
  seal(9);
  EXPECT_TRUE(eventually([&] { return watching(*model) == 9; })) << "its files came";
  EXPECT_TRUE(model->shadow().watches);
  EXPECT_EQ(refusal(*model), "");
  EXPECT_EQ(status_of(*model, 9).role, "shadow");
}

TEST_F(ServedShadow, One_that_hangs_while_it_loads_holds_back_neither_champion_nor_start) {
  put(1, 10);
  put(2, 20, "hang_when: always\nhang_for: 3s\n");
  put(3, 30);
  Node node = entry_with_shadow("1", "2");
  node.set("slow_load", calls::text("10ms"));
  node.set("warm_up", calls::text("off"));
  const auto model = make(node);
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 1);
  EXPECT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::warming; }))
      << "it goes on loading";
  EXPECT_TRUE(model->shadow().wanted);
  EXPECT_FALSE(model->shadow().watches);
  EXPECT_EQ(refusal(*model), "") << "it may still come";
  ASSERT_TRUE(model->prepare(watched("3", "2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 3; }));
  EXPECT_EQ(status_of(*model, 2).state, VersionState::warming);
  EXPECT_TRUE(eventually([&] { return watching(*model) == 2; })) << "it came after all";
  EXPECT_EQ(told("model.slow_load", 2), 1U);
}

TEST_F(ServedShadow, A_model_opens_without_the_shadow_of_its_file_if_that_is_broken) {
  put(1, 10);
  put(2, 20, broken);
  const auto model = make(entry_with_shadow("1", "2"));
  const Status opened = model->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(watching(*model), -1);
  EXPECT_THAT(refusal(*model), HasSubstr("fake.yaml"));
}

TEST_F(ServedShadow, One_that_no_step_can_feed_is_dropped_and_what_answers_stays) {
  put(1, 10);
  put(2, 20);
  const auto model = make(entry_with_shadow("1", "2"));
  ASSERT_TRUE(model->open().ok());
  ASSERT_EQ(watching(*model), 2);
  const Status fits =
      model->must_fit([](const std::shared_ptr<const ModelVersion>& version) -> Status {
        if (version->version == 1) return {};
        return Error(Code::signature_mismatch, "no input 'x'");
      });
  EXPECT_TRUE(fits.ok()) << fits.error().message();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(watching(*model), -1);
  EXPECT_THAT(refusal(*model), HasSubstr("no input 'x'"));
  model->poll_now();
  EXPECT_EQ(watching(*model), -1) << "its files are as they were";
}

TEST_F(ServedShadow,
       It_is_loaded_once_and_watches_on_when_the_champion_changes_or_its_folder_goes) {
  put(1, 10);
  put(2, 20);
  put(3, 30);
  const auto model = make(entry_with_shadow("1", "2"));
  ASSERT_TRUE(model->open().ok());
  const auto shadow = model->route()->shadow;
  ASSERT_NE(shadow, nullptr);
  ASSERT_TRUE(model->prepare(watched("3", "2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 3; }));
  EXPECT_EQ(model->route()->shadow, shadow) << "the same one, without a gap";
  fs::remove_all(dir_ / "2");
  for (int turn = 0; turn < 3; ++turn) model->poll_now();
  EXPECT_EQ(model->route()->shadow, shadow);
  EXPECT_EQ(told("model.shadow_refused"), 0U);
  ASSERT_TRUE(model->prepare(wish_for("3"), 2).ok());
  EXPECT_TRUE(eventually([&] { return watching(*model) == -1; })) << "nobody asks for it now";
  EXPECT_FALSE(model->shadow().wanted);
}

TEST_F(ServedShadow, Another_shadow_is_no_swap_and_takes_the_place_of_the_one_before) {
  put(1, 10);
  put(2, 20);
  put(3, 30);
  const auto model = make(entry_with_shadow("1", "2"));
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(watched("1", "3"), 1).ok());
  EXPECT_TRUE(eventually([&] { return watching(*model) == 3; }));
  EXPECT_TRUE(eventually([&] { return status_of(*model, 2).state == VersionState::end; }));
  EXPECT_EQ(model->swaps(), 0U);
}

}  // namespace
}  // namespace thalweg
