// Making a client and routing the callbacks that every client has.
#include "kafka/client.h"

#include <cstdlib>
#include <string_view>

namespace thalweg::kafka {
namespace {

ClientContext& context_of(const rd_kafka_t* rk) {
  return *static_cast<ClientContext*>(rd_kafka_opaque(rk));
}

void on_log(const rd_kafka_t* rk, int level, const char* facility, const char* text) {
  if (rk == nullptr || rd_kafka_opaque(rk) == nullptr) return;
  context_of(rk).log.from_client(level, facility, text);
}

void on_error(rd_kafka_t* rk, int err, const char* reason, void* opaque) {
  static_cast<ClientContext*>(opaque)->health.error(rk, static_cast<rd_kafka_resp_err_t>(err),
                                                    reason);
}

// Statistics are asked for because of one fact that nothing else tells an idle client: a broker is connected again.
int on_stats(rd_kafka_t* /*rk*/, char* json, std::size_t size, void* opaque) {
  const std::string_view text(json, size);
  if (text.find("\"state\":\"UP\"") != std::string_view::npos) {
    static_cast<ClientContext*>(opaque)->health.answered();
  }
  return 0;  // librdkafka frees the text
}

}  // namespace

Result<ClientHandle> make_client(Role role, ConfHandle conf, ClientContext& context) {
  rd_kafka_conf_set_opaque(conf.get(), &context);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_stats_cb(conf.get(), on_stats);
  // OAuth tokens are renewed on a thread of librdkafka's: calls like metadata() block without polling, and would wait for a
  // token for ever.
  rd_kafka_conf_enable_sasl_queue(conf.get(), 1);

  char text[512] = "";
  const auto type = role == Role::consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  ClientHandle client(rd_kafka_new(type, conf.get(), text, sizeof text));
  if (!client)
    return Error(Code::config_invalid,
                 std::string("kafka: librdkafka refuses the settings: ") + text);
  (void)conf.release();  // it is the client's now
  // An error means that this client uses no tokens.
  const ErrorHandle ignored(rd_kafka_sasl_background_callbacks_enable(client.get()));
  return client;
}

}  // namespace thalweg::kafka
