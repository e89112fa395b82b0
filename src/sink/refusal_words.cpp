#include "sink/refusal_words.h"

#include <utility>

namespace thalweg {
namespace {

constexpr const char* name = "thalweg-refusals";

}  // namespace

void RefusalWords::listen(rd_kafka_conf_t& conf) {
  rd_kafka_conf_interceptor_add_on_new(&conf, name, on_new, this);
}

rd_kafka_resp_err_t RefusalWords::on_new(rd_kafka_t* rk, const rd_kafka_conf_t* /*conf*/,
                                         void* words, char* /*errstr*/,
                                         std::size_t /*errstr_size*/) {
  return rd_kafka_interceptor_add_on_acknowledgement(rk, name, on_answer, words);
}

// On librdkafka's threads, once for every message: the ones that were written must cost nothing.
rd_kafka_resp_err_t RefusalWords::on_answer(rd_kafka_t* /*rk*/, rd_kafka_message_t* message,
                                            void* words) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const char* const said = rd_kafka_message_produce_errstr(message);
  if (said == nullptr || *said == '\0') return RD_KAFKA_RESP_ERR_NO_ERROR;
  auto& self = *static_cast<RefusalWords*>(words);
  const std::lock_guard lock(self.mutex_);
  self.words_.insert_or_assign(message->_private, said);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string RefusalWords::take(const void* opaque) {
  const std::lock_guard lock(mutex_);
  const auto found = words_.find(opaque);
  if (found == words_.end()) return {};
  std::string said = std::move(found->second);
  words_.erase(found);
  return said;
}

void RefusalWords::forget() {
  const std::lock_guard lock(mutex_);
  words_.clear();
}

}  // namespace thalweg
