#include "process/explode.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "process/collect.h"
#include "support/nodes.h"
#include "support/rows.h"

namespace thalweg {
namespace {

using support::row_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Schema kInput{{{"user", {DType::int32, {}}},
                     {"items", {DType::string, {{-1}}}},
                     {"prices", {DType::float32, {{-1}}}},
                     {"vectors", {DType::float32, {{-1, 2}}}}}};

struct Event {
  std::int32_t user;
  std::vector<std::string_view> items;
  std::vector<float> prices;
};

void fill(Batch& batch, const std::vector<Event>& events) {
  batch.rows().begin(kInput);
  auto& columns = batch.rows().columns;
  for (const Event& event : events) {
    support::add_row_of_new_record(batch);
    *columns[0].append<std::int32_t>() = event.user;
    for (const auto item : event.items) columns[1].push_string(item);
    columns[1].end_row();
    std::copy(event.prices.begin(), event.prices.end(),
              columns[2].extend<float>(event.prices.size()));
    columns[2].end_row();
    float* vectors = columns[3].extend<float>(2 * event.prices.size());
    for (std::size_t i = 0; i < 2 * event.prices.size(); ++i) vectors[i] = static_cast<float>(i);
    columns[3].end_row();
  }
}

class ExplodeTest : public testing::Test {
 protected:
  ExplodeTest() {
    register_explode(registry_);
    register_collect(registry_);
    register_top_k(registry_);
  }
  std::unique_ptr<Operator> make(const char* kind, const char* settings, const Schema& input,
                                 const Schema* coarser = nullptr) {
    auto made = support::make_operator(registry_, kind, settings, input, coarser);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message());
    return made.ok() ? std::move(made).value() : nullptr;
  }
  std::string error_of(const char* kind, const char* settings, const Schema& input = kInput,
                       const Schema* coarser = nullptr) {
    auto made = support::make_operator(registry_, kind, settings, input, coarser);
    return made.ok() ? "no error" : made.error().message();
  }
  Registry registry_;
};

TEST_F(ExplodeTest, One_row_per_element_and_the_other_columns_repeated) {
  auto explode = make("explode", "{fields: [items, prices, vectors], as: {items: item}}", kInput);
  EXPECT_EQ(explode->schema().names(),
            (std::vector<std::string>{"user", "item", "prices", "vectors"}));
  EXPECT_EQ(explode->schema().fields[3].type, (ColumnType{DType::float32, {{2}}}));
  EXPECT_EQ(explode->grain(), Grain::finer);
  Batch batch;
  fill(batch, {{1, {"a", "b"}, {1, 2}}, {2, {"c"}, {3}}});
  EXPECT_EQ(explode->process(batch, {}), Progress::done);
  const Rows& rows = batch.rows();
  EXPECT_THAT(rows.record_of, ElementsAre(0, 0, 1));
  EXPECT_THAT(rows.parent_of, ElementsAre(0, 0, 1));
  EXPECT_THAT(rows.columns[0].values<std::int32_t>(), ElementsAre(1, 1, 2));
  EXPECT_THAT(rows.columns[1].strings(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(rows.columns[2].values<float>(), ElementsAre(1, 2, 3));
  EXPECT_THAT(row_of<float>(rows.columns[3], 1), ElementsAre(2, 3));
}

TEST_F(ExplodeTest, Keep_names_the_columns_that_are_repeated) {
  auto explode = make("explode", "{fields: prices, keep: user}", kInput);
  EXPECT_EQ(explode->schema().names(), (std::vector<std::string>{"user", "prices"}));
}

TEST_F(ExplodeTest, Lists_of_different_lengths_make_a_dead_letter) {
  auto explode = make("explode", "{fields: [items, prices]}", kInput);
  Batch batch;
  fill(batch, {{1, {"a", "b"}, {1}}, {2, {"c"}, {3}}});
  (void)explode->process(batch, {});
  EXPECT_EQ(batch.error_of(0)->code(), Code::wrong_length);
  EXPECT_THAT(batch.error_of(0)->message(), HasSubstr("2 in 'items' and 1 in 'prices'"));
  EXPECT_THAT(batch.rows().record_of, ElementsAre(1));
}

TEST_F(ExplodeTest, An_empty_list_is_a_dead_letter_unless_told_otherwise) {
  for (const auto& [word, expected] :
       {std::pair("dead", Disposition::dead), std::pair("drop", Disposition::filtered),
        std::pair("forward", Disposition::pending)}) {
    auto explode =
        make("explode", (std::string("{fields: items, on_empty: ") + word + "}").c_str(), kInput);
    Batch batch;
    fill(batch, {{1, {}, {}}, {2, {"c"}, {3}}});
    (void)explode->process(batch, {});
    EXPECT_EQ(batch.disposition(0), expected) << word;
    EXPECT_EQ(batch.disposition(1), Disposition::pending);
    if (expected == Disposition::dead) {
      EXPECT_EQ(batch.error_of(0)->code(), Code::no_rows);
    }
  }
}

TEST_F(ExplodeTest, Collect_makes_lists_again_and_a_record_without_rows_gets_an_empty_one) {
  auto explode =
      make("explode", "{fields: [items, prices], as: {items: item}, on_empty: forward}", kInput);
  auto collect =
      make("collect", "{fields: [prices, item], as: {item: chosen}}", explode->schema(), &kInput);
  EXPECT_EQ(collect->schema().names(),
            (std::vector<std::string>{"user", "items", "prices", "vectors", "chosen"}));
  EXPECT_EQ(collect->grain(), Grain::coarser);
  Batch batch;
  fill(batch, {{1, {"a", "b", "c"}, {1, 2, 3}}, {2, {}, {}}, {3, {"d"}, {4}}});
  (void)explode->process(batch, {});
  batch.select({0, 2, 3});
  (void)collect->process(batch, {});
  const Rows& rows = batch.rows();
  EXPECT_EQ(rows.count(), 3u);
  EXPECT_THAT(row_of<float>(rows.columns[2], 0), ElementsAre(1, 3));
  EXPECT_THAT(row_of<float>(rows.columns[2], 1), IsEmpty());
  EXPECT_THAT(rows.columns[4].string_row(0), ElementsAre("a", "c"));
  EXPECT_THAT(rows.columns[4].string_row(2), ElementsAre("d"));
  EXPECT_EQ(rows.columns[4].type(), (ColumnType{DType::string, {{-1}}}));
}

TEST_F(ExplodeTest, Top_k_is_best_first_stable_and_puts_NaN_last) {
  auto explode = make("explode", "{fields: [items, prices, vectors]}", kInput);
  const Schema finer = explode->schema();
  const auto best = [&](const char* settings) {
    auto top = make("top_k", settings, finer, &kInput);
    Batch batch;
    fill(batch, {{1, {"a", "b", "c", "d", "e"}, {1, NAN, 3, 1, 2}}});
    (void)explode->process(batch, {});
    (void)top->process(batch, {});
    const auto items = batch.rows().columns[1].string_row(0);
    const auto vectors = row_of<float>(batch.rows().columns[3], 0);
    EXPECT_EQ(vectors.size(), 2 * items.size());
    return std::vector<std::string>(items.begin(), items.end());
  };
  EXPECT_THAT(best("{by: prices, k: 10, fields: [items, vectors]}"),
              ElementsAre("c", "e", "a", "d", "b"));
  EXPECT_THAT(best("{by: prices, k: 2, fields: [items, vectors]}"), ElementsAre("c", "e"));
  EXPECT_THAT(best("{by: prices, k: 4, order: ascending, fields: [items, vectors]}"),
              ElementsAre("a", "d", "e", "c"));
}

TEST_F(ExplodeTest, Records_that_died_meanwhile_stay_out) {
  auto explode = make("explode", "{fields: [prices]}", kInput);
  auto collect = make("collect", "prices", explode->schema(), &kInput);
  Batch batch;
  fill(batch, {{1, {}, {1, 2}}, {2, {}, {3}}});
  (void)explode->process(batch, {});
  batch.fail(0, Error(Code::feature_failed, "no"));
  batch.sweep();
  (void)collect->process(batch, {});
  EXPECT_THAT(support::live(batch.rows()), ElementsAre(1));
  EXPECT_THAT(row_of<float>(batch.rows().columns[2], 1), ElementsAre(3));
  EXPECT_TRUE(support::accounted(batch));
}

TEST_F(ExplodeTest, Mistakes_are_named_with_their_cure) {
  EXPECT_THAT(error_of("explode", "{fields: itms}"), HasSubstr("Did you mean 'items'?"));
  EXPECT_THAT(error_of("explode", "{fields: user}"), HasSubstr("declare it as int32[]"));
  EXPECT_THAT(error_of("explode", "{fields: items, as: {items: user}}"), HasSubstr("already"));
  EXPECT_THAT(error_of("explode", "{fields: items, as: {item: x}}"), HasSubstr("got 'item'"));
  EXPECT_THAT(error_of("explode", "{fields: items, as: {user: x}}"), HasSubstr("got 'user'"));
  EXPECT_THAT(error_of("collect", "{fields: items}"), HasSubstr("an explode was expected"));
  EXPECT_THAT(error_of("collect", "{fields: items}", kInput, &kInput), HasSubstr("list of lists"));
  EXPECT_THAT(error_of("top_k", "{fields: user, k: 2, by: items}", kInput, &kInput),
              HasSubstr("one number a row"));
  EXPECT_THAT(error_of("top_k", "{fields: user, k: 0, by: user}", kInput, &kInput), HasSubstr("k"));
  EXPECT_THAT(error_of("collect", "{fields: [user, user]}", kInput, &kInput),
              HasSubstr("two lists"));
}

TEST(TopK, Whole_numbers_above_2_to_the_53_keep_their_order) {
  const Schema coarse{{{"ids", {DType::int64, {{-1}}}}}};
  Registry registry;
  register_explode(registry);
  register_top_k(registry);
  auto explode =
      support::make_operator(registry, "explode", "{fields: ids, as: {ids: id}}", coarse);
  ASSERT_TRUE(explode.ok()) << explode.error().message();
  auto top = support::make_operator(registry, "top_k", "{fields: id, k: 2, by: id}",
                                    (*explode)->schema(), &coarse);
  ASSERT_TRUE(top.ok()) << top.error().message();
  Batch batch;
  batch.rows().begin(coarse);
  support::add_row_of_new_record(batch);
  constexpr std::int64_t base = std::int64_t{1} << 53;
  std::int64_t* ids = batch.rows().columns[0].extend<std::int64_t>(3);
  ids[0] = base;
  ids[1] = base + 1;
  ids[2] = base + 3;
  batch.rows().columns[0].end_row();
  (void)(*explode)->process(batch, {});
  (void)(*top)->process(batch, {});
  EXPECT_THAT(row_of<std::int64_t>(batch.rows().columns.back(), 0),
              ElementsAre(base + 3, base + 1));
}

RC_GTEST_PROP(Explode, Then_collect_gives_back_what_was_there, ()) {
  Registry registry;
  register_explode(registry);
  register_collect(registry);
  const auto lengths =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 5));
  std::vector<Event> events;
  for (const std::size_t length : lengths) {
    events.push_back(
        {static_cast<std::int32_t>(length),
         {},
         *rc::gen::container<std::vector<float>>(
             length, rc::gen::map(rc::gen::inRange(0, 9), [](int i) { return i * 1.0F; }))});
  }
  auto explode = support::make_operator(registry, "explode",
                                        "{fields: [prices, vectors], on_empty: forward}", kInput);
  RC_ASSERT(explode.ok());
  auto collect = support::make_operator(registry, "collect", "[prices, vectors]",
                                        (*explode)->schema(), &kInput);
  RC_ASSERT(collect.ok());
  RC_ASSERT((*collect)->schema() == kInput);
  Batch batch;
  fill(batch, events);
  (void)(*explode)->process(batch, {});
  (void)(*collect)->process(batch, {});
  RC_ASSERT(batch.rows().count() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    RC_ASSERT(row_of<float>(batch.rows().columns[2], i) == events[i].prices);
    RC_ASSERT(batch.rows().columns[3].row<float>(i).size() == 2 * events[i].prices.size());
  }
}

}  // namespace
}  // namespace thalweg
