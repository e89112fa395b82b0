#include "cli/models_view.h"

#include <fmt/format.h>

#include "cli/ab_view.h"

namespace thalweg::cli {
namespace {

void print_versions(const Node& report) {
  const Node* versions = report.find("versions");
  if (versions == nullptr) return;
  for (const Node& v : versions->items()) {
    const std::string role = text_of(v, "role"), reason = text_of(v, "reason");
    const std::string uri = text_of(v, "uri");
    fmt::print("    version {}{}{} {}{}{}{}{}\n", text_of(v, "version"),
               uri.empty() ? "" : " from ", uri, text_of(v, "state"), role.empty() ? "" : ", ",
               role, reason.empty() ? "" : ": ", reason);
  }
}

}  // namespace

std::string text_of(const Node& node, const char* name) {
  const Node* found = node.find(name);
  return found == nullptr || found->is_null() ? "" : found->text();
}

bool flag_of(const Node& node, const char* name) {
  const Node* found = node.find(name);
  return found != nullptr && found->as_boolean().value_or(false);
}

void print_processes(const Node& status) {
  const Node* processes = status.find("processes");
  if (processes == nullptr || processes->items().empty()) {
    fmt::print("  no process has told of itself\n");
    return;
  }
  std::vector<const Node*> tests;
  for (const Node& p : processes->items()) {
    const Node* report = p.find("report");
    if (report == nullptr) continue;
    const std::string refused = text_of(*report, "refused");
    const std::string blind = text_of(*report, "shadow_refused");
    fmt::print("  {} pid {}{}{}: serves epoch {}{}{}{}{}{}\n", text_of(p, "host"),
               text_of(p, "pid"), flag_of(p, "alive") ? "" : " (silent)",
               flag_of(p, "paused") ? " (paused)" : "", text_of(*report, "active"),
               flag_of(*report, "shadow_pending") ? ", its shadow is loading" : "",
               blind.empty() ? "" : ", its shadow sees no rows: ", blind,
               refused.empty() ? "" : ", refuses what is wanted: ", refused);
    print_versions(*report);
    const Node* ab = report->find("ab");
    if (ab == nullptr) continue;
    fmt::print("{}", ab_text(*ab));
    if (flag_of(p, "alive")) tests.push_back(ab);
  }
  if (!tests.empty()) fmt::print("{}", ab_total_text(tests));
}

Shadows shadows_of(const Node& status) {
  Shadows all;
  const Node* processes = status.find("processes");
  if (processes == nullptr) return all;
  for (const Node& p : processes->items()) {
    const Node* report = p.find("report");
    if (report == nullptr || !flag_of(p, "alive")) continue;
    all.pending = all.pending || flag_of(*report, "shadow_pending");
    if (std::string why = text_of(*report, "shadow_refused"); !why.empty())
      all.refused.push_back(
          fmt::format("{} pid {}: {}", text_of(p, "host"), text_of(p, "pid"), why));
  }
  return all;
}

}  // namespace thalweg::cli
