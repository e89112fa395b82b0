// What other people's readers make of an exactly-once output: Kafka's own console consumer and kcat, over topics in which killed
// processes left transactions that were taken back. Neither knows anything of ours, and one is not built on librdkafka.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Command;
using test::TestMessage;

struct Line {
  std::string headers, key, value;
};

std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    if (line.find('\t') == std::string::npos) continue;  // Kafka's tools log there too
    std::istringstream parts(line);
    Line read;
    std::getline(parts, read.headers, '\t');
    std::getline(parts, read.key, '\t');
    std::getline(parts, read.value);
    lines.push_back(std::move(read));
  }
  return lines;
}

class ForeignReadersBroker : public test::BrokerPipeline {
 protected:
  static constexpr int count = 600;
  static bool is_bad(int n) { return n % 50 == 7; }

  // The topics of a pipeline that was killed twice with a transaction open, and ended well the third time.
  void fill_topics() {
    slow_ = "2ms";
    write_file();
    std::vector<TestMessage> messages;
    for (int n = 0; n < count; ++n) {
      messages.push_back({.value = is_bad(n) ? "no JSON" : value(n),
                          .key = std::to_string(n),
                          .partition = n % partitions_,
                          .headers = {{"till", "till-" + std::to_string(n)}}});
    }
    test::produce(brokers_, in_, messages);
    const auto start = [&](const std::string& interval) {
      return run({"delivery=exactly_once", "batch.rows_max=16", "commit_interval=" + interval,
                  "state_directory=" + (folder_ / "state"), "from.kafka.session.timeout.ms=6000"});
    };
    test::Reader everything(brokers_, out_, partitions_, {{"isolation.level", "read_uncommitted"}});
    for (const std::size_t until : {50U, 100U}) {
      const auto command = start("5s");  // so nothing is committed before the end
      ASSERT_TRUE(everything.until_count(until)) << command->err();
      command->signal(SIGKILL);
      EXPECT_EQ(command->wait(), 128 + SIGKILL);
    }
    const auto command = start("100ms");
    ASSERT_TRUE(test::eventually([&] { return committed_records() == count; }, 60s))
        << command->err();
    EXPECT_EQ(command->stop(), 0) << command->err();
    everything.until_quiet();
    ASSERT_GE(everything.all().size(), 700U) << "nothing was taken back: the test would be empty";
  }

  // The records of both topics, each once, with the headers of the input and ours.
  void expect_the_committed(const std::vector<Line>& outputs, const std::vector<Line>& letters,
                            char separator) const {
    std::multiset<int> found;
    for (const auto* lines : {&outputs, &letters}) {
      for (const Line& line : *lines) {
        ASSERT_FALSE(line.key.empty()) << line.headers;
        const int n = std::stoi(line.key);
        found.insert(n);
        EXPECT_NE(line.headers.find(fmt::format("till{}till-{}", separator, n)), std::string::npos)
            << line.headers;
        const bool dead = lines == &letters;
        EXPECT_EQ(dead, is_bad(n));
        const std::string ours =
            dead ? fmt::format("__thalweg.errors.code{}not_json", separator)
                 : fmt::format("thalweg{}id={}-{}-{}", separator, in_, n % 2, n / 2);
        EXPECT_NE(line.headers.find(ours), std::string::npos) << line.headers;
        EXPECT_EQ(line.value.find(dead ? "no JSON" : fmt::format("{{\"n\":{},", n)), 0U)
            << line.value;
      }
    }
    EXPECT_EQ(found.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(std::set<int>(found.begin(), found.end()).size(), static_cast<std::size_t>(count));
  }

  [[nodiscard]] std::vector<Line> read(const std::string& shell) const {
    Command command({"/bin/bash", "-c", shell}, folder_.path());
    EXPECT_TRUE(command.wait(120s)) << shell;
    return lines_of(command.out());
  }
  [[nodiscard]] std::vector<Line> read_with_java(const std::string& topic) const {
    return read(
        fmt::format("exec {}/script/kafka consume --broker {} --topic {} --from-beginning "
                    "--isolation-level read_committed --timeout-ms 6000 "
                    "--formatter-property print.headers=true --formatter-property print.key=true",
                    THALWEG_SOURCE_DIR, brokers_, topic));
  }
  [[nodiscard]] std::vector<Line> read_with_kcat(const std::string& topic) const {
    return read(
        fmt::format("exec kcat -C -b {} -t {} -o beginning -e -q -X isolation.level=read_committed "
                    "-f '%h\\t%k\\t%s\\n'",
                    brokers_, topic));
  }
};

TEST_F(ForeignReadersBroker, The_Java_console_consumer_sees_each_committed_record_once) {
  fill_topics();
  expect_the_committed(read_with_java(out_), read_with_java(dead_), ':');
}

TEST_F(ForeignReadersBroker, Kcat_sees_each_committed_record_once) {
  if (std::system("command -v kcat >/dev/null") != 0)  // NOLINT: no input of others
    GTEST_SKIP() << "kcat is not installed";
  fill_topics();
  expect_the_committed(read_with_kcat(out_), read_with_kcat(dead_), '=');
}

}  // namespace
}  // namespace thalweg
