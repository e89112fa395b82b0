#include "model/wish.h"

#include <cmath>
#include <set>

#include <fmt/format.h>

namespace thalweg {
namespace {

constexpr double buckets_a_percent = bucket_count / 100.0;

Error share_error(const std::string& text) {
  return Error(Code::config_invalid,
               fmt::format("share: a percentage from 0% to 100% with two decimals at most was "
                           "expected; got '{}'",
                           text));
}

// The characters that a name may have: it stands in the output header, between commas.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
             std::string::npos;
}

Result<DesiredVariant> read_variant(const Values& values) {
  DesiredVariant variant;
  variant.name = values.string("name");
  variant.version = values.string("version");
  auto share = parse_share(values.string("share"));
  if (!share) {
    return config_error(values.where("share"),
                        fmt::format("variant '{}': {}", variant.name, share.error().message()));
  }
  variant.share = *share;
  return variant;
}

Status read_variants(const ModelEntry& entry, DesiredModel& wish) {
  const Values& values = entry.values;
  if (!values.given("variants")) {
    wish.variants.front().version = values.string("version");
    return {};
  }
  const Where where = values.where("variants");
  if (values.given("version")) {
    return config_error(where, fmt::format("model '{}': either `version` or `variants` was "
                                           "expected; got both; remove one",
                                           entry.name));
  }
  wish.variants.clear();
  for (const Values& each : values.sections("variants")) {
    auto variant = read_variant(each);
    if (!variant) return std::move(variant).error();
    wish.variants.push_back(std::move(variant).value());
  }
  if (Status fits = check_wish(wish); !fits.ok()) {
    return config_error(where, fmt::format("model '{}': {}", entry.name, fits.error().message()));
  }
  return {};
}

}  // namespace

Result<DesiredModel> wish_of(const ModelEntry& entry) {
  const Values& values = entry.values;
  DesiredModel wish;
  if (Status status = read_variants(entry, wish); !status.ok()) return std::move(status).error();
  if (values.given("shadow")) {
    const Values& shadow = values.section("shadow");
    wish.shadow = DesiredShadow{.version = shadow.string("version"),
                                .topic = shadow.has("topic") ? shadow.string("topic") : "",
                                .cpu_share = shadow.number("cpu_share")};
  }
  if (values.has("salt")) wish.salt = values.string("salt");
  if (values.has("key")) wish.key = values.string("key");
  return wish;
}

Status check_wish(const DesiredModel& wish) {
  const auto wrong = [](std::string message) {
    return Error(Code::config_invalid, std::move(message));
  };
  if (wish.variants.empty()) return wrong("variants: at least one was expected; got none");
  std::set<std::string> names;
  std::uint64_t sum = 0;
  std::string shares;
  for (const DesiredVariant& variant : wish.variants) {
    if (wish.variants.size() > 1 && !is_name(variant.name)) {
      return wrong(
          fmt::format("variants: a name of letters, digits, '_', '.' and '-' was "
                      "expected; got '{}'",
                      variant.name));
    }
    if (!names.insert(variant.name).second) {
      return wrong(
          fmt::format("variants: each name once was expected; got '{}' twice", variant.name));
    }
    sum += variant.share;
    shares +=
        fmt::format("{}{} {}", shares.empty() ? "" : ", ", variant.name, share_text(variant.share));
  }
  if (sum == bucket_count) return {};
  return wrong(fmt::format("variants: shares that add up to 100% were expected; got {} ({})",
                           share_text(static_cast<std::uint32_t>(sum)), shares));
}

Result<std::uint32_t> parse_share(const std::string& text) {
  std::string number = text;
  if (!number.empty() && number.back() == '%') number.pop_back();
  while (!number.empty() && number.back() == ' ') number.pop_back();
  const auto percent = Node::scalar(number).as_number();
  if (!percent || !(*percent >= 0 && *percent <= 100)) return share_error(text);
  const double buckets = *percent * buckets_a_percent;
  if (std::abs(buckets - std::round(buckets)) > 1e-6) return share_error(text);
  return static_cast<std::uint32_t>(std::round(buckets));
}

std::string share_text(std::uint32_t buckets) {
  return fmt::format("{}%", buckets / buckets_a_percent);
}

}  // namespace thalweg
