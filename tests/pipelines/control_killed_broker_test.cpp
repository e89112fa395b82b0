// kill -9 while a change is made: of the command that writes it, of the one that publishes and routes, and of a process that keeps its state in a file. Afterwards
// everybody does what is written, and what is written is the state before or the new one, whole.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/json_node.h"
#include "pipelines/support/control_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ControlKilledBroker : public test::ControlPipeline {
 protected:
  [[nodiscard]] std::unique_ptr<Command> command(std::vector<std::string> words) const {
    words.insert(words.begin(), {test::thalweg_binary(), "models"});
    words.insert(words.begin() + 3, folder_ / "p.yaml");
    return std::make_unique<Command>(words, folder_.path());
  }
  // The command at some moment of its life is no more; true: it was killed, and did not end by itself before.
  bool kill_at_some_moment(const std::vector<std::string>& words, std::chrono::microseconds whole) {
    const auto writer = command(words);
    std::this_thread::sleep_for(
        std::chrono::microseconds(random_() % static_cast<unsigned>(whole.count())));
    writer->signal(SIGKILL);
    const auto code = writer->wait();
    if (code != 128 + SIGKILL) {
      EXPECT_EQ(code, 0) << writer->err();
    }
    return code == 128 + SIGKILL;
  }
  // How long it takes when nobody kills it.
  std::chrono::microseconds time_of(const std::vector<std::string>& words) {
    const auto began = std::chrono::steady_clock::now();
    const auto whole = command(words);
    EXPECT_EQ(whole->wait(), 0) << whole->err();
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 began);
  }
  struct Wanted {
    std::int64_t epoch = -1;
    std::string version;
    bool converged = false;
  };
  // What is written of model 'a'.
  Wanted wanted() const {
    const Said said = models({"status", "a", "--json"});
    EXPECT_EQ(said.code, 0) << said.err;
    const auto node = control::read_json(said.out);
    if (!node.ok()) {
      ADD_FAILURE() << said.out << said.err;
      return {};
    }
    const Node& variant = node->find("state")->find("variants")->items().front();
    return {node->find("epoch")->as_integer().value_or(-2), variant.find("version")->text(),
            node->find("converged")->as_boolean().value_or(false)};
  }
  bool converges() const {
    return test::eventually([&] { return wanted().converged; }, 60s);
  }
  // Records from now on are answered by what is written.
  void expect_answers(int first, int count) {
    const Wanted now = wanted();
    send(first, count);
    std::size_t seen = 0;
    const auto is_one = [&](const TestMessage& m) {
      const int n = std::stoi(m.key.value_or("-1"));
      return n >= first && n < first + count;
    };
    ASSERT_TRUE(out_reader().until([&](const auto& all) {
      seen = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_one));
      return seen >= static_cast<std::size_t>(count);
    }));
    for (const TestMessage& m : out_reader().all()) {
      if (!is_one(m)) continue;
      EXPECT_EQ(answer(m, "first"), now.version) << *m.value;
      const std::string head = header(m, "thalweg");
      EXPECT_THAT(head, HasSubstr("model=a,version=" + now.version));
      if (now.epoch >= 0) {
        EXPECT_THAT(head, HasSubstr(fmt::format("epoch={}", now.epoch)));
      }
    }
  }
  // What is written, of a process that was killed, and of the one that comes after it. Nothing was sent before.
  void expect_the_same_after_a_kill(Command& process) {
    ASSERT_NO_FATAL_FAILURE(expect_answers(0, 100));
    process.signal(SIGKILL);
    ASSERT_EQ(process.wait(), 128 + SIGKILL);
    const auto again = run();
    ASSERT_TRUE(assigned(*again)) << again->err();
    ASSERT_NO_FATAL_FAILURE(expect_answers(100, 100));
    EXPECT_EQ(again->stop(), 0) << again->err();
  }
  Reader& out_reader() {
    if (!out_reader_) out_reader_.emplace(brokers_, out_, 4);
    return *out_reader_;
  }

  std::mt19937 random_{17};
  std::optional<Reader> out_reader_;
};

