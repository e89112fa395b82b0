// features.yaml of a model version, read and bound with the files beside it.
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/support/bench.h"

namespace thalweg::feature_test {
namespace {

using ::testing::HasSubstr;

class FeatureFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("thalweg-features-{}", getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static std::string error_of(const std::string& path) {
    auto file = read_feature_file(path);
    return file.ok() ? "no error" : file.error().message();
  }

  std::filesystem::path folder_;
};

TEST_F(FeatureFiles, Inputs_have_types_and_files_stand_beside) {
  write("mcc.txt", "5411\n5812\r\n");
  auto file = read_feature_file(write("features.yaml",
                                      "inputs: { amount: float32, mcc: string, tags: 'string[]' }\n"
                                      "features:\n  x:\n    stack:\n      - log1p: amount\n      - "
                                      "one_hot: mcc\n        vocabulary: mcc.txt\n"));
  ASSERT_TRUE(file.ok()) << file.error().message();
  const Schema inputs{
      {{"amount", type("float32")}, {"mcc", type("string")}, {"tags", type("string[]")}}};
  EXPECT_EQ(file->inputs, inputs);
  auto program = FeatureProgram::bind(file->features, file->inputs, file->folder, registry());
  ASSERT_TRUE(program.ok()) << program.error().message();
  EXPECT_EQ((*program)->outputs().fields[0].type, type("float32[4]"));
}

TEST_F(FeatureFiles, A_vocabulary_comes_as_a_list_a_map_or_a_Keras_tokenizer) {
  write("list.json", R"(["fire", "flood"])");
  write("map.json", R"({"fire": 7, "flood": 9})");
  write("index.json", R"({"oov": "none", "word_index": {"fire": 7, "flood": 9}})");
  write(
      "tokenizer.json",
      R"({"class_name": "Tokenizer", "config": {"num_words": null, "word_index": "{\"fire\": 7, \"flood\": 9}"}})");
  write("list.txt", "fire\nflood");
  const auto ids_with = [&](const std::string& file) {
    return Bench("{t: string}",
                 yaml(fmt::format("{{x: {{keras_tokens: t, vocabulary: {}}}}}", file)), registry(),
                 folder_.string())(R"(["Flood, fire; snow"])");
  };
  EXPECT_EQ(ids_with("map.json"), "[[9,7]]");
  EXPECT_EQ(ids_with("index.json"), "[[9,7]]");
  EXPECT_EQ(ids_with("tokenizer.json"), "[[9,7]]");
  EXPECT_EQ(ids_with("list.json"), "[[2,1]]");
  EXPECT_EQ(ids_with("list.txt"), "[[2,1]]");
  write("broken.json", R"({"fire": )");
  EXPECT_THAT(ids_with("broken.json"), HasSubstr("expected a JSON list of words"));
  write("texts.json", R"({"fire": "hot"})");
  EXPECT_THAT(ids_with("texts.json"), HasSubstr("no whole number at 'fire'"));
}

TEST_F(FeatureFiles, A_mapped_vocabulary_keeps_its_ids_and_names_the_unknown_one) {
  write("map.json", R"({"a": 7, "b": 0})");
  EXPECT_EQ(Bench("{t: string}", yaml("{x: {vocabulary: t, file: map.json, oov_index: 99}}"),
                  registry(), folder_.string())(R"(["a", "b", "c"])"),
            "[7,0,99]");
  Bench strict("{t: string}", yaml("{x: {vocabulary: t, file: map.json}}"), registry(),
               folder_.string());
  EXPECT_EQ(strict(R"(["a", "c"])"), "[7,0]");
  EXPECT_EQ(strict.failures(), "1:feature_failed");
}

TEST_F(FeatureFiles, What_is_wrong_is_said_with_its_line) {
  EXPECT_THAT(error_of(write("a.yaml", "inputs: {x: float}\nfeatures: {y: x}\n")),
              AllOf(HasSubstr("a.yaml:1"), HasSubstr("field 'x'"), HasSubstr("'float32'")));
  EXPECT_THAT(error_of(write("b.yaml", "inputs: {x: float32}\nfeature: {y: x}\n")),
              AllOf(HasSubstr("b.yaml:2"), HasSubstr("Did you mean 'features'?")));
  EXPECT_THAT(error_of(write("c.yaml", "inputs: [x]\nfeatures: {y: x}\n")),
              HasSubstr("a map from fields to types"));
  EXPECT_THAT(error_of(write("d.yaml", "inputs: {x: [float32]}\nfeatures: {y: x}\n")),
              HasSubstr("expected a type"));
  EXPECT_THAT(error_of(write("e.yaml", "")), HasSubstr("inputs"));
  EXPECT_THAT(error_of((folder_ / "none.yaml").string()), HasSubstr("none.yaml"));
}

TEST_F(FeatureFiles, The_environment_is_not_read) {
  auto file = read_feature_file(write(
      "features.yaml", "inputs: {x: string}\nfeatures: {y: {remove: x, pattern: '${HOME}'}}\n"));
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_THAT(file->features.to_json(), HasSubstr("${HOME}"));
}

}  // namespace
}  // namespace thalweg::feature_test
