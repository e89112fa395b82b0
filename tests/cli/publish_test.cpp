// `thalweg model publish`: a version appears whole and tried, or not at all.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <spawn.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"

extern char** environ;

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Publish : public ::testing::Test {
 protected:
  Publish() {
    fs::create_directories(folder.path("export/assets"));
    folder.write("export/fake.yaml", "inputs: {x: 'float32[?,2]'}\noutputs: {y: 'float32[?]'}\n");
    folder.write("golden.jsonl", R"({"inputs": {"x": [1, 2]}, "outputs": {"y": 3}})");
  }
  Ran publish(std::vector<std::string> more = {}) {
    std::vector<std::string> all{"model", "publish", folder.path("export"), "--to",
                                 folder.path("base")};
    all.insert(all.end(), more.begin(), more.end());
    return run_thalweg(all);
  }
  // All that is there, hidden folders included.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder.path("base"), error))
      all.push_back(entry.path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
  }
  Folder folder;
};

TEST_F(Publish, A_version_appears_with_its_manifest_and_the_next_number) {
  const Ran first = publish({"--golden", folder.path("golden.jsonl")});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("version 1 is published"));
  EXPECT_THAT(first.out, HasSubstr("1 golden rows are reproduced"));
  EXPECT_THAT(first.out, HasSubstr("#sha256="));
  EXPECT_THAT(folder.read("base/1/manifest.json"), HasSubstr("\"path\": \"fake.yaml\""));
  EXPECT_THAT(folder.read("base/1/manifest.json"), HasSubstr("serving_default"));
  EXPECT_EQ(publish().code, 0);
  EXPECT_EQ(names(), (std::vector<std::string>{"1", "2"}));
  const Ran again = run_thalweg({"model", "publish", folder.path("base/1"), "--to",
                                 folder.path("base"), "--version", "7", "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("\"golden_rows\":1")) << "its golden rows come along";
}

TEST_F(Publish, A_number_that_is_taken_is_refused) {
  ASSERT_EQ(publish({"--version", "4"}).code, 0);
  const Ran ran = publish({"--version", "4"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("expected a number that is not taken; got 4"));
  EXPECT_EQ(names(), (std::vector<std::string>{"4"}));
}

TEST_F(Publish, What_does_not_load_or_answers_otherwise_does_not_appear) {
  folder.write("golden.jsonl", R"({"inputs": {"x": [1, 2]}, "outputs": {"y": 4}})");
  const Ran golden = publish({"--golden", folder.path("golden.jsonl")});
  EXPECT_NE(golden.code, 0);
  EXPECT_THAT(golden.err, HasSubstr("a golden row is not reproduced"));
  folder.write("export/fake.yaml", "fail_when: always\nfail_code: model_failed\n");
  EXPECT_NE(publish().code, 0);
  fs::remove(folder.path("export/fake.yaml"));
  EXPECT_NE(publish().code, 0);
  EXPECT_TRUE(names().empty()) << names().front();
}

TEST_F(Publish, Words_that_are_no_command_are_refused) {
  EXPECT_EQ(run_thalweg({"model", "publich", folder.path("export")}).code, 2);
  EXPECT_EQ(run_thalweg({"model", "publish", folder.path("export")}).code, 2) << "without --to";
}

// A pipeline whose features stand in its own file, with their vocabulary beside it.
class PublishInto : public ::testing::Test {
 protected:
  PublishInto() {
    fs::create_directories(folder.path("export"));
    folder.write("export/fake.yaml", "inputs: {x: 'int64[?]'}\noutputs: {y: 'float32[?]'}\n");
    folder.write("words.txt", "red\nblue\n");
    write_pipeline("vocabulary: word, file: words.txt");
  }
  void write_pipeline(const std::string& step) {
    file = folder.write("p.yaml",
                        "pipeline: words\n"
                        "state_directory: state\n"
                        "models: { m: { runtime: fake, path: base } }\n"
                        "from: { topic: in, start: earliest, fields: { word: string } }\n"
                        "steps: [infer: { model: m, features: { x: { " +
                            step +
                            " } }, outputs: { y: place } }]\n"
                            "to: { topic: out, value: { place: place } }\n"
                            "dead_letters: dead\n");
  }
  Ran publish(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"models", "publish", file, "m", folder.path("export")};
    all.insert(all.end(), more.begin(), more.end());
    return run_thalweg(all);
  }
  Ran score() const { return run_thalweg({"score", file, "--input", folder.path("in.jsonl")}); }
  Ran models(std::vector<std::string> words) const {
    words.insert(words.begin(), "models");
    words.insert(words.begin() + 2, file);
    return run_thalweg(words);
  }
  Folder folder;
  std::string file;
};

