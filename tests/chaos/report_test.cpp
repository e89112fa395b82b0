// A fault that nobody felt must not count as one that was survived.
#include "chaos/report.h"

#include <gmock/gmock.h>

namespace thalweg::chaos {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Outcome outcome(const std::string& fault, bool recovered, bool felt) {
  Outcome o;
  o.fault = fault;
  o.recovered = recovered;
  o.felt = felt;
  return o;
}

TEST(Report, A_fault_of_which_no_effect_was_seen_counts_apart_and_not_as_survived) {
  const std::string table = table_of(
      {outcome("freeze", true, true), outcome("freeze", true, false), outcome("kill", true, true)});
  EXPECT_THAT(table, HasSubstr("| fault | times | survived | no effect seen |"));
  EXPECT_THAT(table, HasSubstr("| freeze | 2 | 1 | 1 |"));
  EXPECT_THAT(table, HasSubstr("| kill | 1 | 1 | 0 |"));
}

TEST(Report, One_that_was_felt_and_not_recovered_from_is_not_survived_either) {
  EXPECT_THAT(table_of({outcome("cut", false, true)}), HasSubstr("| cut | 1 | 0 | 0 |"));
}

TEST(Report, A_kind_that_was_never_felt_is_named_and_one_that_was_once_is_not) {
  const std::vector<Outcome> outcomes{outcome("zombie", true, false),
                                      outcome("freeze", true, false), outcome("freeze", true, true),
                                      outcome("zombie", true, false)};
  EXPECT_THAT(never_felt(outcomes),
              ElementsAre("fault zombie: expected to see its effect at least once; it was not seen "
                          "in 2 of 2 times"));
}

TEST(Report, A_run_without_a_fault_has_none_that_was_not_felt) {
  EXPECT_THAT(never_felt({}), IsEmpty());
}

}  // namespace
}  // namespace thalweg::chaos
