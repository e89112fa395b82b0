// Secret names. Too many marked costs a "***" in `describe`; one too few costs a password.
#include "config/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace thalweg::config {

bool is_secret_name(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c == '.' || c == '-' ? '_' : static_cast<char>(std::tolower(c));
  });
  constexpr std::array anywhere = {"password", "passwd", "passphrase", "private_key", "api_key",
                                   "apikey",   "secret", "credential", "jaas_config", "key_pem"};
  for (const std::string_view part : anywhere) {
    if (lower.find(part) != std::string::npos) return true;
  }
  // librdkafka's own free text for OAUTHBEARER, which may hold a secret.
  return lower == "token" || lower.ends_with("_token") || lower == "sasl_oauthbearer_config";
}

bool has_names_of_users(std::string_view key) {
  constexpr std::array names = {"fields", "value", "features", "inputs", "outputs", "labels"};
  return std::find(names.begin(), names.end(), key) != names.end();
}

}  // namespace thalweg::config
