#include "control/change.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "config/scalars.h"

namespace thalweg::control {
namespace {

Result<DesiredModel> checked(DesiredModel state) {
  if (Status s = check_state(state); !s) return std::move(s).error();
  return state;
}

std::vector<std::string> names_of(const DesiredModel& state) {
  std::vector<std::string> names;
  for (const DesiredVariant& v : state.variants) names.push_back(v.name);
  return names;
}

DesiredVariant* find(DesiredModel& state, std::string_view name) {
  const auto it = std::find_if(state.variants.begin(), state.variants.end(),
                               [&](const DesiredVariant& v) { return v.name == name; });
  return it == state.variants.end() ? nullptr : &*it;
}

Error no_such_variant(const DesiredModel& state, std::string_view name) {
  const auto names = names_of(state);
  return Error(Code::config_invalid,
               fmt::format("variant: expected one of {}; got '{}'.{} A new one needs a share and a "
                           "version: {}=10%@4",
                           quoted_list(names), name, did_you_mean(name, names), name));
}

Error not_a_route(std::string_view text) {
  return Error(Code::config_invalid,
               fmt::format("route: expected NAME=SHARE%, NAME=SHARE%@VERSION or NAME=@VERSION; got "
                           "'{}'; write b=10%@4",
                           text));
}

// The rest after the named ones is the champion's.
Status balance(DesiredModel& state) {
  std::int64_t rest = bucket_count;
  for (std::size_t i = 1; i < state.variants.size(); ++i) rest -= state.variants[i].share;
  if (rest < 0)
    return Error(Code::config_invalid,
                 fmt::format("route: expected shares of 100% at most; got {}%; lower one of them",
                             config::number_text(static_cast<double>(bucket_count - rest) / 100)));
  state.variants.front().share = static_cast<std::uint32_t>(rest);
  return {};
}

}  // namespace

Result<RouteChange> parse_route(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return not_a_route(text);
  RouteChange change{std::string(text.substr(0, equals)), {}, {}};
  std::string_view rest = text.substr(equals + 1);
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    if (at + 1 == rest.size()) return not_a_route(text);
    change.version = std::string(rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  if (rest.empty()) return change.version ? Result<RouteChange>(change) : not_a_route(text);
  if (rest.back() != '%') return not_a_route(text);
  const auto share = config::parse_number(rest.substr(0, rest.size() - 1));
  if (!share || !(*share >= 0 && *share <= 100)) return not_a_route(text);
  change.share = static_cast<std::uint32_t>(std::llround(*share * bucket_count / 100));
  return change;
}

Result<DesiredModel> with_version(DesiredModel state, std::string_view variant,
                                  const VersionWish& version) {
  DesiredVariant* one = variant.empty() ? &state.variants.front() : find(state, variant);
  if (one == nullptr) return no_such_variant(state, variant);
  one->version = version;
  return checked(std::move(state));
}

Result<DesiredModel> with_route(DesiredModel state, const std::vector<RouteChange>& changes) {
  bool champion_named = false;
  for (const RouteChange& change : changes) {
    DesiredVariant* one = find(state, change.name);
    if (one == nullptr) {
      if (!change.share || !change.version) return no_such_variant(state, change.name);
      // The only variant needs a name beside another.
      if (state.variants.front().name.empty()) state.variants.front().name = "champion";
      one = &state.variants.emplace_back(DesiredVariant{change.name, "", 0});
    }
    champion_named |= one == &state.variants.front() && change.share.has_value();
    if (change.share) one->share = *change.share;
    if (change.version) one->version = *change.version;
  }
  if (!champion_named) {
    if (Status s = balance(state); !s) return std::move(s).error();
  }
  // Who is left without a share goes; if that is the champion, the next one takes his place.
  const auto gone = [&](const DesiredVariant& v) {
    return v.share == 0 && std::any_of(changes.begin(), changes.end(), [&](const RouteChange& c) {
             return c.name == v.name && c.share == std::uint32_t{0};
           });
  };
  if (!std::all_of(state.variants.begin(), state.variants.end(), gone))
    std::erase_if(state.variants, gone);
  return checked(std::move(state));
}

Result<DesiredModel> with_label(DesiredModel state, const std::string& label,
                                const std::string& version) {
  if (version.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, number] : state.labels) names.push_back(name);
    if (state.labels.erase(label) == 0)
      return Error(Code::config_invalid,
                   fmt::format("label: expected one that is there; got '{}'.{}", label,
                               did_you_mean(label, names)));
    const auto uses = [&](const VersionWish& wish) { return wish == label; };
    if (std::any_of(state.variants.begin(), state.variants.end(),
                    [&](const DesiredVariant& v) { return uses(v.version); }) ||
        (state.shadow && uses(state.shadow->version)))
      return Error(Code::config_invalid,
                   fmt::format("label '{}': expected that nothing uses it; a variant or the shadow "
                               "does; give that another version first",
                               label));
  } else {
    state.labels[label] = version;
  }
  return checked(std::move(state));
}

Result<DesiredModel> with_shadow(DesiredModel state, std::optional<DesiredShadow> shadow) {
  if (!shadow && !state.shadow)
    return Error(Code::config_invalid, "shadow: expected one to take away; there is none");
  state.shadow = std::move(shadow);
  return checked(std::move(state));
}

Result<DesiredModel> rolled_back(const ControlRecord& record) {
  if (!record.before)
    return Error(Code::config_invalid,
                 "rollback: expected a state before this one; the record has none; set the version "
                 "with `thalweg models route`");
  return checked(record.before->state);
}

}  // namespace thalweg::control
