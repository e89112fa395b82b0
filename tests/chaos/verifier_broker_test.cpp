// The verifier against a real broker, and a stream that is broken on purpose: what it is there to find, it finds.
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "bench/load/kafka.h"
#include "bench/must.h"
#include "chaos/verifier.h"

namespace thalweg::chaos {
namespace {

using namespace std::chrono_literals;

std::string broker() {
  const char* const address = std::getenv("THALWEG_TEST_KAFKA");
  return address == nullptr ? "" : address;
}

class VerifierBroker : public testing::Test {
 protected:
  void SetUp() override {
    if (broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
    kafka::Admin admin = bench::make_admin(broker());
    for (const std::string& topic : {out_, dead_}) bench::create_topic(admin, topic, 1);
    writer_ = bench::make_client(RD_KAFKA_PRODUCER,
                                 bench::make_conf(broker(), {{"enable.idempotence", "true"}}));
  }
  // A producer in whose transactions the rest is written.
  void write_in_transactions() {
    writer_ = bench::make_client(
        RD_KAFKA_PRODUCER, bench::make_conf(broker(), {{"transactional.id", out_ + "-writer"}}));
    must(rd_kafka_init_transactions(writer_.get(), 30'000));
  }
  static void must(rd_kafka_error_t* error) {
    if (error == nullptr) return;
    ADD_FAILURE() << rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
  }
  void begin() { must(rd_kafka_begin_transaction(writer_.get())); }
  void commit() { must(rd_kafka_commit_transaction(writer_.get(), 30'000)); }
  void abort() { must(rd_kafka_abort_transaction(writer_.get(), 30'000)); }

  void write(const std::string& topic, const Record& record, const std::string& value) {
    const std::string header = header_of(record);
    ASSERT_EQ(
        rd_kafka_producev(writer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                          RD_KAFKA_V_HEADER(header_name.data(), header.data(),
                                            static_cast<ssize_t>(header.size())),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
        RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(rd_kafka_flush(writer_.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void output(std::int64_t number) {
    const Record record{0, number, Kind::good};
    write(out_, record, fmt::format(R"({{"p":0,"n":{},"score":{}}})", number, score_of(record)));
  }
  void dead_letter(std::int64_t number) {
    write(dead_, {0, number, Kind::broken}, "whatever came in");
  }
  // What it says of a stream of so many records when all that is expected has come.
  [[nodiscard]] Totals verify(std::int64_t written, std::int64_t accounted, std::int64_t repeated) {
    Verifier verifier(broker(), {out_, 1}, {dead_, 1}, Delivery::exactly_once);
    EXPECT_TRUE(eventually(
        [&] {
          const Totals t = verifier.totals();
          return t.accounted() >= accounted && t.repeated >= repeated;
        },
        30s));
    verifier.close({written});
    clean_ = verifier.ledger().clean();
    return verifier.ledger().totals();
  }

  const std::string name_ = fmt::format(
      "verifier-{}-{}", ::getpid(), testing::UnitTest::GetInstance()->current_test_info()->line());
  const std::string out_ = name_ + ".out", dead_ = name_ + ".dead";
  kafka::ClientHandle writer_;
  bool clean_ = false;
};

TEST_F(VerifierBroker, A_stream_without_a_fault_is_clean) {
  for (int n : {0, 1, 3}) output(n);
  dead_letter(2);
  EXPECT_EQ(verify(4, 4, 0).outputs, 3);
  EXPECT_TRUE(clean_);
}

TEST_F(VerifierBroker, A_record_that_never_comes_out_is_found) {
  for (int n : {0, 1, 3}) output(n);
  EXPECT_EQ(verify(4, 3, 0).lost, 1);
  EXPECT_FALSE(clean_);
}

TEST_F(VerifierBroker, A_record_that_comes_out_twice_is_found) {
  for (int n : {0, 1, 1, 2}) output(n);
  EXPECT_EQ(verify(3, 3, 1).repeated, 1);
  EXPECT_FALSE(clean_);
}

TEST_F(VerifierBroker, A_record_that_comes_out_behind_its_successor_is_found) {
  for (int n : {0, 2, 1}) output(n);
  EXPECT_EQ(verify(3, 3, 0).out_of_order, 1);
  EXPECT_FALSE(clean_);
}

TEST_F(VerifierBroker, A_dead_letter_beside_an_output_is_found) {
  for (int n : {0, 1}) output(n);
  dead_letter(1);
  EXPECT_EQ(verify(2, 3, 0).wrong, 1);
  EXPECT_FALSE(clean_);
}

TEST_F(VerifierBroker, What_a_transaction_took_back_never_came_out) {
  write_in_transactions();
  begin(), output(0), output(1), abort();
  begin(), output(0), commit();
  begin(), output(1), commit();
  EXPECT_EQ(verify(2, 2, 0).outputs, 2);
  EXPECT_TRUE(clean_);
}

}  // namespace
}  // namespace thalweg::chaos
