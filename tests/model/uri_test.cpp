#include "model/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg {
namespace {

using ::testing::IsSupersetOf;

TEST(Uri, It_is_shown_without_who_comes_and_without_the_values_of_its_query) {
  for (const auto& [text, seen] : std::vector<std::pair<std::string, std::string>>{
           {"https://ann:pass@host:443/m/3#sha256=ab", "https://***@host:443/m/3#sha256=ab"},
           {"https://token@host/m@v3/3", "https://***@host/m@v3/3"},
           {"https://a@b:c@host/3", "https://***@host/3"},
           {"https:///ann:pass@host/3", "https:///***@host/3"},
           {"s3://bucket/m/3?sig=x%3D&v=2&bare&e=#sha256=ab",
            "s3://bucket/m/3?sig=***&v=***&***&e=#sha256=ab"},
           {"https://host/3?sig=a#b#sha256=ab", "https://host/3?sig=***#sha256=ab"},
           {"b=10%@https://ann:pass@host/3", "b=10%@https://***@host/3"},
           {"https://ann:pa/ss@host/3", "https://***@host/3"},
           {"https://ann:pa#ss@host/3#sha256=ab", "https://***@host/3#sha256=ab"},
       }) {
    EXPECT_EQ(shown_uri(text), seen);
    EXPECT_EQ(shown_uri(seen), seen) << "twice is as once";
    EXPECT_TRUE(hides_something(seen));
  }
}

TEST(Uri, What_has_nothing_to_hide_stays_as_it_is) {
  for (const char* text : {"latest", "3", "", "b=10%@4", "https://host/m/3#sha256=ab",
                           "https://[::1]:80/m@3", "file:///models/ann@home/3#sha256=ab",
                           "s3://bucket/team@x/3", "https://", "x:/", "https://@"}) {
    EXPECT_EQ(shown_uri(text), text);
    EXPECT_FALSE(hides_something(shown_uri(text)));
  }
}

TEST(Uri, What_others_say_is_rid_of_its_secrets_and_of_nothing_short) {
  const auto secrets = secrets_of("https://ann:pass-word@host/3?sig=abcdef&v=2");
  EXPECT_THAT(secrets, IsSupersetOf({"ann:pass-word", "pass-word", "abcdef", "2"}));
  EXPECT_EQ(without("no ann:pass-word, no pass-word, no abcdef in 2 tries", secrets),
            "no ***, no ***, no *** in 2 tries");
}

TEST(Uri, A_file_below_it_stands_in_front_of_its_query) {
  EXPECT_EQ(below("https://h/m/3", "a/b"), "https://h/m/3/a/b");
  EXPECT_EQ(below("https://h/m/3/", "a"), "https://h/m/3/a");
  EXPECT_EQ(below("https://h/m/3?sig=x", "a"), "https://h/m/3/a?sig=x");
}

}  // namespace
}  // namespace thalweg
