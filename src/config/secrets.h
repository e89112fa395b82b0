// Which settings are secret by their name, and where names mean nothing.
#pragma once

#include <string_view>

namespace thalweg::config {

// "password", "db_password", "sasl.password", "ssl.key.pem", "api_key", "auth_token", …: what stands there is never shown.
// "tokens" and "token_ids" are not: in text features these are words.
[[nodiscard]] bool is_secret_name(std::string_view name);

// Under these keys the names are the user's own (fields of a record, templates): a field called `password` holds a type.
[[nodiscard]] bool has_names_of_users(std::string_view key);

}  // namespace thalweg::config
