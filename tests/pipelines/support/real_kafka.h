// A real broker as tests need it: topics made, records deleted, offsets looked up, messages read; brokers of their own that may be stopped.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/mock_cluster.h"

namespace thalweg::test {

using Settings = std::vector<std::pair<std::string, std::string>>;

// Of this host, a moment ago.
[[nodiscard]] int free_port();

// A new topic of a name nobody has used.
[[nodiscard]] std::string make_topic(const std::string& brokers, const std::string& stem,
                                     int partitions = 1, const Settings& settings = {});
// As `thalweg models` would make it, its history beside it.
[[nodiscard]] std::string make_control_topic(const std::string& brokers);
[[nodiscard]] bool has_topic(const std::string& brokers, const std::string& topic);
// What the group has committed, by partition; nothing where it has not.
[[nodiscard]] std::map<int, std::int64_t> committed(const std::string& brokers,
                                                    const std::string& group,
                                                    const std::string& topic);
void delete_topic(const std::string& brokers, const std::string& topic);
// Everything before the offset is gone, as after a retention time.
void delete_records(const std::string& brokers, const std::string& topic, int partition,
                    std::int64_t before);

// Reads a topic on and on, all partitions from the beginning; `take` sees each message once.
class Reader {
 public:
  // `settings`: of the consumer, beside its own (isolation.level, for example; read_committed unless set).
  Reader(const std::string& brokers, const std::string& topic, int partitions,
         const Settings& settings = {});
  ~Reader();
  // Until `done`, or the time is over (then false).
  bool until(const std::function<bool(const std::vector<TestMessage>&)>& done,
             std::chrono::milliseconds within = std::chrono::seconds(60));
  bool until_count(std::size_t count, std::chrono::milliseconds within = std::chrono::seconds(60)) {
    return until([count](const auto& all) { return all.size() >= count; }, within);
  }
  // Reads on until nothing has come for that long: how duplicates are found.
  void until_quiet(std::chrono::milliseconds quiet = std::chrono::milliseconds(500));
  [[nodiscard]] const std::vector<TestMessage>& all() const noexcept { return all_; }

 private:
  bool poll(int timeout_ms);
  kafka::ClientHandle client_;
  std::vector<TestMessage> all_;
};

// A broker of its own through script/kafka: may be stopped, started again with its data, and is gone after the test.
class OwnBroker {
 public:
  OwnBroker();  // nothing runs yet
  ~OwnBroker();
  void start();
  void stop();  // as a crash does
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void script(const std::string& words) const;
  std::string name_;
  int port_;
};

}  // namespace thalweg::test
