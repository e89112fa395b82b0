// remove and replace: every match of a regular expression.
#include <array>

#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/text/python_pattern.h"

namespace thalweg::feature::steps {
namespace {

const Setting pattern_setting{
    .name = "pattern",
    .example = "'https?://\\S+'",
    .required = true,
    .doc = "A regular expression in RE2's syntax; \\w, \\d and \\s are Unicode's, as in Python."};
const Setting case_setting{.name = "ignore_case",
                           .type = SettingType::boolean,
                           .fallback = "false",
                           .doc = "Matches whatever the case."};

const Section remove_section{.name = "remove",
                             .doc = "Removes every match of a regular expression.",
                             .settings = {pattern_setting, case_setting},
                             .shorthand = "pattern"};
const Section replace_section{
    .name = "replace",
    .doc = "Replaces every match of a regular expression.",
    .settings = {pattern_setting,
                 {.name = "with",
                  .example = "'<\\1>'",
                  .required = false,
                  .doc = "What a match becomes (none: nothing); \\1 to \\9 are the groups of the "
                         "pattern, \\0 the whole. Groups cost: RE2 allocates for them."},
                 case_setting}};

constexpr int groups_max = 10;
using Groups = std::array<re2::StringPiece, groups_max>;

// A piece of the replacement: a text, or a group of the match.
struct Piece {
  std::string text;
  int group = -1;
};

struct Replacement {
  std::vector<Piece> pieces;
  int groups = 1;  // how many submatches RE2 has to find, the whole included

  [[nodiscard]] std::size_t size(const Groups& found) const noexcept {
    std::size_t bytes = 0;
    for (const Piece& piece : pieces)
      bytes +=
          piece.group < 0 ? piece.text.size() : found[static_cast<std::size_t>(piece.group)].size();
    return bytes;
  }
  char* write(const Groups& found, char* to) const noexcept {
    for (const Piece& piece : pieces) {
      const re2::StringPiece group = piece.group < 0 ? re2::StringPiece(piece.text)
                                                     : found[static_cast<std::size_t>(piece.group)];
      to = std::copy(group.data(), group.data() + group.size(), to);
    }
    return to;
  }
};

Result<Replacement> parse_replacement(std::string_view with, const re2::RE2& pattern) {
  Replacement replacement;
  std::string text;
  const auto flush = [&] {
    if (!text.empty()) replacement.pieces.push_back({std::move(text), -1});
    text.clear();
  };
  for (std::size_t i = 0; i < with.size(); ++i) {
    const bool escaped = with[i] == '\\' && i + 1 < with.size();
    if (!escaped) {
      text += with[i];
    } else if (const char c = with[++i]; c >= '0' && c <= '9') {
      const int group = c - '0';
      if (group > pattern.NumberOfCapturingGroups()) {
        return bad_settings(
            fmt::format("with: expected a group of the pattern, which has {}; got \\{}",
                        pattern.NumberOfCapturingGroups(), c));
      }
      flush();
      replacement.pieces.push_back({"", group});
      replacement.groups = std::max(replacement.groups, group + 1);
    } else {
      if (c != '\\') text += '\\';
      text += c;
    }
  }
  flush();
  return replacement;
}

std::size_t next_character(std::string_view s, std::size_t at) {
  do ++at;
  while (at < s.size() && (static_cast<unsigned char>(s[at]) & 0xC0U) == 0x80U);
  return at;
}

// Python's re.sub. Grows its piece of the arena by copying, which is rare: a replacement longer than what it replaces.
class Substitution {
 public:
  Substitution(std::string_view s, const Replacement& replacement, std::string_view begins,
               Arena& arena)
      : s_(s), replacement_(replacement), begins_(begins), arena_(arena) {}

