// Version folders: which one is chosen, and what is never loaded.
#include "model/versions.h"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "model/checkpoint_index.h"
#include "model/files.h"
#include "model/golden.h"
#include "model/saved_model.h"
#include "model/scratch_dir.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

Result<ChosenVersion> choose(const std::string& path, const std::string& wanted) {
  auto versions = find_versions(path);
  if (!versions) return std::move(versions).error();
  return choose_version(path, *versions, wanted);
}

// A scratch base folder with complete copies of a small model under the given names.
void put(const ScratchDir& dir, std::initializer_list<const char*> names) {
  for (const char* name : names) dir.copy(golden::folder("embedding") + "/1", name);
}

TEST(Versions, The_highest_number_is_latest_and_numbers_are_not_texts) {
  const ScratchDir dir;
  put(dir, {"9", "10", "2"});
  auto chosen = choose(dir.path(), "latest");
  ASSERT_TRUE(chosen.ok()) << chosen.error().message();
  EXPECT_EQ(chosen->version, 10);
  EXPECT_EQ(chosen->path, dir / "10");
  EXPECT_TRUE(chosen->warnings.empty());
}

TEST(Versions, A_given_number_is_taken_even_if_there_are_higher_ones) {
  const ScratchDir dir;
  put(dir, {"1", "2"});
  auto chosen = choose(dir.path(), "1");
  ASSERT_TRUE(chosen.ok()) << chosen.error().message();
  EXPECT_EQ(chosen->version, 1);
}

TEST(Versions, A_number_that_is_not_there_is_refused_with_those_that_are) {
  const ScratchDir dir;
  put(dir, {"1", "2"});
  auto chosen = choose(dir.path(), "3");
  ASSERT_FALSE(chosen.ok());
  EXPECT_EQ(chosen.error().code(), Code::model_missing);
  EXPECT_NE(chosen.error().message().find("1, 2"), std::string::npos) << chosen.error().message();
}

TEST(Versions, What_copy_tools_leave_behind_is_no_version) {
  const ScratchDir dir;
  put(dir, {"1", "2.tmp", "03", "-4", "new"});
  dir.write("5", "a file, not a folder");
  auto versions = find_versions(dir.path());
  ASSERT_TRUE(versions.ok()) << versions.error().message();
  ASSERT_EQ(versions->size(), 1U);
  EXPECT_EQ(versions->front().version, 1);
}

TEST(Versions, A_path_may_be_one_version_itself) {
  auto numbered = choose(golden::folder("two_versions") + "/2", "latest");
  ASSERT_TRUE(numbered.ok()) << numbered.error().message();
  EXPECT_EQ(numbered->version, 2);
  auto slash = choose(golden::folder("two_versions") + "/2/", "latest");
  ASSERT_TRUE(slash.ok()) << slash.error().message();
  EXPECT_EQ(slash->version, 2);

  const ScratchDir dir;
  put(dir, {"plain"});
  auto unnumbered = choose(dir / "plain", "latest");
  ASSERT_TRUE(unnumbered.ok()) << unnumbered.error().message();
  EXPECT_EQ(unnumbered->version, 0);
}

TEST(Versions, A_path_may_be_a_model_file) {
  const auto file = model_file(golden::folder("onnx_mlp") + "/1");
  ASSERT_TRUE(file.has_value());
  auto chosen = choose(file->path, "latest");
  ASSERT_TRUE(chosen.ok()) << chosen.error().message();
  EXPECT_EQ(chosen->version, 1);
}

TEST(Versions, Missing_empty_foreign_and_mislabelled_each_say_so) {
  const ScratchDir dir;
  const auto message = [](const Result<ChosenVersion>& r) {
    return r.ok() ? "" : r.error().message();
  };
  auto missing = choose(dir / "nowhere", "latest");
  EXPECT_NE(message(missing).find("there is nothing"), std::string::npos) << message(missing);
  auto empty = choose(dir.path(), "latest");
  EXPECT_NE(message(empty).find("the folder is empty"), std::string::npos) << message(empty);
  dir.write("notes.txt", "no model");
  auto foreign = choose(dir.path(), "latest");
  EXPECT_NE(message(foreign).find("it holds other things"), std::string::npos) << message(foreign);
  auto file = choose(dir / "notes.txt", "latest");
  EXPECT_NE(message(file).find("a file of another kind"), std::string::npos) << message(file);
  for (const auto* r : {&missing, &empty, &foreign, &file})
    EXPECT_EQ(r->error().code(), Code::model_missing);
  auto label = choose_version(dir.path(), {}, "stable");
  ASSERT_FALSE(label.ok());
  EXPECT_EQ(label.error().code(), Code::config_invalid);
}

struct Damage {
  const char* name;
  void (*harm)(const fs::path&);
  const char* says;
};

class HalfCopied : public testing::TestWithParam<Damage> {};

