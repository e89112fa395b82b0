// Where to begin, while transactions of others are open that have offsets of the group.
#include <initializer_list>

#include "kafka/committed.h"
#include "source/start_offsets.h"
#include "source/support/kafka_source_broker.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using kafka::ListHandle;
using test::eventually;
using test::Member;

// A producer that has given offsets of a group to its transaction, and not ended it.
class OpenTransaction {
 public:
  OpenTransaction(const std::string& group, const std::string& topic,
                  std::initializer_list<int> partitions, std::int64_t offset)
      : client_(producer()) {
    const ListHandle offsets = kafka::make_list();
    for (const int p : partitions) kafka::add(*offsets, topic, {p}).offset = offset;
    using Membership =
        kafka::Handle<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy>;
    const Membership nobody(rd_kafka_consumer_group_metadata_new(group.c_str()));
    must(rd_kafka_init_transactions(client_.get(), 30000));
    must(rd_kafka_begin_transaction(client_.get()));
    must(rd_kafka_send_offsets_to_transaction(client_.get(), offsets.get(), nobody.get(), 30000));
  }
  void commit() { must(rd_kafka_commit_transaction(client_.get(), 30000)); }

 private:
  static kafka::ClientHandle producer() {
    auto conf = kafka::make_conf(
        *kafka::make_config(kafka::Pairs{{"bootstrap.servers", test::real_broker()}}),
        kafka::Role::producer, {}, {{"transactional.id", test::unique("open")}});
    return kafka::ClientHandle(
        rd_kafka_new(RD_KAFKA_PRODUCER, conf->release(), nullptr, 0));  // which takes the settings
  }
  static void must(rd_kafka_error_t* error) {
    const kafka::ErrorHandle owned(error);
    EXPECT_EQ(error, nullptr) << rd_kafka_error_string(error);
  }
  kafka::ClientHandle client_;
};

class CommittedBroker : public test::KafkaSourceBroker {
 protected:
  // Of the group, and no member of it.
  kafka::ClientHandle consumer() {
    auto conf = kafka::make_conf(options().kafka, kafka::Role::consumer, {}, {{"group.id", group}});
    return kafka::ClientHandle(rd_kafka_new(RD_KAFKA_CONSUMER, conf->release(), nullptr, 0));
  }
};

TEST_F(CommittedBroker, A_start_is_found_while_the_offsets_of_other_partitions_are_held_back) {
  OpenTransaction(group, topic, {0}, 5).commit();
  const OpenTransaction other(group, topic, {1}, 7);
  const auto client = consumer();
  PartitionTable table({topic});
  const ListHandle assigned = kafka::make_list(), to_commit = kafka::make_list();
  kafka::add(*assigned, topic, {0});
  kafka::add(*assigned, topic, {3});
  const StartRules rules{.group = group, .start = {Start::Kind::latest, {}}, .timeout = 5s};
  const Status resolved = resolve_starts(client.get(), rules, table, *assigned, *to_commit);
  ASSERT_TRUE(resolved) << resolved.error().message();
  EXPECT_EQ(assigned->elems[0].offset, 5);
  EXPECT_EQ(assigned->elems[1].offset, RD_KAFKA_OFFSET_BEGINNING) << "the group is not new";
  EXPECT_EQ(table.topic(topic)->partitions_at_start, 0);
}

TEST_F(CommittedBroker, Who_only_looks_sees_what_stood_before_an_open_transaction) {
  OpenTransaction(group, topic, {0}, 5).commit();
  const OpenTransaction other(group, topic, {0, 1}, 7);
  EXPECT_EQ(committed(0), Offset{5});
  EXPECT_EQ(committed(1), std::nullopt);
}

TEST_F(CommittedBroker, Offsets_that_a_transaction_holds_back_are_named_and_waited_for) {
  write(0, 40);
  OpenTransaction open(group, topic, {0, 1, 2, 3}, 5);
  KafkaSourceOptions o = options();
  o.lookup_timeout = 1s;
  Member member(o);
  member.open();
  ASSERT_TRUE(
      eventually([&] { return member.turn(), member.listener.count(Code::timed_out) == 1; }));
  const std::string why = member.listener.errors[0].message();
  for (const std::string& part :
       {"a transaction that has offsets of theirs is open" + std::string(), topic + "[0]",
        "'" + group + "'", std::string("1 more")})
    EXPECT_NE(why.find(part), why.npos) << why;
  EXPECT_EQ(member.listener.held.size(), 4U) << "it is a member meanwhile";
  EXPECT_TRUE(member.read.empty()) << "the end of the transaction says where to begin";
  open.commit();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() >= 20; }));
  EXPECT_EQ(member.read.size(), 20U) << "five of each partition lie before";
}

}  // namespace
}  // namespace thalweg
