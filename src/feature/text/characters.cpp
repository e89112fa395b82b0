// The steps that look at one character at a time: remove_emoji, remove_digits, remove_punctuation, replace_non_word.
#include <algorithm>

#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/text/utf8.h"

namespace thalweg::feature::steps {
namespace {

// Every character that `chosen` holds for becomes `with`. A text without one is returned as it is: no copy. `keeps_ascii`: it holds
// for none of ASCII, so stretches of that are not looked at.
template <class Chosen>
std::optional<std::string_view> substituted(std::string_view s, std::string_view with,
                                            bool keeps_ascii, Arena& arena, Chosen chosen) {
  char* begin = nullptr;
  char* to = nullptr;
  std::size_t copied = 0;  // of s, up to here
  for (std::size_t at = 0; at < s.size();) {
    if (keeps_ascii && (at = behind_ascii(s, at)) == s.size()) break;
    const std::size_t here = at;
    const std::int32_t c = next_code_point(s, at);
    if (c < 0) {
      if (begin != nullptr) arena.shrink(begin, 0);
      return std::nullopt;
    }
    if (!chosen(c)) continue;
    // Each character left over could become `with`, which is one byte or none nearly always.
    if (begin == nullptr)
      begin = to = arena.allocate(here + (s.size() - here) * std::max<std::size_t>(1, with.size()));
    to = std::copy(s.begin() + static_cast<std::ptrdiff_t>(copied),
                   s.begin() + static_cast<std::ptrdiff_t>(here), to);
    to = std::copy(with.begin(), with.end(), to);
    copied = at;
  }
  if (begin == nullptr) return s;
  to = std::copy(s.begin() + static_cast<std::ptrdiff_t>(copied), s.end(), to);
  const auto size = static_cast<std::size_t>(to - begin);
  arena.shrink(begin, size);
  return std::string_view(begin, size);
}

template <class Chosen>
StepResult step_for(const FeatureContext& context, std::string with, Chosen chosen) {
  if (auto status = expect_strings(context); !status) return std::move(status).error();
  bool keeps_ascii = true;
  for (std::int32_t c = 0; c < 128; ++c) keeps_ascii = keeps_ascii && !chosen(c);
  std::optional<AsciiMap> ascii;
  if (with.empty() || (with.size() == 1 && is_ascii(with))) {
    ascii = AsciiMap::from([&](char c) {
      if (!chosen(c)) return static_cast<unsigned char>(c);
      return with.empty() ? AsciiMap::gone : static_cast<unsigned char>(with.front());
    });
  }
  return make_text_step(context.inputs[0], ascii,
                        [with, keeps_ascii, chosen](std::string_view s, Arena& arena) {
                          return substituted(s, with, keeps_ascii, arena, chosen);
                        });
}

// The ranges that a widely copied regular expression calls emoji. The last one takes most of CJK and Hangul with it, and newer
// emoji are missing: models were trained with exactly this.
bool is_emoji_range(std::int32_t c) noexcept {
  if (c < 0x24C2) return false;
  return c <= 0x1F251 || (c >= 0x1F300 && c <= 0x1F64F) || (c >= 0x1F680 && c <= 0x1F6FF);
}

const Section replace_section{
    .name = "replace_non_word",
    .doc = "Every character that is not a letter, a number or an underscore becomes another text.",
    .settings = {{.name = "with",
                  .fallback = " ",
                  .example = "\" \"",
                  .doc = "What each of them becomes."}},
    .shorthand = "with"};

const Section punctuation_section{
    .name = "remove_punctuation",
    .doc = "Removes punctuation.",
    .settings = {{.name = "kind",
                  .fallback = "ascii",
                  .choices = {"ascii", "unicode"},
                  .doc = "ascii: the 32 characters of Python's string.punctuation; unicode: every "
                         "character of a category P."}},
    .shorthand = "kind"};

}  // namespace

FeatureStepKind remove_emoji() {
  return {.name = "remove_emoji",
          .doc =
              "Removes the code points U+1F600-1F64F, U+1F300-1F5FF, U+1F680-1F6FF, U+1F1E0-1F1FF, "
              "U+2702-27B0 and U+24C2-1F251, and "
              "with the last range most of CJK and Hangul. Equals Python's re.sub with the widely "
              "copied class of these ranges.",
          .make = [](const Values&, const FeatureContext& context) {
            return step_for(context, "", [](std::int32_t c) { return is_emoji_range(c); });
          }};
}

FeatureStepKind remove_digits() {
  return {
      .name = "remove_digits",
      .doc =
          "Removes the decimal digits of every script. Equals Python's re.sub(r'\\d', '', text).",
      .make = [](const Values&, const FeatureContext& context) {
        return step_for(context, "", [](std::int32_t c) { return is_digit(c); });
      }};
}

FeatureStepKind remove_punctuation() {
  return {.name = "remove_punctuation",
          .doc =
              "Removes punctuation. Equals Python's text.translate(str.maketrans('', '', "
              "string.punctuation)), and the stripping of "
              "keras.layers.TextVectorization.",
          .section = &punctuation_section,
          .make = [](const Values& settings, const FeatureContext& context) -> StepResult {
            if (settings.string("kind") == "ascii")
              return step_for(context, "", [](std::int32_t c) { return is_ascii_punctuation(c); });
            return step_for(context, "",
                            [](std::int32_t c) { return (U_GET_GC_MASK(c) & U_GC_P_MASK) != 0; });
          }};
}

FeatureStepKind replace_non_word() {
  return {.name = "replace_non_word",
          .doc =
              "Every character that is not a letter, a number or an underscore becomes another "
              "text, a space by default. Equals "
              "Python's re.sub(r'[^\\w]', with, text).",
          .section = &replace_section,
          .make = [](const Values& settings, const FeatureContext& context) {
            return step_for(context, settings.string("with"),
                            [](std::int32_t c) { return !is_word(c); });
          }};
}

}  // namespace thalweg::feature::steps
