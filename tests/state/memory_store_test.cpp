#include "state/memory_store.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thalweg {
namespace {

std::optional<std::string> read(MemoryStore& store, std::string_view key) {
  auto found = store.get(key);
  if (!found.ok() || !*found) return std::nullopt;
  return std::string(**found);
}

TEST(MemoryStore, Reads_see_the_open_transactions_own_writes) {
  MemoryStore store;
  store.begin();
  ASSERT_TRUE(store.put("a", "1").ok());
  EXPECT_EQ(read(store, "a"), "1");
  ASSERT_TRUE(store.erase("a").ok());
  EXPECT_EQ(read(store, "a"), std::nullopt);
  EXPECT_EQ(store.size(), 0u);
}

TEST(MemoryStore, After_abort_the_writes_never_were) {
  MemoryStore store;
  store.begin();
  ASSERT_TRUE(store.put("a", "1").ok());
  ASSERT_TRUE(store.commit({7}).ok());
  store.begin();
  ASSERT_TRUE(store.put("a", "2").ok());
  ASSERT_TRUE(store.erase("a").ok());
  ASSERT_TRUE(store.put("b", "3").ok());
  store.abort();
  EXPECT_EQ(read(store, "a"), "1");
  EXPECT_EQ(read(store, "b"), std::nullopt);
  EXPECT_EQ(store.changelog(), Offset{7});
}

TEST(MemoryStore, A_write_outside_a_transaction_is_an_internal_error) {
  MemoryStore store;
  EXPECT_EQ(store.put("a", "1").error().code(), Code::internal);
  EXPECT_EQ(store.commit({1}).error().code(), Code::internal);
  EXPECT_EQ(store.changelog(), Offset{0});
}

TEST(MemoryStore, A_value_read_may_be_written_again_under_another_key) {
  MemoryStore store;
  store.begin();
  ASSERT_TRUE(store.put("a", std::string(100, 'x')).ok());
  ASSERT_TRUE(store.put("a", **store.get("a")).ok());
  ASSERT_TRUE(store.put("b", **store.get("a")).ok());
  EXPECT_EQ(read(store, "b"), std::string(100, 'x'));
}

RC_GTEST_PROP(MemoryStore, Is_a_map_that_forgets_aborted_transactions, ()) {
  MemoryStore store;
  std::map<std::string, std::string> committed;
  const int transactions = *rc::gen::inRange(0, 6);
  for (int t = 0; t < transactions; ++t) {
    auto open = committed;
    store.begin();
    const int writes = *rc::gen::inRange(0, 8);
    for (int w = 0; w < writes; ++w) {
      const std::string key(1, *rc::gen::inRange('a', 'd'));
      if (*rc::gen::arbitrary<bool>()) {
        const std::string value = std::to_string(*rc::gen::arbitrary<int>());
        RC_ASSERT(store.put(key, value).ok());
        open[key] = value;
      } else {
        RC_ASSERT(store.erase(key).ok());
        open.erase(key);
      }
      for (const std::string k : {"a", "b", "c"}) {
        RC_ASSERT(read(store, k).has_value() == open.contains(k));
        if (open.contains(k)) RC_ASSERT(*read(store, k) == open[k]);
      }
    }
    if (*rc::gen::arbitrary<bool>()) {
      RC_ASSERT(store.commit({t + 1}).ok());
      RC_ASSERT(store.changelog() == Offset{t + 1});
      committed = open;
    } else {
      store.abort();
    }
    RC_ASSERT(store.size() == committed.size());
  }
}

}  // namespace
}  // namespace thalweg
