// What an entry of `models:` wants: read, refused by name, and made a route.
#include "model/wish.h"

#include <gmock/gmock.h>

#include "thalweg/registry.h"

#include "model/models.h"
#include "model/runtimes.h"
#include "support/nodes.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

class Wish : public testing::Test {
 protected:
  Wish() { register_runtimes(registry_); }
  Result<DesiredModel> read(const std::string& entry) {
    auto checked = read_entry("m", support::node(entry), registry_);
    if (!checked) return std::move(checked).error();
    return wish_of(*checked);
  }
  std::string error_of(const std::string& entry) {
    auto wish = read(entry);
    return wish.ok() ? "no error" : wish.error().message();
  }
  Registry registry_;
};

TEST_F(Wish, An_entry_without_variants_wants_one_version_for_all) {
  auto wish = read("{runtime: fake, version: 3}");
  ASSERT_TRUE(wish.ok());
  DesiredModel expected;
  expected.variants.front().version = "3";
  EXPECT_EQ(*wish, expected);
}

TEST_F(Wish, Variants_shadow_salt_and_key_are_read) {
  auto wish = read(R"(
runtime: fake
variants:
  - {name: champion, version: 3, share: 87.5%}
  - {name: b, version: stable, share: 12.5}
shadow: {version: 5, cpu_share: 0.25}
salt: november
key: card)");
  ASSERT_TRUE(wish.ok()) << wish.error().message();
  DesiredModel expected;
  expected.variants = {{"champion", "3", 8750}, {"b", "stable", 1250}};
  expected.shadow = DesiredShadow{"5", "", 0.25};
  expected.salt = "november";
  expected.key = "card";
  EXPECT_EQ(*wish, expected);
}

TEST_F(Wish, What_cannot_be_meant_is_refused_by_name) {
  const auto two = [](const std::string& a, const std::string& b) {
    return "{runtime: fake, variants: [" + a + ", " + b + "]}";
  };
  EXPECT_THAT(error_of(two("{name: a, share: 50%}", "{name: b, share: 40%}")),
              HasSubstr("model 'm': variants: shares that add up to 100% were expected; got 90% "
                        "(a 50%, b 40%)"));
  EXPECT_THAT(error_of(two("{name: a, share: 50%}", "{name: a, share: 50%}")),
              HasSubstr("each name once was expected; got 'a' twice"));
  EXPECT_THAT(error_of(two("{name: 'a,b', share: 50%}", "{name: b, share: 50%}")),
              HasSubstr("a name of letters, digits"));
  EXPECT_THAT(error_of(two("{name: a, share: 50.001%}", "{name: b, share: 49.999%}")),
              HasSubstr("variant 'a': share: a percentage from 0% to 100%"));
  EXPECT_THAT(error_of(two("{name: a, share: -1}", "{name: b, share: 101}")), HasSubstr("'-1'"));
  EXPECT_THAT(error_of(two("{name: a}", "{name: b, share: 50%}")), HasSubstr("share"));
  EXPECT_THAT(error_of("{runtime: fake, version: 2, variants: [{name: a, share: 100%}]}"),
              HasSubstr("either `version` or `variants` was expected; got both"));
  EXPECT_THAT(error_of("{runtime: fake, varients: []}"), HasSubstr("variants"));
}

TEST_F(Wish, A_share_reads_as_it_is_written) {
  for (const char* text : {"0%", "0.01%", "12.25%", "33.33%", "100%"}) {
    auto share = parse_share(text);
    ASSERT_TRUE(share.ok()) << text;
    EXPECT_EQ(share_text(*share), text);
  }
  EXPECT_EQ(*parse_share("7.5 %"), 750U);
  EXPECT_FALSE(parse_share("many").ok());
  EXPECT_FALSE(parse_share("").ok());
}

TEST_F(Wish, The_file_alone_makes_the_route) {
  auto models = Models::make(support::node(R"(
m:
  runtime: fake
  variants: [{name: a, version: 3, share: 90%}, {name: b, version: 4, share: 10%}]
  shadow: 5)"),
                             registry_);
  ASSERT_TRUE(models.ok()) << models.error().message();
  auto handle = (*models)->model("m");
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto route = (*handle)->route();
  ASSERT_EQ(route->variants.size(), 2U);
  EXPECT_EQ(route->variants[0].name, "a");
  EXPECT_EQ(route->variants[0].end, 9000U);
  EXPECT_EQ(route->variants[0].version->version, 3);
  EXPECT_EQ(route->variants[1].end, bucket_count);
  EXPECT_EQ(route->variants[1].version->version, 4);
  EXPECT_EQ(route->shadow->version, 5);
  EXPECT_EQ(route->salt, "m") << "the model's name, unless one is given";
  EXPECT_EQ(route->epoch, -1);
}

}  // namespace
}  // namespace thalweg