TEST_P(HalfCopied, Is_never_chosen_and_its_fault_is_named) {
  const ScratchDir dir;
  put(dir, {"1", "2"});
  GetParam().harm(dir / "2");
  auto latest = choose(dir.path(), "latest");
  ASSERT_TRUE(latest.ok()) << latest.error().message();
  EXPECT_EQ(latest->version, 1) << "the complete one is served instead";
  ASSERT_EQ(latest->warnings.size(), 1U);
  EXPECT_NE(latest->warnings.front().find(GetParam().says), std::string::npos)
      << latest->warnings.front();

  auto named = choose(dir.path(), "2");
  ASSERT_FALSE(named.ok());
  EXPECT_NE(named.error().message().find(GetParam().says), std::string::npos)
      << named.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Damages, HalfCopied,
    testing::Values(
        Damage{"empty_folder",
               [](const fs::path& p) {
                 fs::remove_all(p);
                 fs::create_directory(p);
               },
               "got none"},
        Damage{"empty_pb", [](const fs::path& p) { fs::resize_file(p / "saved_model.pb", 0); },
               "0 bytes"},
        Damage{"cut_off_pb",
               [](const fs::path& p) {
                 fs::resize_file(p / "saved_model.pb", fs::file_size(p / "saved_model.pb") / 2);
               },
               "cut off"},
        Damage{"no_pb", [](const fs::path& p) { fs::remove(p / "saved_model.pb"); },
               "without saved_model.pb"},
        Damage{"no_variables", [](const fs::path& p) { fs::remove_all(p / "variables"); },
               "without its folder variables"},
        Damage{"no_index", [](const fs::path& p) { fs::remove(p / "variables/variables.index"); },
               "no variables.index"},
        Damage{"cut_off_index",
               [](const fs::path& p) { fs::resize_file(p / "variables/variables.index", 100); },
               "cut-off variables.index"},
        Damage{"no_data",
               [](const fs::path& p) { fs::remove(p / "variables/variables.data-00000-of-00001"); },
               "without variables.data"},
        Damage{"cut_off_data",
               [](const fs::path& p) {
                 const fs::path data = p / "variables/variables.data-00000-of-00001";
                 fs::resize_file(data, fs::file_size(data) - 1);
               },
               "cut-off variables.data-00000-of-00001"},
        Damage{"empty_data",
               [](const fs::path& p) {
                 fs::resize_file(p / "variables/variables.data-00000-of-00001", 0);
               },
               "cut-off variables.data-00000-of-00001 (0 of "},
        Damage{"one_shard_of_two",
               [](const fs::path& p) {
                 fs::rename(p / "variables/variables.data-00000-of-00001",
                            p / "variables/variables.data-00000-of-00002");
               },
               "1 of 2"}),
    [](const auto& info) { return std::string(info.param.name); });

// Each of our models must pass: an index that was read wrongly would keep a good model from being served.
TEST(Versions, The_data_of_every_whole_model_is_as_long_as_its_index_says) {
  std::size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(golden::folder(""))) {
    if (entry.path().filename() != "variables.index") continue;
    const auto bytes = read_whole_file(entry.path().string());
    ASSERT_TRUE(bytes.ok());
    const auto lengths = shard_lengths(*bytes);
    ASSERT_TRUE(lengths.has_value()) << entry.path();
    ASSERT_EQ(lengths->size(), 1U) << entry.path();
    EXPECT_EQ(lengths->at(0),
              fs::file_size(entry.path().parent_path() / "variables.data-00000-of-00001"));
    ++seen;
  }
  EXPECT_GT(seen, 3U);
}

TEST(Versions, An_index_that_is_damaged_anywhere_is_read_without_harm) {
  const auto whole = read_whole_file(golden::folder("embedding") + "/1/variables/variables.index");
  ASSERT_TRUE(whole.ok());
  for (std::size_t i = 0; i < whole->size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = *whole;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      (void)shard_lengths(damaged);  // any answer, but no read outside (the sanitizers look)
    }
    (void)shard_lengths(std::string_view(*whole).substr(i));
    (void)shard_lengths(std::string_view(*whole).substr(0, i));
  }
  EXPECT_FALSE(shard_lengths("").has_value());
}

TEST(Versions, A_path_may_be_a_saved_model_pb) {
  const ScratchDir dir;
  put(dir, {"3"});
  auto chosen = choose(dir / "3/saved_model.pb", "latest");
  ASSERT_TRUE(chosen.ok()) << chosen.error().message();
  EXPECT_EQ(chosen->version, 3);
  EXPECT_EQ(chosen->path, dir / "3") << "its folder is the model";
}

TEST(Versions, A_cut_off_ONNX_file_is_not_complete) {
  const ScratchDir dir;
  const auto file = model_file(golden::folder("onnx_mlp") + "/1");
  ASSERT_TRUE(file.has_value());
  dir.copy(file->path, "1/model.onnx");
  ASSERT_TRUE(check_complete(dir / "1").ok());
  fs::resize_file(dir / "1/model.onnx", fs::file_size(dir / "1/model.onnx") - 7);
  EXPECT_FALSE(check_complete(dir / "1").ok());
}

TEST(Versions, If_no_version_is_complete_the_reason_of_the_highest_is_told) {
  const ScratchDir dir;
  put(dir, {"1", "2"});
  fs::remove_all(dir / "1/variables");
  fs::resize_file(dir / "2/saved_model.pb", 0);
  auto chosen = choose(dir.path(), "latest");
  ASSERT_FALSE(chosen.ok());
  EXPECT_NE(chosen.error().message().find("0 bytes"), std::string::npos)
      << chosen.error().message();
}

TEST(Versions, The_fingerprint_changes_with_any_file) {
  const ScratchDir dir;
  put(dir, {"1"});
  const std::string before = fingerprint(dir / "1");
  EXPECT_EQ(fingerprint(dir / "1"), before);
  dir.write("1/variables/more", "x");
  EXPECT_NE(fingerprint(dir / "1"), before);
}

TEST(Fingerprint, A_folder_that_is_removed_while_it_is_looked_at_is_no_error) {
  const ScratchDir dir;
  std::jthread remover([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      dir.write("3/a/b/c/weights", "w");
      fs::remove_all(dir / "3/a");
    }
  });
  for (int look = 0; look < 5000; ++look) (void)fingerprint(dir / "3");  // it threw
}

}  // namespace
}  // namespace thalweg
