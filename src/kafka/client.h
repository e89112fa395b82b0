// One librdkafka client with its log and its health: what a consumer, a producer and an admin client have in common.
//
// Belongs to whoever made it. librdkafka's own threads only reach the log; everything else is called back on the threads
// that poll the client.
#pragma once

#include <string>

#include "kafka/config.h"
#include "kafka/handles.h"
#include "kafka/health.h"
#include "kafka/log.h"

namespace thalweg::kafka {

// What librdkafka's callbacks get as their opaque pointer. Derive to add callbacks of your own; must outlive the client.
class ClientContext {
 public:
  ClientContext(const std::string& brokers, LogSink sink)
      : log(std::move(sink)), health(brokers, log) {}
  virtual ~ClientContext() = default;
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  Log log;
  Health health;
};

// Creates the client. `conf` may already carry callbacks; their opaque is `context`.
// Errors: config_invalid (properties that contradict each other).
[[nodiscard]] Result<ClientHandle> make_client(Role role, ConfHandle conf, ClientContext& context);

}  // namespace thalweg::kafka
