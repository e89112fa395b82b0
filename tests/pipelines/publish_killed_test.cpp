// Publishers that are killed at any moment, beside a model that is served from the folder they write: a version is there whole or not at all.
#include <csignal>
#include <random>

#include <gtest/gtest.h>

#include "model/served_fixture.h"
#include "pipelines/support/command.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Command;

class PublishKilled : public ServedTest {
 protected:
  // What is published: many files, so that there are many moments between the first and the last byte.
  void make_export(int value) const {
    from_.write("fake.yaml", "function: constant\nvalue: " + std::to_string(value) + "\n");
    for (int i = 0; i < 40; ++i)
      from_.write("weights/" + std::to_string(i),
                  std::string(64 << 10, static_cast<char>('a' + i % 26)));
  }
  std::unique_ptr<Command> publisher() const {
    return std::make_unique<Command>(
        std::vector<std::string>{test::thalweg_binary(), "model", "publish", from_.path(), "--to",
                                 dir_.path()},
        words_.path());
  }
  // All that was exported, and the manifest.
  bool is_whole(int version) const {
    const auto files = list_files(dir_ / std::to_string(version));
    return files.ok() && files->size() == list_files(from_.path())->size() &&
           std::filesystem::exists(dir_ / (std::to_string(version) + "/manifest.json"));
  }
  std::vector<int> versions() const {
    std::vector<int> numbers;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
      const std::string name = entry.path().filename();
      if (name.front() != '.') numbers.push_back(std::stoi(name));
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  ScratchDir from_, words_;
};

TEST_F(PublishKilled, No_half_version_appears_and_none_is_loaded) {
  make_export(1);
  ASSERT_EQ(publisher()->wait(), 0);
  const auto model = make({{"poll", "1ms"}, {"version", "latest"}});
  ASSERT_TRUE(model->open().ok());
  model->start();
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(publisher()->wait(), 0);
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - began);
  std::mt19937 random(7);
  int killed = 0;
  for (int round = 0; round < 40; ++round) {
    const auto process = publisher();
    std::this_thread::sleep_for(
        std::chrono::microseconds(random() % static_cast<unsigned>(whole.count())));
    process->signal(SIGKILL);
    killed += process->wait() == 128 + SIGKILL ? 1 : 0;
    for (const int version : versions()) ASSERT_TRUE(is_whole(version)) << version;
  }
  EXPECT_GE(killed, 10) << "the moments were not those before the end";
  const int last = versions().back();
  EXPECT_TRUE(eventually([&] { return serving(*model) == last; }));
  EXPECT_EQ(model->failed_loads(), 0U);
  EXPECT_EQ(told("model.incomplete"), 0U) << "what a killed publisher leaves is no version";
  ASSERT_EQ(publisher()->wait(), 0);
  EXPECT_TRUE(eventually([&] { return serving(*model) == last + 1; }));
}

}  // namespace
}  // namespace thalweg
