// Static members (group.instance.id) in real groups: who comes again under a name, and who comes beside it.
#include <set>

#include "source/support/kafka_source_broker.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::KafkaSourceBroker;
using test::Member;

class StaticMemberBroker : public KafkaSourceBroker {};

// `group.instance.id: rack-7` in the pipeline file: the workers are rack-7-0 and rack-7-1, so none takes another's place.
TEST_F(StaticMemberBroker, A_static_member_that_restarts_in_time_moves_no_partition_of_others) {
  const auto member = [&](int worker) {
    KafkaSourceOptions o =
        options({{"group.instance.id", "rack-7"}, {"session.timeout.ms", "20000"}});
    o.worker = worker;
    return std::make_unique<Member>(std::move(o));
  };
  auto first = member(0);
  auto second = member(1);
  first->open();
  second->open();
  ASSERT_TRUE(eventually([&] {
    return first->turn(), second->turn(),
           first->listener.held.size() == 2 && second->listener.held.size() == 2;
  }));
  write(0, 40);
  ASSERT_TRUE(eventually([&] {
    return first->turn(), second->turn(), first->read.size() + second->read.size() == 40;
  }));
  const auto held = first->listener.held;
  const int assignments = second->listener.assignments;
  second->listener.revoked_partitions
      .clear();  // of the first balancing, if it came before the other
  first->source.close();
  write(40, 80);
  first = member(0);
  first->open();
  ASSERT_TRUE(eventually([&] {
    return first->turn(), second->turn(), first->read.size() + second->read.size() >= 60;
  }));
  EXPECT_EQ(std::set(first->listener.held.begin(), first->listener.held.end()),
            std::set(held.begin(), held.end()));
  EXPECT_EQ(second->listener.assignments, assignments);
  EXPECT_TRUE(second->listener.revoked_partitions.empty());
  EXPECT_EQ(first->read.size(), 20U) << "what came while it was away";
  EXPECT_EQ(second->read.size(), 40U);
}

// Two processes that live under one name: the broker lets the second one in as soon as the first has gone, and no session lasts for so long.
TEST_F(StaticMemberBroker, Who_comes_under_the_name_of_one_that_lives_gives_up_and_moves_nothing) {
  const auto named = [&] {
    KafkaSourceOptions o =
        options({{"group.protocol", "consumer"}, {"group.instance.id", "rack-7"}});
    o.release_timeout = 2s;
    return o;
  };
  write(0, 40);
  Member first(named());
  first.open();
  ASSERT_TRUE(eventually([&] { return first.turn(), first.read.size() == 40; }));
  Member second(named());
  second.open();
  ASSERT_TRUE(eventually([&] {
    return first.turn(), second.turn(), second.listener.count(Code::broker_refused) == 1;
  }));
  ASSERT_EQ(second.listener.errors.size(), 2U);
  EXPECT_EQ(second.listener.errors[0].code(), Code::timed_out) << "said once while it waited";
  const std::string why = second.listener.errors[1].message();
  EXPECT_NE(why.find("another process lives under this name"), why.npos) << why;
  EXPECT_NE(why.find("group.instance.id"), why.npos) << why;
  EXPECT_EQ(second.listener.assignments, 0);

  write(40, 80);
  ASSERT_TRUE(eventually([&] { return first.turn(), first.read.size() >= 80; }));
  EXPECT_EQ(first.read.size(), 80U) << "read again";
  EXPECT_EQ(first.listener.assignments, 1);
  EXPECT_TRUE(first.listener.errors.empty()) << first.listener.errors[0].message();
}

}  // namespace
}  // namespace thalweg
