// Starting and stopping the mock brokers.
#include "kafka/embedded_cluster.h"

#include "kafka/errors.h"

namespace thalweg::kafka {

Result<std::unique_ptr<EmbeddedCluster>> EmbeddedCluster::start(int brokers, LogSink log) {
  std::unique_ptr<EmbeddedCluster> cluster(
      new EmbeddedCluster("the embedded cluster", std::move(log)));
  ConfHandle conf(rd_kafka_conf_new());
  rd_kafka_conf_set(conf.get(), "log_level", "4", nullptr,
                    0);  // it would notice that it has no brokers to connect to
  auto client = make_client(Role::admin, std::move(conf), cluster->context_);
  if (!client) return std::move(client).error();
  cluster->client_ = *std::move(client);
  cluster->mock_ = rd_kafka_mock_cluster_new(cluster->client_.get(), brokers);
  if (cluster->mock_ == nullptr) {
    return Error(Code::io_failed, "embedded cluster: expected free ports on 127.0.0.1; got none");
  }
  rd_kafka_mock_group_initial_rebalance_delay_ms(cluster->mock_,
                                                 0);  // nobody else is about to join
  return cluster;
}

EmbeddedCluster::~EmbeddedCluster() {
  if (mock_ != nullptr) rd_kafka_mock_cluster_destroy(mock_);
}

std::string EmbeddedCluster::bootstrap() const {
  return rd_kafka_mock_cluster_bootstraps(mock_);
}

Status EmbeddedCluster::create_topic(const std::string& topic, int partitions) {
  const auto err = rd_kafka_mock_topic_create(mock_, topic.c_str(), partitions, 1);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return Error(code_of(err),
               "topic '" + topic + "': cannot be created in the embedded cluster: " + words(err));
}

}  // namespace thalweg::kafka
