// A look at what passes a step: how much of it, and for how long.
#include "run/peek.h"

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rows.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr auto no_end = 1h;

class PeekTest : public ::testing::Test {
 protected:
  PeekTest() { peek.set_places({"decode"}); }
  // Rows of one field, a list of texts.
  void fill(std::size_t rows, std::size_t texts, std::size_t bytes) {
    schema.fields = {Field{"words", {DType::string, Shape{{Shape::unknown}}}}};
    text = std::string(bytes, 'x');
    batch.rows() = batch.fresh_rows(schema);
    for (std::size_t r = 0; r < rows; ++r) {
      support::add_row_of_new_record(batch, r);
      for (std::size_t i = 0; i < texts; ++i) batch.rows().columns[0].push_string(text);
      batch.rows().columns[0].end_row();
    }
  }
  // What somebody who looks is shown.
  Node look(std::size_t rows) {
    auto looking =
        std::async(std::launch::async, [&] { return peek.look("", rows, no_end).value(); });
    while (!peek.wanted(0)) std::this_thread::yield();
    while (looking.wait_for(0s) != std::future_status::ready) peek.show(0, batch, schema);
    return looking.get();
  }
  Peek peek;
  Schema schema;
  std::string text;
  Batch batch;
};

TEST_F(PeekTest, Shows_the_rows_asked_for) {
  fill(10, 2, 3);
  const Node seen = look(3);
  EXPECT_EQ(seen.find("rows")->items().size(), 3u);
  EXPECT_EQ(seen.find("cut"), nullptr);
  EXPECT_THAT(seen.to_json(), HasSubstr(R"("fields":{"words":["xxx","xxx"]})"));
}

TEST_F(PeekTest, A_long_text_and_a_long_list_are_cut) {
  fill(1, 40, 1000);
  const Node seen = look(1);
  EXPECT_LT(seen.to_json().size(), 32 * 600u);
  EXPECT_THAT(seen.to_json(), HasSubstr("… 8 more"));
}

TEST_F(PeekTest, All_rows_together_are_bounded_and_it_says_that_they_were_cut) {
  fill(100, 32, 512);  // 1.6 MB
  const Node seen = look(100);
  EXPECT_LT(seen.find("rows")->items().size(), 100u);
  EXPECT_GT(seen.find("rows")->items().size(), 50u);
  EXPECT_LT(seen.to_json().size(), Peek::bytes_max + 10'000);
  EXPECT_EQ(seen.find("cut")->text(), "true");
}

TEST_F(PeekTest, Who_looks_at_what_does_not_come_can_be_told_to_stop) {
  std::stop_source stop;
  auto looking = std::async(
      std::launch::async, [&] { return peek.look("decode", 1, no_end, stop.get_token()).value(); });
  while (!peek.wanted(0)) std::this_thread::yield();
  stop.request_stop();
  EXPECT_TRUE(looking.get().find("rows")->items().empty());
}

}  // namespace
}  // namespace thalweg