TEST_F(ControlKilledBroker, A_route_command_leaves_the_state_before_or_the_new_one) {
  const auto process = run();
  ASSERT_TRUE(assigned(*process)) << process->err();
  const auto whole = time_of({"route", "a", "5"});
  std::string before = "5";
  int killed = 0, written = 0;
  for (int round = 0; round < 16; ++round) {
    const std::string next = std::to_string(1 + round % 4);
    killed += kill_at_some_moment({"route", "a", next}, whole) ? 1 : 0;
    const Wanted now = wanted();
    EXPECT_TRUE(now.version == before || now.version == next) << now.version;
    written += now.version == next ? 1 : 0;
    ASSERT_TRUE(converges()) << models({"status", "a"}).out << process->err();
    before = wanted().version;
  }
  EXPECT_GE(killed, 6) << "the moments were not those before the end";
  RecordProperty("written_though_killed", written);
  EXPECT_EQ(process->count_in_err("control.record_broken"), 0U);
  ASSERT_NO_FATAL_FAILURE(expect_the_same_after_a_kill(*process));
}

// The version is there before anybody is told of it, so a record never names one that is not.
TEST_F(ControlKilledBroker, A_publish_command_names_no_version_that_is_not_there_whole) {
  const auto process = run();
  ASSERT_TRUE(assigned(*process)) << process->err();
  const auto make_export = [&](int value) {
    folder_.write("export/fake.yaml", fmt::format("function: constant\nvalue: {}\n", value));
    for (int i = 0; i < 20; ++i)
      folder_.write(fmt::format("export/weights/{}", i), std::string(64 << 10, 'w'));
  };
  make_export(6);
  const std::vector<std::string> words{"publish", "a", folder_ / "export", "--route"};
  const auto whole = time_of(words);
  ASSERT_EQ(wanted().version, "6");
  int killed = 0;
  for (int round = 0; round < 16; ++round) {
    int next = 1;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "a")) {
      const std::string name = entry.path().filename();
      if (name.front() != '.') next = std::max(next, std::stoi(name) + 1);
    }
    make_export(next);
    const std::string before = wanted().version;
    killed += kill_at_some_moment(words, whole) ? 1 : 0;
    const Wanted now = wanted();
    EXPECT_TRUE(now.version == before || now.version == std::to_string(next)) << now.version;
    EXPECT_TRUE(std::filesystem::exists(folder_ / ("a/" + now.version + "/manifest.json")))
        << now.version;
    ASSERT_TRUE(converges()) << models({"status", "a"}).out << process->err();
  }
  EXPECT_GE(killed, 6) << "the moments were not those before the end";
  EXPECT_EQ(process->count_in_err("control.refused"), 0U) << process->err();
  ASSERT_NO_FATAL_FAILURE(expect_the_same_after_a_kill(*process));
}

// No control topic: a file in `state_directory`, which the process and the commands write.
TEST_F(ControlKilledBroker, A_process_with_a_state_file_is_after_its_restart_as_the_file_says) {
  write_pipeline("state_directory: " + folder_ / "state");
  auto process = run();
  ASSERT_TRUE(assigned(*process)) << process->err();
  const auto whole = time_of({"route", "a", "5"});
  int sent = 0, writers_killed = 0;
  for (int round = 0; round < 8; ++round) {
    send(sent, 50);
    sent += 50;
    // The command and the process die at moments of their own; whoever is first, the file is whole.
    const std::string next = std::to_string(1 + round % 4);
    const auto writer = command({"route", "a", next});
    std::this_thread::sleep_for(
        std::chrono::microseconds(random_() % static_cast<unsigned>(whole.count())));
    const bool writer_too = round % 2 == 0;
    if (writer_too) writer->signal(SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 200));
    process->signal(SIGKILL);
    ASSERT_EQ(process->wait(), 128 + SIGKILL);
    const auto code = writer->wait();
    writers_killed += code == 128 + SIGKILL ? 1 : 0;
    const Wanted now = wanted();
    if (code == 0) {
      EXPECT_EQ(now.version, next) << "the command said that it is written";
    }
    process = run();
    ASSERT_TRUE(assigned(*process)) << process->err();
    ASSERT_NO_FATAL_FAILURE(expect_answers(sent, 50));
    sent += 50;
    EXPECT_EQ(wanted().epoch, now.epoch) << "a start writes nothing";
    ASSERT_TRUE(converges()) << models({"status", "a"}).out;
  }
  EXPECT_GE(writers_killed, 1);
  EXPECT_TRUE(out_reader().until([&](const auto& all) {
    return keys(all).size() == static_cast<std::size_t>(sent);
  })) << "none is lost";
  EXPECT_EQ(process->stop(), 0) << process->err();
}

}  // namespace
}  // namespace thalweg
