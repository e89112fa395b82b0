#include "control/change.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "config/scalars.h"
#include "model/uri.h"

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
                           "'{}'; write 4 for all traffic, b=10%@4 for a share of it, or a "
                           "version's address alone: https://…/7#sha256=…",
                           shown_uri(text)));
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

// Where a variant's buckets begin and end.
struct Range {
  std::uint32_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

std::map<std::string, Range> ranges_of(const DesiredModel& state) {
  std::map<std::string, Range> ranges;
  std::uint32_t begin = 0;
  for (const DesiredVariant& v : state.variants) {
    ranges[v.name] = {begin, begin + v.share};
    begin += v.share;
  }
  return ranges;
}

std::string shares_of(const std::vector<RouteChange>& changes) {
  std::string text;
  for (const RouteChange& c : changes) {
    text += fmt::format(" {}", c.name);
    if (c.share) text += fmt::format("={}%", config::number_text(*c.share / 100.0));
    if (c.version) text += fmt::format("{}@{}", c.share ? "" : "=", shown_uri(*c.version));
  }
  return text;
}

// Ranges lie side by side: between the one who gains and a champion further left, others would be pushed along and all of their keys
// dealt anew, though nobody spoke of them.
Status others_stay(const DesiredModel& before, const DesiredModel& after,
                   const std::vector<RouteChange>& changes, bool champion_named) {
  const auto now = ranges_of(after);
  for (const auto& [name, range] : ranges_of(before)) {
    const bool named = std::any_of(changes.begin(), changes.end(),
                                   [&](const RouteChange& c) { return c.name == name; });
    if (named || name == before.variants.front().name || now.at(name) == range) continue;
    const std::int64_t was = range.end - range.begin;
    const std::int64_t pushed = std::int64_t{now.at(name).begin} - range.begin;
    const auto share = [](std::int64_t buckets) {
      return config::number_text(static_cast<double>(buckets) / 100);
    };
    const std::string asked = shares_of(changes);
    const std::string pays =
        !champion_named && was + pushed >= 0 && was + pushed <= bucket_count
            ? fmt::format("let '{}' be the one whose share changes for it (route {}={}%{}), or ",
                          name, name, share(was + pushed), asked)
            : "";
    return Error(Code::config_invalid,
                 fmt::format("route: expected that only borders of the named variants move; '{}' "
                             "lies between them and '{}', and its keys would be answered by "
                             "others; {}name it too if that is meant (route {}={}%{})",
                             name, before.variants.front().name, pays, name, share(was), asked));
  }
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

Result<DesiredModel> with_all_traffic(DesiredModel state, const VersionWish& version) {
  state.variants.resize(1);
  state.variants.front().version = version;
  state.variants.front().share = bucket_count;
  return checked(std::move(state));
}

Result<DesiredModel> with_route(DesiredModel state, const std::vector<RouteChange>& changes) {
  bool champion_named = false;
  std::ptrdiff_t added = 0;
  const DesiredModel before = state;
  for (const RouteChange& change : changes) {
    DesiredVariant* one = find(state, change.name);
    if (one == nullptr) {
      if (!change.share || !change.version) return no_such_variant(state, change.name);
      // The only variant needs a name beside another.
      if (state.variants.front().name.empty()) state.variants.front().name = "champion";
      // Beside him who pays for it, so that nobody else's keys move.
      one = &*state.variants.insert(state.variants.begin() + ++added,
                                    DesiredVariant{change.name, "", 0});
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
  auto next = checked(std::move(state));
  if (!next) return next;
  if (Status s = others_stay(before, *next, changes, champion_named); !s)
    return std::move(s).error();
  return next;
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
