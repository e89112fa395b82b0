#include "http/target.h"

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {

using Query = std::map<std::string, std::string>;

TEST(HttpTarget, A_path_is_decoded_and_its_query_taken_apart) {
  const auto target =
      parse_target("/v2/models/m%20%C3%A9/status?pipeline=p%26q&x=a+b&x=c&&flag&=v");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v2/models/m é/status");
  EXPECT_EQ(target->query, (Query{{"pipeline", "p&q"}, {"x", "a b"}, {"flag", ""}}));
  EXPECT_EQ(target->authority, "");
}

TEST(HttpTarget, A_plus_is_a_space_in_a_query_only) {
  const auto target = parse_target("/a+b?c+d=e+f");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a+b");
  EXPECT_EQ(target->query, (Query{{"c d", "e f"}}));
}

TEST(HttpTarget, A_whole_address_has_an_authority) {
  const auto target = parse_target("http://localhost:8080/livez?a=b");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/livez");
  EXPECT_EQ(target->authority, "localhost:8080");
  EXPECT_EQ(target->query, (Query{{"a", "b"}}));
  EXPECT_EQ(parse_target("http://[::1]")->path, "/");
  EXPECT_EQ(parse_target("http://h?a=b")->query, (Query{{"a", "b"}}));
}

TEST(HttpTarget, What_is_no_path_or_no_text_is_refused) {
  for (const char* text :
       {"",         "*",      "livez", "localhost:80", "http://", "http:///a", "ftp://h/a",
        "/%",       "/%4",    "/%4g",  "/%00",         "/%1f",    "/%7F",      "/%ff",
        "/a?%80=1", "/a?b=%", "/a#b",  "/a?b#c",       "/\x01",   "/\xc3"})
    EXPECT_FALSE(parse_target(text)) << text;
}

}  // namespace
}  // namespace thalweg::http
