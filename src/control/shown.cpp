#include "control/shown.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/uri.h"

namespace thalweg::control {
namespace {

std::vector<VersionWish*> wishes(DesiredModel& state) {
  std::vector<VersionWish*> all;
  for (DesiredVariant& variant : state.variants) all.push_back(&variant.version);
  if (state.shadow) all.push_back(&state.shadow->version);
  return all;
}

}  // namespace

DesiredModel shown(DesiredModel state) {
  for (VersionWish* wish : wishes(state)) *wish = shown_uri(*wish);
  return state;
}

Result<DesiredModel> restored(DesiredModel state, const std::vector<DesiredModel>& known) {
  std::vector<VersionWish> whole;
  for (DesiredModel one : known) {
    for (const VersionWish* wish : wishes(one)) whole.push_back(*wish);
  }
  for (VersionWish* wish : wishes(state)) {
    // Whatever was meant to be whole has its own words there, and is taken as it is.
    if (!hides_something(*wish) || shown_uri(*wish) != *wish) continue;
    const auto meant = std::find_if(whole.begin(), whole.end(), [&](const VersionWish& one) {
      return shown_uri(one) == *wish;
    });
    if (meant == whole.end())
      return Error(Code::config_invalid,
                   fmt::format("version: expected a URI as it is used; got '{}', in which *** "
                               "stands for what is not shown; give it whole",
                               *wish));
    *wish = *meant;
  }
  return state;
}

}  // namespace thalweg::control
