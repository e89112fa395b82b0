#include "model/bucket.h"

#include <charconv>

#include "feature/categories/farmhash.h"

namespace thalweg {
namespace {

void append(std::string& to, std::int64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  to.append(digits, end);
}

std::uint32_t bucket_of_text(std::string_view text) {
  return static_cast<std::uint32_t>(feature::farm_fingerprint64(text) % bucket_count);
}

}  // namespace

void Bucketer::begin(std::string_view salt) {
  text_.assign(salt);
  text_ += '/';
  salt_ = text_.size();
}

std::uint32_t Bucketer::of(std::string_view key) {
  text_.resize(salt_);
  text_ += key;
  return bucket_of_text(text_);
}

std::uint32_t Bucketer::of(std::int64_t key) {
  text_.resize(salt_);
  append(text_, key);
  return bucket_of_text(text_);
}

std::uint32_t Bucketer::of(const SourceRecord& record) {
  if (record.key) return of(*record.key);
  text_.resize(salt_);
  text_ += record.topic;
  text_ += '-';
  append(text_, record.partition.value);
  text_ += '-';
  append(text_, record.offset.value);
  return bucket_of_text(text_);
}

std::uint32_t bucket_of(std::string_view salt, std::string_view key) {
  Bucketer bucketer;
  bucketer.begin(salt);
  return bucketer.of(key);
}

std::size_t variant_of(const Route& route, std::uint32_t bucket) noexcept {
  std::size_t variant = 0;
  while (variant + 1 < route.variants.size() && bucket >= route.variants[variant].end) ++variant;
  return variant;
}

}  // namespace thalweg
