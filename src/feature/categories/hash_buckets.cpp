// hash_buckets: a fixed number of ids for any number of words.
#include <charconv>
#include <cmath>

#include "feature/categories/farmhash.h"
#include "feature/categories/siphash.h"
#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "hash_buckets",
    .doc =
        "A bucket from 0 to buckets - 1. Numbers are hashed as their decimal text, floats cut to "
        "whole numbers before.",
    .settings =
        {{.name = "buckets",
          .type = SettingType::integer,
          .min = 1,
          .example = "1000",
          .required = true,
          .doc = "How many buckets there are, that of `mask_value` included."},
         {.name = "mask_value",
          .example = "\"\"",
          .doc = "A value that stands for nothing: it gets bucket 0 for itself."},
         {.name = "salt",
          .type = SettingType::strings,
          .example = "133",
          .doc = "One or two numbers: hashes by SipHash with them as key, in place of FarmHash."}},
    .shorthand = "buckets"};

struct Hasher {
  std::uint64_t buckets = 1;
  std::optional<std::string> mask;
  std::optional<SipKey> key;

  [[nodiscard]] std::int64_t bucket(std::string_view s) const noexcept {
    if (mask && s == *mask) return 0;
    const std::uint64_t hash = key ? siphash24(*key, s) : farm_fingerprint64(s);
    return static_cast<std::int64_t>(mask ? 1 + hash % (buckets - 1) : hash % buckets);
  }
};

Result<std::uint64_t> salt_from(const std::string& text) {
  const auto value = Node::scalar(text).as_integer();
  if (value) return static_cast<std::uint64_t>(*value);
  return bad_settings(fmt::format("salt: expected whole numbers that fit int64; got '{}'", text));
}

Result<std::optional<SipKey>> key_from(const Values& settings) {
  const std::vector<std::string> salt = settings.strings("salt");
  if (salt.empty()) return std::optional<SipKey>();
  if (salt.size() > 2)
    return bad_settings(fmt::format("salt: expected one number or two; got {}", salt.size()));
  auto low = salt_from(salt.front());
  if (!low) return std::move(low).error();
  auto high = salt_from(salt.back());
  if (!high) return std::move(high).error();
  return std::optional<SipKey>({*low, *high});
}

// The decimal text of a number, floats cut towards zero; nullopt if it has none (NaN, infinity, too large).
template <class In>
std::optional<std::string_view> decimal(In value, std::span<char> buffer) {
  std::int64_t whole = 0;
  if constexpr (std::is_floating_point_v<In>) {
    if (!(std::abs(static_cast<double>(value)) < 0x1p63)) return std::nullopt;
    whole = static_cast<std::int64_t>(value);
  } else {
    whole = value;
  }
  const char* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), whole).ptr;
  return std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
}

template <class In>
void hash_numbers(const Hasher& hasher, const Column& in, std::size_t rows, Column& out,
                  FeatureScratch& scratch) {
  char buffer[24];
  std::int64_t* to = shaped_like<std::int64_t>(in, rows, out);
  const auto values = in.values<In>();
  for (std::size_t row = 0; row < rows; ++row) {
    const auto [begin, end] = in.extent(row);
    for (std::size_t i = begin; i < end; ++i) {
      const auto text = decimal(values[i], buffer);
      to[i] = text ? hasher.bucket(*text) : 0;
      if (!text)
        refuse(scratch, row, fmt::format("expected a number that fits int64; got {}", values[i]));
    }
  }
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  auto key = key_from(settings);
  if (!key) return std::move(key).error();
  Hasher hasher;
  hasher.buckets = static_cast<std::uint64_t>(settings.integer("buckets"));
  hasher.key = *key;
  if (settings.given("mask_value")) hasher.mask = settings.string("mask_value");
  if (hasher.buckets == 1) hasher.mask.reset();  // as Keras: no second bucket is left
  const ColumnType type = with_dtype(in, DType::int64);
  if (in.dtype == DType::string) {
    return make_feature_step(
        type, [hasher](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
          std::int64_t* to = shaped_like<std::int64_t>(*inputs[0], rows, out);
          for (const std::string_view s : inputs[0]->strings()) *to++ = hasher.bucket(s);
        });
  }
  return with_number(in.dtype, [&]<class In>(In) -> StepResult {
    return make_feature_step(
        type, [hasher](Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) {
          hash_numbers<In>(hasher, *inputs[0], rows, out, scratch);
        });
  });
}

}  // namespace

FeatureStepKind hash_buckets() {
  return {.name = "hash_buckets",
          .doc = "A fixed number of ids for any number of words. Equals keras.layers.Hashing.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
