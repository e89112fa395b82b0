// A hundred swaps under load: two versions of different vocabulary take turns while two workers read without a pause.
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "model/manifest.h"
#include "model/scratch_dir.h"
#include "run/process.h"
#include "sink/memory_sink.h"
#include "source/memory_source.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr const char* pipeline_text = R"(
pipeline: words
workers: 2
models: { m: { runtime: fake, path: @DIR@, poll: 20ms, keep_previous: @KEEP@, unload: @UNLOAD@, version: @VERSION@ } }
from: { topic: in, start: earliest, fields: { word: string } }
steps:
  - infer: { model: m, outputs: { y: place } }
to: { topic: out, value: { word: word, place: place } }
dead_letters: dead
)";

class VersionSwaps : public testing::Test {
 protected:
  VersionSwaps() { register_builtins(registry_); }

  // The place of a word in the version's vocabulary, behind the unknown word's place 0.
  void put(int version, const std::string& words) {
    const std::string folder = std::to_string(version);
    dir_.write(folder + "/fake.yaml", "inputs: {x: 'int64[?]'}\noutputs: {y: 'float32[?]'}\n");
    dir_.write(folder + "/assets.extra/features.yaml",
               "inputs: { word: string }\nfeatures: { x: { vocabulary: word, words: [" + words +
                   "] } }\n");
    Manifest manifest;
    manifest.version = version;
    manifest.files = *list_files(dir_ / folder);
    dir_.write(folder + "/manifest.json", to_json(manifest));
  }
  void add(Process& process, const std::string& keep, const std::string& unload,
           const std::string& version) {
    std::string text = pipeline_text;
    for (const auto& [name, value] : std::map<std::string, std::string>{{"@DIR@", dir_.path()},
                                                                        {"@KEEP@", keep},
                                                                        {"@UNLOAD@", unload},
                                                                        {"@VERSION@", version}})
      text.replace(text.find(name), name.size(), value);
    auto file = read_pipeline_text(text, "words.yaml");
    ASSERT_TRUE(file.ok()) << file.error().message();
    const Status added = process.add(std::move(*file));
    ASSERT_TRUE(added.ok()) << added.error().message();
  }
  Ports ports() {
    Ports made;
    made.source = [this](const PipelineFile&,
                         std::size_t worker) -> Result<std::unique_ptr<Source>> {
      auto source = std::make_unique<MemorySource>(records_, std::vector<std::string>{"in"}, false);
      source->assign({{"in", {static_cast<std::int32_t>(worker)}}});
      return std::unique_ptr<Source>(std::move(source));
    };
    made.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto owned = std::make_unique<MemorySink>();
      sink_ = owned.get();
      return std::unique_ptr<Sink>(std::move(owned));
    };
    return made;
  }
  // Until told to stop; two words in turn, so that each version's answer to each is known.
  void feed(std::stop_token stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      records_.append("in", i % 2,
                      {.value = i % 4 < 2 ? R"({"word":"red"})" : R"({"word":"blue"})"});
      ++fed_;
      if (i % 50 == 0) std::this_thread::sleep_for(1ms);
    }
  }
  // Every record once, and every answer the one that the version of its header gives.
  void check_outputs() {
    const std::map<std::string, std::map<std::string, std::string>> expected{
        {"version=1", {{"red", "1"}, {"blue", "2"}}}, {"version=2", {{"red", "3"}, {"blue", "1"}}}};
    std::map<std::string, int> ids;
    std::map<std::string, int> versions;
    for (const SentRecord& sent : sink_.load()->acknowledged("out")) {
      const std::string header = sent.header("thalweg").value_or("");
      ++ids[header.substr(0, header.find(','))];
      const std::size_t at = header.find("version=");
      const std::string version = header.substr(at, header.find(',', at) - at);
      ASSERT_TRUE(expected.contains(version)) << header;
      ++versions[version];
      const std::string word = sent.value->find("red") != std::string::npos ? "red" : "blue";
      const std::string place = expected.at(version).at(word);
      ASSERT_NE(sent.value->find("\"place\":" + place), std::string::npos)
          << header << " " << *sent.value;
    }
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(fed_.load())) << "none is lost";
    for (const auto& [id, times] : ids) ASSERT_EQ(times, 1) << id;
    EXPECT_EQ(versions.size(), 2U);
    EXPECT_TRUE(sink_.load()->acknowledged("dead").empty());
  }
  static std::size_t in_memory(const ServedModel& model) {
    std::size_t count = 0;
    for (const VersionStatus& status : model.status()) {
      if (status.state != VersionState::start && status.state != VersionState::end) ++count;
    }
    return count;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(200us);
    }
    return false;
  }
  void swap_a_hundred_times(const std::string& keep, const std::string& unload,
                            std::size_t most_in_memory);

  Registry registry_;
  Log log_{LogLevel::error, LogFormat::json};
  ScratchDir dir_;
  MemoryLog records_;
  std::atomic<MemorySink*> sink_ = nullptr;
  std::atomic<std::int64_t> fed_ = 0;
};

