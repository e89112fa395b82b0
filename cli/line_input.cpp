#include "cli/line_input.h"

#include <chrono>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "cli/topic_reader.h"
#include "run/kafka_ports.h"

namespace thalweg::cli {
namespace {

constexpr std::uint64_t lines_between_words = 200'000;

using Take = std::function<Status(const InputLine&)>;

// Says how far it is, where a person waits.
class Progress {
 public:
  explicit Progress(std::string_view what) : what_(what) {}
  ~Progress() {
    if (said_) fmt::print(stderr, "\r{:40}\r", "");
  }
  void line() {
    if (++count_ % lines_between_words != 0 || !is_terminal(stderr)) return;
    said_ = true;
    fmt::print(stderr, "\r{}: {} read", what_, counted(count_, "line"));
    std::fflush(stderr);
  }

 private:
  std::string_view what_;
  std::uint64_t count_ = 0;
  bool said_ = false;
};

Status read_file(const LineInput& input, const Take& take) {
  std::ifstream file;
  if (input.from != "-") {
    file.open(input.from);
    if (!file)
      return Error(Code::io_failed,
                   fmt::format("{}: expected a file that can be read; got '{}'; a topic is written "
                               "topic:NAME",
                               input.what, input.from));
  }
  std::istream& in = input.from == "-" ? std::cin : file;
  Progress progress(input.what);
  std::string line;
  for (std::int64_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    if (Status s = take({line, 0, number}); !s)
      return std::move(s).error().at(fmt::format("{}:{}", input.from, number));
    progress.line();
  }
  return {};
}

Status read_topic(const LineInput& input, const std::string& topic, const Take& take) {
  auto all = kafka_config_of(*input.file);
  if (!all) return std::move(all).error();
  const kafka::Config config = all->for_admin_of(input.cluster);
  TopicReader reader(config, topic, input.reader + "." + input.file->values.string("pipeline"),
                     std::chrono::seconds(input.timeout_s));
  if (Status s = reader.open(); !s) return s;
  Progress progress(input.what);
  Status failed;
  Status read = reader.read([&](const rd_kafka_message_t& m) {
    const std::int64_t ms = rd_kafka_message_timestamp(&m, nullptr);
    const bool within =
        (!input.since_ms || ms >= *input.since_ms) && (!input.until_ms || ms < *input.until_ms);
    if (m.payload == nullptr || !within) return true;
    failed = take({{static_cast<const char*>(m.payload), m.len}, m.partition, m.offset});
    if (!failed)
      failed = std::move(failed).error().at(fmt::format("{}[{}]@{}", topic, m.partition, m.offset));
    progress.line();
    return failed.ok();
  });
  return failed.ok() ? read : failed;
}

}  // namespace

Status read_lines(const LineInput& input, const Take& take) {
  if (!input.from.starts_with(topic_prefix)) return read_file(input, take);
  if (input.file == nullptr)
    return Error(Code::config_invalid,
                 fmt::format("{}: expected a pipeline file, which says where the brokers of '{}' "
                             "are; got none; give it as the first word",
                             input.what, input.from));
  return read_topic(input, input.from.substr(topic_prefix.size()), take);
}

}  // namespace thalweg::cli
