#include "sink/kafka_transaction_sink.h"

#include <algorithm>
#include <functional>

#include "kafka/admin_request.h"
#include "kafka/errors.h"
#include "kafka/group_offsets.h"
#include "sink/kafka_refusals.h"

namespace thalweg {
namespace {

using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr int rest_of_transaction = -1;
constexpr Millis init_slice{1000};  // it goes on where it was, and a stop is seen between
constexpr int aborts_before_new_client = 2;

// Asks again what librdkafka says may be asked again, for as long as the transaction may last.
kafka::ErrorHandle try_for(Millis limit, const std::function<rd_kafka_error_t*()>& call) {
  const auto until = Steady::now() + limit;
  for (;;) {
    kafka::ErrorHandle error(call());
    if (!error || rd_kafka_error_is_retriable(error.get()) == 0) return error;
    if (rd_kafka_error_txn_requires_abort(error.get()) != 0 || Steady::now() >= until) return error;
    kafka::pause(Millis(50));
  }
}

}  // namespace

Result<std::unique_ptr<KafkaTransactionSink>> KafkaTransactionSink::make(KafkaSinkOptions options) {
  std::unique_ptr<KafkaTransactionSink> sink(new KafkaTransactionSink(std::move(options)));
  if (Status s = sink->KafkaSink::open(); !s) return std::move(s).error();
  return sink;
}

// Here, since what is reported on the way must find this class still whole.
KafkaTransactionSink::~KafkaTransactionSink() {
  disconnect();
}

std::size_t KafkaTransactionSink::poll() {
  const std::unique_lock lock(client_mutex_, std::try_to_lock);
  return lock.owns_lock() && client() != nullptr ? KafkaSink::poll() : 0;
}

Error KafkaTransactionSink::failed(const char* what, rd_kafka_error_t* error) const {
  const bool too_long = rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
  return Error(kafka::transaction_code_of(rd_kafka_error_code(error)),
               "sink: transaction '" + options().transactional_id + "': expected to " + what +
                   "; got " + rd_kafka_error_string(error) +
                   (too_long ? "; lower kafka.transaction.timeout.ms" : ""));
}

Status KafkaTransactionSink::open() {
  if (initialised_) return {};
  if (client() == nullptr) return renew();
  const kafka::ErrorHandle error(
      rd_kafka_init_transactions(client(), static_cast<int>(init_slice.count())));
  if (!error) {
    initialised_ = true;
    return {};
  }
  Error why = failed("be let in", error.get());
  if (why.retry() == Retry::backoff && rd_kafka_error_is_retriable(error.get()) == 0) {
    // This client will not do any more; the next call makes another.
    const std::scoped_lock lock(client_mutex_);
    disconnect();
  }
  return why;
}

Status KafkaTransactionSink::begin() {
  const kafka::ErrorHandle error(rd_kafka_begin_transaction(client()));
  if (error) {
    initialised_ = false;  // a client that cannot begin is finished
    return failed("begin", error.get());
  }
  begun_ = true;
  return {};
}

Status KafkaTransactionSink::commit(GroupOffsets& offsets) {
  auto& group = static_cast<kafka::ConsumerOffsets&>(offsets);
  const auto limit = options().transaction_timeout;
  if (const auto error = try_for(limit, [&] {
        return rd_kafka_send_offsets_to_transaction(client(), group.offsets.get(),
                                                    group.membership.get(), rest_of_transaction);
      })) {
    return failed("commit its offsets", error.get());
  }
  if (const auto error = try_for(
          limit, [&] { return rd_kafka_commit_transaction(client(), rest_of_transaction); })) {
    return failed("be committed", error.get());
  }
  begun_ = false;
  return {};
}

Status KafkaTransactionSink::recover() {
  const bool alive = client() != nullptr &&
                     rd_kafka_fatal_error(client(), nullptr, 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (alive && !begun_) return open();
  if (alive && aborts_tried_ < aborts_before_new_client) {
    ++aborts_tried_;
    return abort();
  }
  return renew();
}

// librdkafka 2.15 may end the abort of a transaction that has only just begun with a fatal error (its issue 4849); then recover()
// comes again and takes a new client.
Status KafkaTransactionSink::abort() {
  const kafka::ErrorHandle error(rd_kafka_abort_transaction(client(), rest_of_transaction));
  if (error) return failed("be aborted", error.get());
  begun_ = false;
  aborts_tried_ = 0;
  return {};
}

Status KafkaTransactionSink::renew() {
  {
    const std::scoped_lock lock(client_mutex_);
    disconnect();
    initialised_ = begun_ = false;
    aborts_tried_ = 0;
    if (Status made = connect(); !made) return made;
  }
  log.say(kafka::LogLevel::info,
          "a new producer for transactions '" + options().transactional_id + "'");
  return open();
}

void KafkaTransactionSink::not_delivered(OutputRecord& output, rd_kafka_resp_err_t err,
                                         const std::string& words, bool /*single*/) {
  switch (err) {
    // The transaction is over, not this output: another transaction may take it.
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: {
      const Error error(Code::delivery_failed,
                        "sink: the producer was fenced, or is broken: " + kafka::words(err));
      return tell(output, &error);
    }
    default: {
      const Error error = refused_there(err, topic_of(output), output, words);
      return tell(output, &error);
    }
  }
}

}  // namespace thalweg
