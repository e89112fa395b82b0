// The judge must see what it is there to see.
#include "chaos/ledger.h"

#include <gtest/gtest.h>

namespace thalweg::chaos {
namespace {

Record record(std::int64_t number, Kind kind = Kind::good) {
  return {0, number, kind};
}
void output(Ledger& ledger, std::int64_t number) {
  ledger.output(record(number), R"({"p":0,"n":)" + std::to_string(number) + R"(,"score":)" +
                                    std::to_string(number % 1000) + "}");
}

TEST(Ledger, One_output_of_each_record_in_order_is_clean) {
  Ledger ledger(Delivery::exactly_once);
  for (int n = 0; n < 3000; ++n) output(ledger, n);
  ledger.close({3000});
  EXPECT_TRUE(ledger.clean());
  EXPECT_EQ(ledger.totals().outputs, 3000);
}

TEST(Ledger, A_record_of_which_nothing_came_is_lost) {
  Ledger ledger(Delivery::at_least_once);
  for (int n : {0, 1, 3}) output(ledger, n);
  ledger.close({5, 1});
  EXPECT_FALSE(ledger.clean());
  EXPECT_EQ(ledger.totals().lost, 3) << "2 and 4 of the first partition, 0 of the second";
}

TEST(Ledger, A_repetition_is_counted_and_only_exactly_once_minds) {
  for (const Delivery delivery : {Delivery::at_least_once, Delivery::exactly_once}) {
    Ledger ledger(delivery);
    for (int n : {0, 1, 2, 1, 2, 3}) output(ledger, n);
    ledger.close({4});
    EXPECT_EQ(ledger.totals().repeated, 2);
    EXPECT_EQ(ledger.totals().out_of_order, 0);
    EXPECT_EQ(ledger.clean(), delivery == Delivery::at_least_once);
  }
}

TEST(Ledger, A_first_output_behind_a_younger_one_is_out_of_order) {
  Ledger ledger(Delivery::at_least_once);
  for (int n : {0, 2, 1}) output(ledger, n);
  ledger.close({3});
  EXPECT_FALSE(ledger.clean());
  EXPECT_EQ(ledger.totals().out_of_order, 1);
}

TEST(Ledger,
     A_good_record_among_the_dead_letters_is_wrong_and_so_is_a_refused_one_among_the_outputs) {
  Ledger ledger(Delivery::at_least_once);
  ledger.dead_letter(record(0));
  ledger.output(record(1, Kind::refused), R"({"p":0,"n":1,"score":1})");
  ledger.dead_letter(record(2, Kind::broken));
  ledger.close({3});
  EXPECT_EQ(ledger.totals().wrong, 2);
  EXPECT_EQ(ledger.totals().dead, 2);
}

TEST(Ledger, A_record_that_ends_the_process_must_be_a_dead_letter) {
  for (const Kind kind : {Kind::deadly, Kind::stuck}) {
    Ledger good(Delivery::exactly_once), bad(Delivery::exactly_once);
    good.dead_letter(record(0, kind));
    bad.output(record(0, kind), R"({"p":0,"n":0,"score":0})");
    EXPECT_TRUE(good.clean());
    EXPECT_FALSE(bad.clean());
  }
}

TEST(Ledger, An_output_with_another_record_s_score_or_number_is_wrong) {
  Ledger ledger(Delivery::at_least_once);
  ledger.output(record(7), R"({"p":0,"n":7,"score":8})");
  ledger.output(record(8), R"({"p":0,"n":9,"score":8})");
  ledger.stray("no header");
  EXPECT_EQ(ledger.totals().wrong, 3);
  EXPECT_FALSE(ledger.clean());
}

TEST(Record, Its_header_names_it_and_nothing_else_does) {
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const Record some{3, 1234567890123, static_cast<Kind>(kind)};
    EXPECT_EQ(read_header(header_of(some)), some);
  }
  for (const char* text : {"", "1:2", "1:2:6", "1:2:0:", "-1:2:0", "1:-2:0", "x"})
    EXPECT_EQ(read_header(text), std::nullopt) << text;
}

}  // namespace
}  // namespace thalweg::chaos
