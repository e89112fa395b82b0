// lower_case, and the lowering that tokenizers share.
#include <algorithm>
#include <limits>

#include <simdjson.h>
#include <unicode/ucasemap.h>

#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/text/lower.h"
#include "feature/text/utf8.h"

namespace thalweg::feature {
namespace {

bool is_upper_ascii(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

// The root locale's rules, which are Python's. Opened once, never closed, read by all threads.
const UCaseMap* case_map() {
  static const UCaseMap* const map = [] {
    UErrorCode error = U_ZERO_ERROR;
    return ucasemap_open("", 0, &error);
  }();
  return map;
}

std::optional<std::string_view> lowered_by_icu(std::string_view s, Arena& arena) {
  constexpr std::size_t longest =
      std::numeric_limits<std::int32_t>::max() / 2;  // ICU counts in int32
  if (case_map() == nullptr || s.size() > longest || !simdjson::validate_utf8(s.data(), s.size()))
    return std::nullopt;
  // No character grows by more than a half: U+023A, two bytes, becomes U+2C65, three.
  const std::size_t room = s.size() + s.size() / 2 + 8;
  char* to = arena.allocate(room);
  UErrorCode error = U_ZERO_ERROR;
  const std::int32_t size =
      ucasemap_utf8ToLower(case_map(), to, static_cast<std::int32_t>(room), s.data(),
                           static_cast<std::int32_t>(s.size()), &error);
  if (U_FAILURE(error)) {
    arena.shrink(to, 0);
    return std::nullopt;
  }
  arena.shrink(to, static_cast<std::size_t>(size));
  return std::string_view(to, static_cast<std::size_t>(size));
}

}  // namespace

std::string_view lowered_ascii(std::string_view s, Arena& arena) {
  const auto first = std::find_if(s.begin(), s.end(), is_upper_ascii);
  if (first == s.end()) return s;
  char* to = arena.allocate(s.size());
  std::transform(s.begin(), s.end(), to,
                 [](char c) { return is_upper_ascii(c) ? static_cast<char>(c | 0x20) : c; });
  return {to, s.size()};
}

std::optional<std::string_view> lowered(std::string_view s, Arena& arena) {
  return is_ascii(s) ? lowered_ascii(s, arena) : lowered_by_icu(s, arena);
}

namespace steps {

FeatureStepKind lower_case() {
  return {.name = "lower_case",
          .doc = "Lower case, of all of Unicode. Equals Python's str.lower.",
          .make = [](const Values&, const FeatureContext& context) -> StepResult {
            if (auto status = expect_strings(context); !status) return std::move(status).error();
            const auto ascii = AsciiMap::from([](char c) {
              return static_cast<unsigned char>(is_upper_ascii(c) ? c | 0x20 : c);
            });
            return make_text_step(context.inputs[0], ascii, lowered);
          }};
}

}  // namespace steps
}  // namespace thalweg::feature
