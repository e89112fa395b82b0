// What befalls a model's folder while it is served: removed, emptied, linked, written over, numbered without measure.
#include <filesystem>
#include <set>

#include "model/served_fixture.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

class ServedFolder : public ServedTest {
 protected:
  // What it answers, whatever its number.
  static float answer(const ServedModel& model) {
    const auto result = calls::call(*model.current(), {1}, {0});
    return result.ok() ? calls::floats(result->front()).front() : -1;
  }
  ScratchDir words_;
};

TEST_F(ServedFolder, A_number_that_serves_goes_on_when_its_folder_is_removed_and_comes_again) {
  put(3, 30);
  const auto model = make({{"version", "3"}});
  ASSERT_TRUE(model->open().ok());
  fs::rename(dir_ / "3", dir_ / "away");
  put(4, 40);
  for (int look = 0; look < 3; ++look) model->poll_now();
  EXPECT_EQ(serving(*model), 3);
  EXPECT_EQ(status_of(*model, 3).state, VersionState::available);
  fs::rename(dir_ / "away", dir_ / "3");
  model->poll_now();
  EXPECT_EQ(answer(*model), 30);
  EXPECT_EQ(model->swaps(), 0U);
  EXPECT_EQ(told("model.changed"), 0U) << "it is the same";
}

TEST_F(ServedFolder, A_folder_that_is_empty_for_a_while_changes_nothing_and_is_said_once) {
  put(3, 30);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  fs::rename(dir_ / "3", words_ / "3");  // what an unmounted drive leaves
  for (int look = 0; look < 3; ++look) model->poll_now();
  EXPECT_EQ(serving(*model), 3);
  EXPECT_EQ(told("model.folder"), 1U);
  fs::rename(words_ / "3", dir_ / "3");
  put(4, 40);
  model->poll_now();
  model->poll_now();
  EXPECT_EQ(serving(*model), 4);
}

TEST_F(ServedFolder, A_folder_that_is_not_there_yet_is_an_error_and_opens_when_it_is) {
  const auto model = make({{"path", dir_ / "drive/models"}});
  const Status early = model->open();
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().code(), Code::model_missing);
  EXPECT_NE(early.error().message().find("there is nothing"), std::string::npos);
  dir_.write("drive/models/1/fake.yaml", "function: constant\nvalue: 10\n");
  EXPECT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 1);
}

TEST_F(ServedFolder, Links_to_folders_are_versions) {
  dir_.write("store/a/fake.yaml", "function: constant\nvalue: 1\n");
  dir_.write("store/b/fake.yaml", "function: constant\nvalue: 22\n");
  fs::create_directory_symlink(dir_ / "store/a", dir_ / "1");
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(answer(*model), 1);
  fs::create_directory_symlink(dir_ / "store/b", dir_ / "2");
  model->poll_now();
  EXPECT_NE(serving(*model), 2) << "it is looked at twice, as every folder without a manifest";
  model->poll_now();
  EXPECT_EQ(answer(*model), 22);
  fs::create_directory_symlink(dir_ / "nowhere", dir_ / "3");
  model->poll_now();
  EXPECT_EQ(serving(*model), 2) << "a link to nothing is none";
}

TEST_F(ServedFolder, Numbers_go_as_far_as_64_bits_and_what_is_longer_is_no_version) {
  const std::string last = "9223372036854775807";
  dir_.write(last + "/fake.yaml", "function: constant\nvalue: 5\n");
  dir_.write("9223372036854775808/fake.yaml", "function: constant\nvalue: 6\n");
  dir_.write("20261130193000/fake.yaml", "function: constant\nvalue: 7\n");
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(std::to_string(serving(*model)), last);
  EXPECT_EQ(model->status().size(), 2U);
}

TEST_F(ServedFolder, A_copy_that_takes_long_is_said_once_and_what_serves_goes_on) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(2, 20);
  dir_.write("2/weights", "first half, second half");
  seal(2);
  dir_.write("2/weights", "first half");
  for (int look = 0; look < 50; ++look) model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(told("model.incomplete"), 1U);
  EXPECT_NE(status_of(*model, 2).reason.find("weights with 10 of 23 bytes"), std::string::npos)
      << status_of(*model, 2).reason;
  dir_.write("2/weights", "first half, second half");
  model->poll_now();
  EXPECT_EQ(serving(*model), 2);
}

TEST_F(ServedFolder, Files_that_are_written_over_while_they_serve_are_said_and_not_loaded) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(1, 11.25);
  for (int look = 0; look < 3; ++look) model->poll_now();
  EXPECT_EQ(answer(*model), 10);
  EXPECT_EQ(told("model.changed"), 1U);
}

TEST_F(ServedFolder, Nothing_is_written_to_the_folder_of_versions) {
  put(1, 10);
  put(2, 20);
  seal(2);
  const auto names = [&] {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path()))
      all.insert(entry.path().string());
    return all;
  };
  const auto before = names();
  const auto model = make({{"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(wish_for("2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 2; }));
  EXPECT_EQ(names(), before);
}

}  // namespace
}  // namespace thalweg
