#include "model/uri.h"

#include <algorithm>

namespace thalweg {
namespace {

constexpr std::string_view hidden = "***";
constexpr std::size_t secret_bytes_min = 4;

// [user, at) is who comes, with the '@' at `at`; [query, end) stands behind the '?'. Empty where there is none.
struct Places {
  std::size_t user = 0, at = 0, query = 0, end = 0;
};

// A password with a '/' or '#' that nobody encoded cuts the host off in its middle; what is left then has no number for a port.
bool is_cut_off(std::string_view host) {
  const std::size_t colon = host.find(':');
  if (colon == std::string_view::npos || host.starts_with('[')) return false;
  return host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos;
}

Places places(std::string_view text) {
  Places found;
  const std::size_t colon = text.find(":/");
  if (colon == std::string_view::npos) return found;
  std::size_t from = std::min(text.find_first_not_of('/', colon + 1), text.size());
  if (!text.substr(0, colon).ends_with("file")) {
    const std::size_t end = std::min(text.find_first_of("/?#", from), text.size());
    const std::string_view host = text.substr(from, end - from);
    const std::size_t at = is_cut_off(host) && host.find('@') == std::string_view::npos
                               ? text.rfind('@')
                               : std::min(host.rfind('@'), text.size()) + from;
    if (at < text.size() && at >= from) {
      found.user = from;
      found.at = at;
      from = at;
    }
  }
  const std::size_t question = text.find('?', from);
  const std::size_t hash = text.rfind("#sha256=");
  if (question == std::string_view::npos || (hash < question)) return found;
  found.query = question + 1;
  found.end = std::min(hash, text.size());
  return found;
}

// Each value of a query, and a word without a name, which may be a token.
template <class Took>
void each_value(std::string_view query, const Took& took) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    const std::size_t value = equals == std::string_view::npos ? 0 : equals + 1;
    took(pair.substr(0, value), pair.substr(value));
    if (end == query.size()) return;
    query.remove_prefix(end + 1);
  }
}

}  // namespace

std::string shown_uri(std::string_view text) {
  const Places found = places(text);
  std::string shown(text.substr(0, found.user));
  if (found.at > found.user) shown += hidden;
  const std::size_t rest = found.at;
  if (found.query == 0) return shown.append(text.substr(rest));
  shown += text.substr(rest, found.query - rest);
  bool first = true;
  each_value(text.substr(found.query, found.end - found.query),
             [&](std::string_view name, std::string_view value) {
               shown.append(first ? "" : "&").append(name).append(value.empty() ? value : hidden);
               first = false;
             });
  return shown.append(text.substr(found.end));
}

bool hides_something(std::string_view shown) {
  return shown.find(hidden) != std::string_view::npos;
}

std::vector<std::string> secrets_of(std::string_view uri) {
  const Places found = places(uri);
  std::vector<std::string> secrets;
  const std::string_view user = uri.substr(found.user, found.at - found.user);
  secrets.emplace_back(user);
  if (const std::size_t colon = user.find(':'); colon != std::string_view::npos)
    secrets.emplace_back(user.substr(colon + 1));
  each_value(uri.substr(found.query, found.end - found.query),
             [&](std::string_view, std::string_view value) { secrets.emplace_back(value); });
  return secrets;
}

std::string without(std::string text, std::vector<std::string> secrets) {
  // The longest first: one may be a part of another.
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const std::string& secret : secrets) {
    if (secret.size() < secret_bytes_min) break;
    for (std::size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + hidden.size()))
      text.replace(at, secret.size(), hidden);
  }
  return text;
}

std::string below(std::string_view uri, std::string_view file) {
  const std::size_t query = std::min(uri.find('?'), uri.size());
  std::string whole(uri.substr(0, query));
  if (!whole.ends_with('/')) whole += '/';
  return whole.append(file).append(uri.substr(query));
}

}  // namespace thalweg
