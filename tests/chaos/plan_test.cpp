// A seed is worth printing only if it brings the same again.
#include "chaos/plan.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "chaos/protocol.h"

namespace thalweg::chaos {
namespace {

std::vector<const Fault*> all() {
  std::vector<const Fault*> all;
  for (const Fault& fault : faults()) all.push_back(&fault);
  return all;
}

TEST(Plan, A_seed_gives_the_same_faults_and_the_same_numbers_again) {
  Plan one(42, all()), two(42, all());
  for (int i = 0; i < 100; ++i) {
    auto a = one.next(), b = two.next();
    EXPECT_EQ(a.fault, b.fault);
    EXPECT_EQ(a.random.next(), b.random.next());
  }
}

TEST(Plan, Another_seed_gives_another_order) {
  Plan one(42, all()), two(43, all());
  int same = 0;
  for (int i = 0; i < 100; ++i) same += one.next().fault == two.next().fault ? 1 : 0;
  EXPECT_LT(same, 30);
}

TEST(Plan, Every_fault_comes_once_before_one_comes_twice) {
  Plan plan(7, all());
  for (int deck = 0; deck < 5; ++deck) {
    std::set<const Fault*> seen;
    for (std::size_t i = 0; i < all().size(); ++i) seen.insert(plan.next().fault);
    EXPECT_EQ(seen.size(), all().size());
  }
}

TEST(Plan, A_seed_gives_the_same_protocol_again_and_seeds_give_all_of_them) {
  std::set<Protocol> seen;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    EXPECT_EQ(protocol_of(seed), protocol_of(seed));
    EXPECT_NE(name_of(protocol_of(seed)), "");
    seen.insert(protocol_of(seed));
  }
  EXPECT_EQ(seen.size(), protocol_names.size());
}

TEST(Plan, Numbers_do_not_depend_on_the_compiler) {
  Random random(1, 2);
  EXPECT_EQ(random.between(0, 999'999), 69'162);
  std::vector<int> deck{1, 2, 3, 4, 5};
  random.shuffle(deck);
  EXPECT_EQ(deck, (std::vector<int>{3, 5, 4, 1, 2}));
}

}  // namespace
}  // namespace thalweg::chaos
