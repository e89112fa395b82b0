// The content hash: equal for the same features, different as soon as anything they compute with differs.
#include "feature/content_hash.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "feature/support/bench.h"

namespace thalweg::feature_test {
namespace {

constexpr std::string_view fields = "{a: float32, b: float32, t: string}";

std::string hash_of(std::string_view features) {
  Bench bench(fields, features);
  EXPECT_TRUE(bench.bound()) << bench.error();
  return bench.bound() ? bench.program().content_hash() : "";
}

TEST(ContentHash, Is_sha256) {
  EXPECT_EQ(feature::sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ContentHash, Does_not_depend_on_how_the_same_is_written) {
  EXPECT_EQ(hash_of("{x: {clip: a, low: 0, high: 1}, y: b}"),
            hash_of("{y: b, x: {chain: [a, {clip: {high: 1, low: 0}}]}}"));
  EXPECT_EQ(hash_of("{x: {split: t, on: ','}}"), hash_of("{x: {chain: [t, {split: ','}]}}"));
}

TEST(ContentHash, Differs_with_fields_settings_names_and_order) {
  const std::string hash = hash_of("{x: {stack: [a, {log1p: b}]}}");
  EXPECT_EQ(hash.size(), 64U);
  for (const char* other :
       {"{y: {stack: [a, {log1p: b}]}}", "{x: {stack: [b, {log1p: b}]}}",
        "{x: {stack: [{log1p: b}, a]}}", "{x: {stack: [a, {log1p: b}], dtype: float64}}",
        "{x: {stack: [a, {log1p: b}]}, y: a}"}) {
    EXPECT_NE(hash, hash_of(other)) << other;
  }
}

TEST(ContentHash, Differs_with_the_bytes_of_a_file_and_not_with_its_folder) {
  const auto root =
      std::filesystem::temp_directory_path() / fmt::format("thalweg-hash-{}", getpid());
  const auto hash_with = [&](const char* folder, const char* words) {
    std::filesystem::create_directories(root / folder);
    std::ofstream(root / folder / "words.txt") << words;
    Bench bench(fields, yaml("{x: {one_hot: t, vocabulary: words.txt}}"), registry(),
                (root / folder).string());
    EXPECT_TRUE(bench.bound()) << bench.error();
    return bench.bound() ? bench.program().content_hash() : std::string();
  };
  const std::string hash = hash_with("a", "red\ngreen\n");
  EXPECT_EQ(hash, hash_with("b", "red\ngreen\n"));
  EXPECT_NE(hash, hash_with("a", "green\nred\n"));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace thalweg::feature_test
