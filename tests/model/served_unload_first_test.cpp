// `unload: first`: what is too big to be held twice is loaded when it is activated, in the place of what served.
#include <gtest/gtest.h>

#include "model/served_fixture.h"

namespace thalweg {
namespace {

class UnloadFirst : public ServedTest {
 protected:
  void begin() {
    put(1, 10);
    model_ = make({{"unload", "first"}, {"version", "1"}});
    model_->controlled(true);
    ASSERT_TRUE(model_->open().ok());
  }
  // As the controller does it, a turn of the model between two looks.
  bool follows(std::int64_t epoch) {
    for (int i = 0; i < 5 && model_->epoch() != epoch; ++i) {
      model_->poll_now();
      if (model_->prepared(epoch)) {
        EXPECT_TRUE(model_->activate(epoch).ok());
      }
    }
    return model_->epoch() == epoch;
  }
  std::shared_ptr<ServedModel> model_;
};

TEST_F(UnloadFirst, A_controlled_swap_is_checked_first_and_loaded_when_it_is_activated) {
  begin();
  put(3, 30);
  seal(3);
  const auto before = model_->failed_loads();
  ASSERT_TRUE(model_->prepare(wish_for("3"), 7).ok());
  for (int i = 0; i < 3; ++i) model_->poll_now();
  EXPECT_TRUE(model_->prepared(7));
  EXPECT_EQ(serving(*model_), 1) << "until it is activated";
  EXPECT_EQ(status_of(*model_, 3).state, VersionState::start);
  ASSERT_TRUE(follows(7));
  EXPECT_EQ(serving(*model_), 3);
  EXPECT_EQ(model_->route()->epoch, 7);
  for (int i = 0; i < 3; ++i) model_->poll_now();
  EXPECT_EQ(serving(*model_), 3) << "and it stays";
  EXPECT_EQ(model_->failed_loads(), before);
  EXPECT_EQ(told("model.unloading"), 1U) << "records waited once";
}

TEST_F(UnloadFirst,
       A_version_that_is_not_what_its_manifest_says_is_refused_while_the_old_one_serves) {
  begin();
  put(3, 30);
  seal(3, [](Manifest& manifest) { manifest.files.front().sha256 = std::string(64, '0'); });
  ASSERT_TRUE(model_->prepare(wish_for("3"), 7).ok());
  model_->poll_now();
  EXPECT_FALSE(model_->prepared(7));
  EXPECT_TRUE(model_->refused(7).has_value());
  EXPECT_EQ(serving(*model_), 1);
  EXPECT_EQ(told("model.unloading"), 0U);
}

TEST_F(UnloadFirst, A_version_whose_signature_does_not_fit_is_refused_while_the_old_one_serves) {
  begin();
  ASSERT_TRUE(model_
                  ->must_fit([](const std::shared_ptr<const ModelVersion>& version) -> Status {
                    if (version->signature.input("x") != nullptr) return {};
                    return Error(Code::signature_mismatch, "no input 'x'");
                  })
                  .ok());
  put(3, 30, "inputs: {z: 'float32[?]'}\n");
  seal(3, [](Manifest& manifest) {
    manifest.runtime = "fake";
    manifest.signature = {"serving_default",
                          {{"z", DType::float32, {{Shape::unknown}}, false}},
                          {{"y", DType::float32, {{Shape::unknown}}, false}}};
  });
  ASSERT_TRUE(model_->prepare(wish_for("3"), 7).ok());
  model_->poll_now();
  ASSERT_TRUE(model_->refused(7).has_value());
  EXPECT_NE(model_->refused(7)->message().find("no input 'x'"), std::string::npos)
      << model_->refused(7)->message();
  EXPECT_FALSE(model_->prepared(7));
  EXPECT_EQ(serving(*model_), 1);
  EXPECT_EQ(told("model.unloading"), 0U) << "no record waited";
  EXPECT_TRUE(status_of(*model_, 3).failed);
}

TEST_F(UnloadFirst, A_version_that_fails_when_it_is_activated_gives_way_to_the_one_before) {
  begin();
  put(3, 30, "function: nonsense\n");
  seal(3);
  ASSERT_TRUE(model_->prepare(wish_for("3"), 7).ok());
  EXPECT_FALSE(follows(7));
  EXPECT_TRUE(eventually([&] { return serving(*model_) == 1; }));
  EXPECT_EQ(model_->epoch(), -1);
  ASSERT_TRUE(model_->refused(7).has_value());
  EXPECT_NE(model_->refused(7)->message().find("fake.yaml"), std::string::npos)
      << model_->refused(7)->message();
  EXPECT_TRUE(status_of(*model_, 3).failed);
  put(4, 40);
  seal(4);
  ASSERT_TRUE(model_->prepare(wish_for("4"), 8).ok());
  ASSERT_TRUE(follows(8));
  EXPECT_EQ(serving(*model_), 4);
}

TEST_F(UnloadFirst, The_route_is_never_empty_for_a_shadow_or_another_variant) {
  begin();
  put(2, 20);
  put(3, 30);
  seal(2);
  seal(3);
  DesiredModel wish = wish_for("1");
  wish.shadow = DesiredShadow{"3", "", 0.5};
  ASSERT_TRUE(model_->prepare(wish, 7).ok());
  ASSERT_TRUE(follows(7));
  ASSERT_TRUE(eventually([&] { return model_->route()->shadow != nullptr; }));
  EXPECT_EQ(model_->route()->shadow->version, 3);
  wish.variants = {{"a", "1", 5000}, {"b", "2", 5000}};
  ASSERT_TRUE(model_->prepare(wish, 8).ok());
  ASSERT_TRUE(follows(8));
  EXPECT_EQ(model_->route()->variants.size(), 2U);
  EXPECT_EQ(told("model.unloading"), 0U) << "no record waited";
}

TEST_F(UnloadFirst, A_new_champion_with_a_shadow_that_fails_serves_without_it) {
  begin();
  put(2, 20, "function: nonsense\n");
  put(3, 30);
  seal(2);
  seal(3);
  DesiredModel wish = wish_for("3");
  wish.shadow = DesiredShadow{"2", "", 0.5};
  ASSERT_TRUE(model_->prepare(wish, 7).ok());
  ASSERT_TRUE(follows(7));
  EXPECT_EQ(serving(*model_), 3);
  EXPECT_EQ(model_->route()->shadow, nullptr);
  EXPECT_TRUE(status_of(*model_, 2).failed);
}

}  // namespace
}  // namespace thalweg
