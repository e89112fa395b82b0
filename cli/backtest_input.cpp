#include "cli/backtest_input.h"

#include <chrono>

#include "cli/line_input.h"
#include "cli/topic_reader.h"
#include "run/kafka_ports.h"

namespace thalweg::cli {
namespace {

std::optional<std::string> copy(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data), size);
}

ReplayRecord record_of(const std::string& topic, const rd_kafka_message_t& m) {
  ReplayRecord record{.topic = topic,
                      .partition = m.partition,
                      .offset = m.offset,
                      .timestamp_ms = rd_kafka_message_timestamp(&m, nullptr)};
  record.key = copy(m.key, m.key_len);
  record.value = copy(m.payload, m.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, copy(value, size));
  return record;
}

// As `thalweg score` numbers them: from 0, in partition 0.
Status read_lines_of(const PipelineFile& file, const HistoryOptions& options,
                     const std::function<Status(ReplayRecord)>& take) {
  const std::string topic = input_topics(file.values.section("from")).front();
  std::size_t count = 0;
  const Error enough(Code::stopped, "enough");
  const LineInput input{.what = "--input", .from = options.input, .since_ms = {}, .until_ms = {}};
  Status read = read_lines(input, [&](const InputLine& line) -> Status {
    if (options.limit > 0 && count++ >= options.limit) return enough;
    ReplayRecord record{.topic = topic, .offset = line.place - 1};
    record.value.emplace(line.text);
    if (record.value->ends_with('\r')) record.value->pop_back();
    return take(std::move(record));
  });
  return !read && read.error().code() == Code::stopped ? Status{} : read;
}

}  // namespace

Status read_history(const PipelineFile& file, const HistoryOptions& options,
                    const std::function<void(std::int64_t offsets)>& expected,
                    const std::function<Status(ReplayRecord)>& take) {
  if (!options.input.empty()) return read_lines_of(file, options, take);
  auto all = kafka_config_of(file);
  if (!all) return std::move(all).error();
  const kafka::Config config = all->for_admin_of(kafka::Role::consumer);
  std::size_t count = 0;
  for (const std::string& topic : input_topics(file.values.section("from"))) {
    TopicReader reader(config, topic, "backtest." + file.values.string("pipeline"),
                       std::chrono::seconds(options.timeout_s));
    reader.between(options.from, options.to);
    if (Status s = reader.open(); !s) return s;
    expected(reader.offsets());
    Status taken;
    Status read = reader.read([&](const rd_kafka_message_t& m) {
      if (options.limit > 0 && count++ >= options.limit) return false;
      taken = take(record_of(topic, m));
      return taken.ok();
    });
    if (!taken) return taken;
    if (!read) return read;
  }
  return {};
}

}  // namespace thalweg::cli
