// Metadata and admin requests.
#include "kafka/admin.h"

#include <algorithm>
#include <cstring>

#include "thalweg/settings.h"

#include "kafka/admin_request.h"
#include "kafka/committed.h"
#include "kafka/errors.h"

namespace thalweg::kafka {
namespace {

using Steady = std::chrono::steady_clock;

struct DestroyMetadata {
  void operator()(const rd_kafka_metadata_t* m) const noexcept { rd_kafka_metadata_destroy(m); }
};
using MetadataHandle = std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata>;
using NewTopicHandle = Handle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using ResourceHandle = Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

// Null topic: all of them.
Result<MetadataHandle> metadata(rd_kafka_t* client, const Health* health, const char* topic,
                                Millis timeout) {
  const TopicHandle handle(topic != nullptr ? rd_kafka_topic_new(client, topic, nullptr) : nullptr);
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t err = rd_kafka_metadata(client, topic == nullptr ? 1 : 0, handle.get(),
                                                    &found, static_cast<int>(timeout.count()));
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return MetadataHandle(found);
  const std::string where = topic != nullptr ? "topic '" + std::string(topic) + "'" : "kafka";
  if (health != nullptr && retry_of(code_of(err)) == Retry::backoff)
    return health->unreachable(where);
  return error_of(err, where + ": expected an answer from the broker; got " + words(err));
}

}  // namespace

Result<std::optional<TopicInfo>> topic_info(rd_kafka_t* client, const Health& health,
                                            const std::string& topic, Millis timeout) {
  const auto until = Steady::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(until - Steady::now());
    auto all = metadata(client, &health, topic.c_str(), std::max(left, Millis(1)));
    if (!all) return std::move(all).error();
    const rd_kafka_metadata_t& m = **all;
    if (m.topic_cnt != 1) return std::optional<TopicInfo>{};
    const rd_kafka_metadata_topic_t& t = m.topics[0];
    if (t.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::optional<TopicInfo>{};
    if (t.err == RD_KAFKA_RESP_ERR_NO_ERROR && t.partition_cnt > 0) {
      return std::optional(TopicInfo{topic, t.partition_cnt, t.partitions[0].replica_cnt});
    }
    // A leader is being elected, or the topic is just being made: ask again while there is time.
    if (t.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE && t.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return error_of(t.err, "topic '" + topic + "': " + words(t.err));
    }
    if (left <= Millis(0))
      return Error(Code::timed_out, "topic '" + topic + "': no leader was elected in time");
    pause(Millis(20));
  }
}

// In slices, since a refused login does not end the waiting for an answer: it only shows in the events.
Result<std::optional<TopicInfo>> await_topic(rd_kafka_t* client, Health& health,
                                             const std::string& topic, Millis timeout,
                                             const std::function<void()>& serve,
                                             const std::stop_token& stop) {
  const auto until = Steady::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(until - Steady::now());
    auto info = topic_info(client, health, topic, std::clamp(left, Millis(1), Millis(500)));
    serve();
    if (info) {
      health.answered();
      return info;
    }
    if (auto fatal = health.fatal()) return *std::move(fatal);
    if (info.error().retry() == Retry::fatal) return info;
    if (stop.stop_requested())
      return Error(Code::stopped, "topic '" + topic + "': stopped before a broker answered");
    // Not at the first refusal: "localhost" may mean two addresses, of which one refuses.
    if (left <= Millis(500) || health.down_for() >= Millis(1000)) {
      (void)health.take();  // told with what is returned
      return health.unreachable("topic '" + topic + "'");
    }
  }
}

std::vector<std::string> topic_names(rd_kafka_t* client, Millis timeout) {
  std::vector<std::string> names;
  auto all = metadata(client, nullptr, nullptr, timeout);
  if (!all) return names;
  for (int i = 0; i < (*all)->topic_cnt; ++i) {
    const std::string name = (*all)->topics[i].topic;
    if (!name.starts_with("__")) names.push_back(name);
  }
  return names;
}

Error topic_missing_error(rd_kafka_t* client, const std::string& topic, const std::string& brokers,
                          const std::string& advice) {
  return Error(Code::topic_missing,
               "topic '" + topic + "': expected it on " + brokers + "; it does not exist." +
                   did_you_mean(topic, topic_names(client, Millis(3000))) + " " + advice);
}

Status create_topic(rd_kafka_t* client, const TopicSpec& spec, Millis timeout) {
  const auto until = Steady::now() + timeout;
  char text[512] = "";
  const NewTopicHandle topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions,
                                                   spec.replication_factor, text, sizeof text));
  const std::string where = "topic '" + spec.name + "': cannot be created: ";
  if (!topic) return Error(Code::config_invalid, where + text);
  for (const auto& [name, value] : spec.configs) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  AdminRequest request(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client, topics, 1, request.options(), request.queue());
  auto event = request.wait();
  if (!event) return std::move(event).error().at(where);
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event->get());
  const rd_kafka_topic_result_t** each = rd_kafka_CreateTopics_result_topics(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t err = rd_kafka_topic_result_error(each[i]);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      continue;
    const char* why = rd_kafka_topic_result_error_string(each[i]);
    return error_of(err, where + (why != nullptr ? std::string(why) : words(err)));
  }
  // "Created" is the controller's word; the other brokers hear of it a little later.
  const ClientContext nobody("the cluster", [](LogLevel, std::string_view) {});
  while (Steady::now() < until) {
    auto info = topic_info(client, nobody.health, spec.name, timeout);
    if (info && *info) return {};
    if (!info && info.error().retry() == Retry::fatal) return std::move(info).error();
    pause(Millis(20));
  }
  return Error(Code::timed_out, where + "it was created, but no broker knows it yet");
}

