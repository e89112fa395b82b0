// A version's URI as it may be shown: https://ann:pass@host/m/3?sig=abc#sha256=… has a password in it, and a presigned one a token. Whoever
// prints a URI, or a version that may be one, prints what `shown_uri` makes of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

// Who comes and with which query is "***": https://***@host/m/3?sig=***#sha256=…. What is no URI stays as it is, also in front of one; twice is
// as once.
[[nodiscard]] std::string shown_uri(std::string_view text);
// Was something left out of it?
[[nodiscard]] bool hides_something(std::string_view shown);

// What `shown_uri` leaves out, for looking after it in what others say: "ann:pass", "pass", "abc".
[[nodiscard]] std::vector<std::string> secrets_of(std::string_view uri);
// The text with each of these replaced by "***". Shorter than four characters they are no secret and could be anything.
[[nodiscard]] std::string without(std::string text, std::vector<std::string> secrets);

// A file below a URI: in front of its query, which holds for all files alike (a token).
[[nodiscard]] std::string below(std::string_view uri, std::string_view file);

}  // namespace thalweg