void VersionSwaps::swap_a_hundred_times(const std::string& keep, const std::string& unload,
                                        std::size_t most_in_memory) {
  put(1, "red, blue");
  put(2, "blue, green, red");
  records_.create("in", 2);
  Process process(registry_, log_);
  add(process, keep, unload, "1");
  const auto model = process.models().front()->served("m");
  auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
  ASSERT_TRUE(eventually([&] { return process.started(); }));
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  std::vector<std::weak_ptr<const ModelVersion>> old;
  for (int swap = 1; swap <= 100; ++swap) {
    DesiredModel wish;
    wish.variants.front().version = swap % 2 == 1 ? "2" : "1";
    if (const auto version = model->current()) old.emplace_back(version);
    ASSERT_TRUE(model->prepare(wish, swap).ok());
    ASSERT_TRUE(eventually([&] { return model->epoch() == swap; })) << swap;
    // What is fed may still wait for a version; what is answered had one.
    const std::size_t answered = sink_.load()->acknowledged_count();
    ASSERT_TRUE(eventually([&] { return sink_.load()->acknowledged_count() >= answered + 20; }));
  }
  feeder.request_stop();
  feeder.join();
  ASSERT_TRUE(eventually([&] {
    return sink_.load()->acknowledged("out").size() == static_cast<std::size_t>(fed_.load());
  }));
  EXPECT_TRUE(eventually([&] { return in_memory(*model) <= most_in_memory; }));
  EXPECT_TRUE(eventually([&] {
    return static_cast<std::size_t>(std::count_if(old.begin(), old.end(), [](const auto& version) {
             return !version.expired();
           })) <= (keep == "0s" ? 0U : old.size());
  })) << "no version outlives its last batch";
  process.request_stop();
  ASSERT_EQ(running.wait_for(20s), std::future_status::ready);
  const Status ended = running.get();
  EXPECT_TRUE(ended.ok()) << ended.error().message();
  EXPECT_EQ(model->failed_loads(), 0U);
  check_outputs();
}

TEST_F(VersionSwaps, A_hundred_swaps_lose_repeat_and_mislabel_no_record) {
  swap_a_hundred_times("0s", "after_load", 1);
}

TEST_F(VersionSwaps, So_with_the_version_before_kept_warm) {
  swap_a_hundred_times("1h", "after_load", 2);
}

TEST_F(VersionSwaps, So_when_the_old_version_is_freed_first_and_the_stream_waits) {
  swap_a_hundred_times("0s", "first", 1);
}

TEST_F(VersionSwaps, A_version_that_appears_in_the_folder_serves_and_one_that_does_not_fit_never) {
  put(1, "red, blue");
  records_.create("in", 2);
  Process process(registry_, log_);
  add(process, "0s", "after_load", "latest");
  const auto model = process.models().front()->served("m");
  auto running = std::async(std::launch::async, [&] { return process.run(ports()); });
  ASSERT_TRUE(eventually([&] { return process.started(); }));
  std::jthread feeder([this](std::stop_token stop) { feed(stop); });
  ASSERT_TRUE(eventually([&] { return fed_ > 50; }));
  // Its features read a field that the pipeline does not have.
  dir_.write("3/fake.yaml", "inputs: {x: 'int64[?]'}\noutputs: {y: 'float32[?]'}\n");
  dir_.write("3/assets.extra/features.yaml",
             "inputs: { colour: string }\nfeatures: { x: { vocabulary: colour, words: [a] } }\n");
  ASSERT_TRUE(eventually([&] { return model->failed_loads() == 1; }));
  EXPECT_EQ(model->current()->version, 1);
  put(2, "blue, green, red");
  std::filesystem::remove_all(dir_ / "3");
  ASSERT_TRUE(eventually([&] { return model->current()->version == 2; }));
  const auto fed = fed_.load();
  ASSERT_TRUE(eventually([&] { return fed_ >= fed + 200; }));
  feeder.request_stop();
  feeder.join();
  ASSERT_TRUE(eventually([&] {
    return sink_.load()->acknowledged("out").size() == static_cast<std::size_t>(fed_.load());
  }));
  process.request_stop();
  EXPECT_TRUE(running.get().ok());
  check_outputs();
}

}  // namespace
}  // namespace thalweg