Result<std::string> topic_setting(rd_kafka_t* client, const std::string& topic,
                                  const std::string& name, Millis timeout) {
  const ResourceHandle resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  AdminRequest request(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  rd_kafka_DescribeConfigs(client, resources, 1, request.options(), request.queue());
  auto event = request.wait();
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConfigs_result(event->get());
  const rd_kafka_ConfigResource_t** each =
      rd_kafka_DescribeConfigs_result_resources(result, &count);
  if (count != 1) return Error(Code::timed_out, "topic '" + topic + "': no settings were given");
  if (const auto err = rd_kafka_ConfigResource_error(each[0]); err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_of(err, "topic '" + topic + "': " + words(err));
  }
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(each[0], &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (name == rd_kafka_ConfigEntry_name(entries[i]) && value != nullptr)
      return std::string(value);
  }
  return Error(Code::config_invalid, "topic '" + topic + "': it has no setting '" + name + "'");
}

Result<std::vector<OffsetRange>> offset_ranges(rd_kafka_t* client,
                                               const std::vector<TopicPartition>& partitions,
                                               Millis timeout) {
  std::vector<OffsetRange> ranges(partitions.size());
  if (partitions.empty()) return ranges;
  for (const bool end : {false, true}) {
    auto found =
        list_offsets(client, partitions,
                     end ? RD_KAFKA_OFFSET_SPEC_LATEST : RD_KAFKA_OFFSET_SPEC_EARLIEST, timeout);
    if (!found) return std::move(found).error();
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      (end ? ranges[i].high : ranges[i].low) = (*found)[i];
    }
  }
  return ranges;
}

// --- Admin -----------------------------------------------------------------------------------------------------

Result<Admin> Admin::make(const Config& config, LogSink log) {
  auto conf = make_conf(config, Role::admin, {{"log.connection.close", "false"}}, {});
  if (!conf) return std::move(conf).error();
  auto context = std::make_unique<ClientContext>(config.brokers(), std::move(log));
  auto client = make_client(Role::admin, *std::move(conf), *context);
  if (!client) return std::move(client).error();
  return Admin(config, std::move(context), *std::move(client));
}

Result<ClusterInfo> Admin::cluster(Millis timeout) {
  auto all = metadata(client_.get(), &context_->health, nullptr, timeout);
  rd_kafka_poll(client_.get(), 0);  // serves the errors that say why
  if (!all) {
    if (auto fatal = context_->health.fatal()) return *std::move(fatal);
    if (all.error().code() == Code::broker_unreachable)
      return context_->health.unreachable("kafka");
    return std::move(all).error();
  }
  ClusterInfo info;
  if (char* id = rd_kafka_clusterid(client_.get(), 0)) {
    info.id = id;
    rd_kafka_mem_free(client_.get(), id);
  }
  for (int i = 0; i < (*all)->broker_cnt; ++i) {
    const rd_kafka_metadata_broker_t& b = (*all)->brokers[i];
    info.brokers.push_back(std::string(b.host) + ":" + std::to_string(b.port));
  }
  return info;
}

Result<std::optional<TopicInfo>> Admin::topic(const std::string& name, Millis timeout) {
  return await_topic(client_.get(), context_->health, name, timeout,
                     [&] { rd_kafka_poll(client_.get(), 0); });
}

std::vector<std::string> Admin::topics(Millis timeout) {
  return topic_names(client_.get(), timeout);
}

Status Admin::create(const TopicSpec& spec, Millis timeout) {
  return create_topic(client_.get(), spec, timeout);
}

Result<ClientHandle> Admin::consumer_of(const std::string& group) {
  auto conf = make_conf(config_, Role::consumer, {{"log.connection.close", "false"}},
                        {{"group.id", group}, {"enable.auto.commit", "false"}});
  if (!conf) return std::move(conf).error();
  return make_client(Role::consumer, *std::move(conf), *context_);
}

Result<std::vector<PartitionBacklog>> Admin::backlog(const std::string& group,
                                                     const std::string& topic, Millis timeout) {
  auto info = this->topic(topic, timeout);
  if (!info) return std::move(info).error();
  if (!*info) return topic_missing_error(client_.get(), topic, "the cluster", "");
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < (*info)->partitions; ++i) partitions.push_back({topic, {i}});
  auto ranges = offset_ranges(client_.get(), partitions, timeout);
  if (!ranges) return std::move(ranges).error();
  auto consumer = consumer_of(group);
  if (!consumer) return std::move(consumer).error();
  auto committed = group_offsets(consumer->get(), group, partitions, timeout);
  if (!committed) return std::move(committed).error().at("group '" + group + "'");
  std::vector<PartitionBacklog> backlog;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    backlog.push_back({partitions[i], (*ranges)[i], (*committed)[i]});
  }
  return backlog;
}

}  // namespace thalweg::kafka
