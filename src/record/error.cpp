// The table behind the error codes: names, the two axes, and the sentence the docs print.
#include "thalweg/error.h"

#include <array>

namespace thalweg {
namespace {

struct CodeEntry {
  std::string_view name;
  Domain domain;
  Retry retry;
  std::string_view doc;
};

constexpr std::array kCodes = {
#define THALWEG_CODE_ENTRY(name, domain, retry, doc) \
  CodeEntry{#name, Domain::domain, Retry::retry, doc},
    THALWEG_ERROR_CODES(THALWEG_CODE_ENTRY)
#undef THALWEG_CODE_ENTRY
};

const CodeEntry& entry(Code code) noexcept {
  return kCodes[static_cast<std::size_t>(code)];
}

}  // namespace

std::string_view to_string(Code code) noexcept {
  return entry(code).name;
}
Domain domain_of(Code code) noexcept {
  return entry(code).domain;
}
Retry retry_of(Code code) noexcept {
  return entry(code).retry;
}
std::string_view doc_of(Code code) noexcept {
  return entry(code).doc;
}

std::string_view to_string(Domain domain) noexcept {
  switch (domain) {
    case Domain::user: return "user";
    case Domain::external: return "external";
    case Domain::internal: return "internal";
  }
  return "internal";
}

std::string_view to_string(Retry retry) noexcept {
  switch (retry) {
    case Retry::no: return "no";
    case Retry::backoff: return "backoff";
    case Retry::fatal: return "fatal";
  }
  return "fatal";
}

std::optional<Code> code_from(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (kCodes[i].name == name) return static_cast<Code>(i);
  }
  return std::nullopt;
}

}  // namespace thalweg
