// What brokers say of the outputs that they refuse, kept from the moment of their answer until its delivery report is served.
//
// librdkafka 2.15.1 frees those words in between, while the report still points to them (rd_kafka_handle_Produce). An interceptor hears of
// every message when its answer comes; what a refused one is refused with is copied there.
//
//   RefusalWords words;                     // outlives the clients
//   words.listen(*conf);                    // before a producer is made of it
//   … a delivery report that failed: words.take(message->_private)
//
// Threads: librdkafka's keep, whoever polls takes.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include <librdkafka/rdkafka.h>

namespace thalweg {

class RefusalWords {
 public:
  void listen(rd_kafka_conf_t& conf);
  // Of the message with this opaque, once. Empty: nothing was said but the code.
  [[nodiscard]] std::string take(const void* opaque);
  // After a client has gone: reports that it never gave must not be taken for those of later outputs in the same place.
  void forget();

 private:
  static rd_kafka_resp_err_t on_new(rd_kafka_t* rk, const rd_kafka_conf_t* conf, void* words,
                                    char* errstr, std::size_t errstr_size);
  static rd_kafka_resp_err_t on_answer(rd_kafka_t* rk, rd_kafka_message_t* message, void* words);

  std::mutex mutex_;
  std::unordered_map<const void*, std::string> words_;  // by the message's opaque
};

}  // namespace thalweg
