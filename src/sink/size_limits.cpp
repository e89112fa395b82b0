// Numbers out of properties, with librdkafka's defaults where nobody set one.
#include "sink/size_limits.h"

#include <algorithm>

#include "config/scalars.h"
#include "kafka/admin.h"

namespace thalweg {
namespace {

using kafka::Role;

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
constexpr std::int64_t message_bytes_most = 1'000'000'000;  // librdkafka takes no larger setting

}  // namespace

ProducerLimits producer_limits(const kafka::Config& config, std::uint64_t value_bytes_max) {
  const auto message = config.number(Role::producer, "message.max.bytes");
  const auto queue = config.number(Role::producer, "queue.buffering.max.kbytes");
  // An output is often its input and some more; a dead letter always is.
  const std::int64_t input =
      static_cast<std::int64_t>(std::min<std::uint64_t>(value_bytes_max, message_bytes_most));
  std::int64_t wide = std::min(2 * input + mebibyte, message_bytes_most);
  // A message larger than the whole queue would wait for room for ever.
  if (queue) wide = std::clamp<std::int64_t>(*queue * 1024, 1000, wide);
  const std::int64_t bytes = message.value_or(wide);
  return {bytes, queue.value_or(std::max<std::int64_t>(65536, bytes / 1024 + 1))};
}

std::int64_t batch_bytes_of(const kafka::Config& config) {
  constexpr std::int64_t librdkafkas = 1'000'000;
  const std::int64_t batch = config.number(Role::producer, "batch.size").value_or(librdkafkas);
  return std::min(batch, config.number(Role::producer, "message.max.bytes").value_or(batch));
}

std::optional<std::int64_t> topic_message_bytes(rd_kafka_t* client, const std::string& topic,
                                                std::chrono::milliseconds timeout) {
  const auto setting = kafka::topic_setting(client, topic, "max.message.bytes", timeout);
  if (!setting) return std::nullopt;
  return config::parse_integer(*setting);
}

Status check_batch_size(const kafka::Config& config, const std::string& topic,
                        std::int64_t topic_limit) {
  const std::int64_t batch = batch_bytes_of(config);
  if (batch <= topic_limit) return {};
  const std::string limit = std::to_string(topic_limit);
  return Error(Code::config_invalid, "topic '" + topic + "': it takes batches up to " + limit +
                                         " bytes (max.message.bytes), ours may have " +
                                         std::to_string(batch) +
                                         "; set `kafka: { batch.size: " + limit + " }` or less");
}

}  // namespace thalweg