  std::string_view run(const re2::RE2& pattern) {
    const re2::StringPiece text(s_.data(), s_.size());
    Groups found;
    for (std::size_t at = 0; at <= s_.size();) {
      if (!next_match(pattern, text, at, found)) break;
      const auto begin = static_cast<std::size_t>(found[0].data() - s_.data());
      const std::size_t end = begin + found[0].size();
      take(begin, end, found);
      // After an empty match the character behind it is looked at by nobody.
      at = end > begin ? end : next_character(s_, end);
    }
    if (begin_ == nullptr) return s_;
    reserve(s_.size() - copied_);
    to_ = std::copy(s_.data() + copied_, s_.data() + s_.size(), to_);
    const auto size = static_cast<std::size_t>(to_ - begin_);
    arena_.shrink(begin_, size);
    return {begin_, size};
  }

 private:
  // RE2 is asked where the beginning of every match stands, and in most texts never. There the match is nearly always; then
  // RE2 need not look for where it begins.
  bool next_match(const re2::RE2& pattern, const re2::StringPiece& text, std::size_t at,
                  Groups& found) const {
    if (!begins_.empty()) {
      at = s_.find(begins_, at);
      if (at == std::string_view::npos) return false;
      if (pattern.Match(text, at, s_.size(), re2::RE2::ANCHOR_START, found.data(),
                        replacement_.groups))
        return true;
      ++at;
    }
    return pattern.Match(text, at, s_.size(), re2::RE2::UNANCHORED, found.data(),
                         replacement_.groups);
  }

  void take(std::size_t begin, std::size_t end, const Groups& found) {
    reserve(begin - copied_ + replacement_.size(found));
    to_ = std::copy(s_.data() + copied_, s_.data() + begin, to_);
    to_ = replacement_.write(found, to_);
    copied_ = end;
  }

  void reserve(std::size_t bytes) {
    const auto used = static_cast<std::size_t>(to_ - begin_);
    if (begin_ != nullptr && used + bytes <= room_) return;
    room_ = std::max(s_.size(), 2 * (used + bytes));
    char* larger = arena_.allocate(room_);
    to_ = std::copy(begin_, begin_ + used, larger);
    begin_ = larger;
  }

  std::string_view s_;
  const Replacement& replacement_;
  std::string_view begins_;  // what every match begins with; empty: not known
  Arena& arena_;
  char* begin_ = nullptr;
  char* to_ = nullptr;
  std::size_t room_ = 0;
  std::size_t copied_ = 0;  // of s_, up to here
};

StepResult make_step(const Values& settings, const FeatureContext& context,
                     const std::string& with) {
  if (auto status = expect_strings(context); !status) return std::move(status).error();
  auto pattern = compile_pattern(settings.string("pattern"), settings.boolean("ignore_case"));
  if (!pattern) return std::move(pattern).error();
  auto replacement = parse_replacement(with, **pattern);
  if (!replacement) return std::move(replacement).error();
  return make_text_step(
      context.inputs[0], std::nullopt,
      [pattern = *pattern, replacement = *replacement,
       begins =
           settings.boolean("ignore_case") ? "" : literal_beginning(settings.string("pattern"))](
          std::string_view s, Arena& arena) {
        return std::optional(Substitution(s, replacement, begins, arena).run(*pattern));
      });
}

}  // namespace

FeatureStepKind remove_() {
  return {
      .name = "remove",
      .doc =
          "Removes every match of a regular expression. Equals Python's re.sub(pattern, '', text).",
      .section = &remove_section,
      .make = [](const Values& settings, const FeatureContext& context) {
        return make_step(settings, context, "");
      }};
}

FeatureStepKind replace() {
  return {.name = "replace",
          .doc =
              "Replaces every match of a regular expression. Equals Python's re.sub(pattern, with, "
              "text).",
          .section = &replace_section,
          .make = [](const Values& settings, const FeatureContext& context) {
            return make_step(settings, context,
                             settings.given("with") ? settings.string("with") : std::string());
          }};
}

}  // namespace thalweg::feature::steps