TEST_F(PublishInto, A_version_appears_in_the_pipelines_folder_and_names_the_pipelines_features) {
  const Ran first = publish();
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("version 1 is published: " + folder.path("base/1")));
  EXPECT_THAT(first.out, HasSubstr("it takes traffic only with features that hash to "));
  EXPECT_THAT(folder.read("base/1/manifest.json"), HasSubstr("\"features_sha256\": \""));
  const Ran shown = run_thalweg({"model", folder.path("base")});
  EXPECT_THAT(shown.out, HasSubstr("    manifest "));
  EXPECT_THAT(shown.out, HasSubstr("made for features that hash to "));
  ASSERT_EQ(publish({"--version", "7"}).code, 0);
  EXPECT_TRUE(fs::exists(folder.path("base/7/fake.yaml")));
}

TEST_F(PublishInto, A_version_made_for_another_vocabulary_gives_way_to_the_one_made_for_this) {
  folder.write("in.jsonl", "{\"word\":\"blue\"}\n");
  ASSERT_EQ(publish().code, 0);
  folder.write("words.txt", "blue\nred\n");
  const Ran refused = run_thalweg({"check", "--offline", file});
  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.out, HasSubstr("version 1: expected features whose hash is "));
  EXPECT_THAT(refused.out, HasSubstr("those of the pipeline file hash to "));
  ASSERT_EQ(publish().code, 0);
  EXPECT_THAT(score().out, HasSubstr("\"place\":1")) << "blue is the first word of version 2";
  folder.write("words.txt", "red\nblue\n");
  const Ran back = score();
  EXPECT_EQ(back.code, 0) << back.err;
  EXPECT_THAT(back.out, HasSubstr("\"place\":2"))
      << "version 1 fits again, the latest one does not";
}

TEST_F(PublishInto, One_that_the_pipeline_cannot_feed_or_whose_outputs_are_others_does_not_appear) {
  ASSERT_EQ(publish().code, 0);
  folder.write("export/fake.yaml", "inputs: {z: 'int64[?]'}\noutputs: {y: 'float32[?]'}\n");
  EXPECT_THAT(publish().err, HasSubstr("has no input 'x'"));
  folder.write("export/fake.yaml", "inputs: {x: 'int64[?]'}\noutputs: {y: 'float64[?]'}\n");
  EXPECT_THAT(publish().err, HasSubstr("the same outputs as before were expected"));
  EXPECT_FALSE(fs::exists(folder.path("base/2")));
  EXPECT_THAT(run_thalweg({"models", "publish", file, "n", "export"}).err, HasSubstr("'m'"));
  EXPECT_EQ(run_thalweg({"models", "publish", file, "m"}).code, 2);
  EXPECT_EQ(publish({"more"}).code, 2);
}

TEST_F(PublishInto, It_can_be_labelled_and_routed_to_at_once) {
  ASSERT_EQ(publish().code, 0);
  const Ran ran = publish({"--label", "next", "--route", "--by", "ann", "--why", "trained in May"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const Ran list = models({"list", "m"});
  EXPECT_THAT(list.out, HasSubstr("m: version 2"));
  EXPECT_THAT(list.out, HasSubstr("route by ann"));
  EXPECT_THAT(models({"status", "m", "--json"}).out, HasSubstr(R"("labels":{"next":"2"})"));
}

TEST_F(PublishInto, Where_a_change_cannot_be_written_nothing_appears) {
  const std::string text = folder.read("p.yaml");
  folder.write("p.yaml",
               text.substr(0, text.find("state_directory")) + text.substr(text.find("models:")));
  const Ran ran = publish({"--route"});
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("set control.topic"));
  EXPECT_FALSE(fs::exists(folder.path("base")));
  EXPECT_EQ(publish().code, 0) << "without a change it needs no place for one";
}

TEST_F(Publish, A_publisher_that_is_killed_leaves_nothing_that_is_a_version) {
  folder.write("export/assets/large", "");
  fs::resize_file(folder.path("export/assets/large"), std::uintmax_t{256} << 20);
  const std::string program = THALWEG_BINARY_DIR "/thalweg";
  const std::string from = folder.path("export"), to = folder.path("base");
  for (int delay_ms = 0; delay_ms < 60; delay_ms += 20) {
    std::vector<const char*> words{program.c_str(), "model",    "publish", from.c_str(),
                                   "--to",          to.c_str(), nullptr};
    pid_t pid = 0;
    ASSERT_EQ(::posix_spawn(&pid, program.c_str(), nullptr, nullptr,
                            const_cast<char**>(words.data()), environ),
              0);
    while (names().empty()) std::this_thread::yield();                 // the copy has begun
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));  // another place each time
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    for (const std::string& name : names()) {
      EXPECT_TRUE(name.starts_with(".publish-")) << name;
      fs::remove_all(folder.path("base/" + name));
    }
  }
  fs::resize_file(folder.path("export/assets/large"), 10);
  EXPECT_EQ(publish().code, 0);
  EXPECT_EQ(names(), (std::vector<std::string>{"1"}));
}

}  // namespace
}  // namespace thalweg::test
