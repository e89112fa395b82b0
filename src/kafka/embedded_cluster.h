// A Kafka cluster inside the process: librdkafka's mock brokers, for the demo and for fast tests.
//
//   auto cluster = EmbeddedCluster::start();
//   cluster->create_topic("incoming_tweet", 2);
//   … bootstrap.servers: cluster->bootstrap()
//
// It speaks Kafka's protocol on 127.0.0.1 and forgets everything when it dies. Its limits: 5 MiB are kept per partition, older
// records vanish silently; there is no compaction; transactions are not real; an empty fetch sleeps the whole fetch.wait.max.ms,
// so give its consumers `consumer_properties()`.
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>  // needs rdkafka.h before it

#include "thalweg/error.h"

#include "kafka/client.h"

namespace thalweg::kafka {

class EmbeddedCluster {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedCluster>> start(int brokers = 1,
                                                                      LogSink log = {});
  ~EmbeddedCluster();

  [[nodiscard]] std::string bootstrap() const;
  [[nodiscard]] Status create_topic(const std::string& topic, int partitions);
  // What consumers of this cluster should set, to be quick.
  [[nodiscard]] static std::vector<std::pair<std::string, std::string>> consumer_properties() {
    return {{"fetch.wait.max.ms", "5"}};
  }
  // For tests: errors, delays and brokers that go away (rdkafka_mock.h).
  [[nodiscard]] rd_kafka_mock_cluster_t* mock() noexcept { return mock_; }

 private:
  EmbeddedCluster(const std::string& name, LogSink log) : context_(name, std::move(log)) {}
  ClientContext context_;  // outlives the client
  ClientHandle client_;    // the mock brokers live in a client of their own
  rd_kafka_mock_cluster_t* mock_ = nullptr;
};

}  // namespace thalweg::kafka
