// Walks over the tokens of an indexed JSON text (index.h) and checks the grammar on the way.
//
//   if (!index.build(text)) … index.fault()
//   walker.start(index, depth_max);
//   if (walker.enter_object()) while (walker.next_member(key)) … read or skip the value …
//   if (!walker.finish()) … walker.fault()
//
// A place is a token's number: `mark()` and `go_back()` cost nothing. Every function that returns bool and says so records a Fault when it
// returns false because of a mistake in the text; after that the text is given up.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "json/index.h"

namespace thalweg::json {

enum class Kind : std::uint8_t { object, array, string, number, boolean, null, none };
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;  // "an object", "a number", …

class Walker {
 public:
  static constexpr std::size_t depth_bound = 1024;

  // REQUIRES depth_max <= depth_bound.
  void start(const Index& index, std::size_t depth_max) noexcept {
    text_ = index.text().data();
    size_ = static_cast<std::uint32_t>(index.text().size());
    token_ = index.tokens();
    last_ = token_ + index.count();
    depth_ = 0;
    depth_max_ = depth_max;
    failed_ = false;
  }

  [[nodiscard]] const Fault& fault() const noexcept { return fault_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::string_view text() const noexcept { return {text_, size_}; }

  // First byte of the next token; 0 at the end.
  [[nodiscard]] char peek() const noexcept { return token_ < last_ ? text_[*token_] : '\0'; }
  // Byte at which the next token begins.
  [[nodiscard]] std::uint32_t at() const noexcept { return *token_; }
  // What the next token begins, by its first byte alone.
  [[nodiscard]] Kind kind() const noexcept;

  [[nodiscard]] const std::uint32_t* mark() const noexcept { return token_; }
  void go_back(const std::uint32_t* mark) noexcept { token_ = mark; }

  // REQUIRES peek() == '{'. False: too deep (a fault).
  [[nodiscard]] bool enter_object() noexcept { return enter(); }
  // The next member: `key` is what stands between its quotes, escapes and all. REQUIRES that the value before was read or skipped.
  // False: the object is over (and was left), or failed().
  [[nodiscard]] bool next_member(bool first, std::string_view& key) noexcept {
    if (peek() == '}') return leave();
    if (!first && !take(',', "',' or '}' after a member")) return false;
    return member_key(key);
  }
  // REQUIRES peek() == '['. False: too deep (a fault).
  [[nodiscard]] bool enter_array() noexcept { return enter(); }
  // Is there a further element? False: the array is over (and was left), or failed().
  [[nodiscard]] bool next_element(bool first) noexcept {
    if (peek() == ']') return leave();
    return first || take(',', "',' or ']' after an element");
  }

  // REQUIRES peek() == '"'. The bytes between the quotes; their escapes are not looked at.
  [[nodiscard]] std::string_view raw_string() noexcept {
    const std::uint32_t open = *token_++;
    std::uint32_t close = *token_;  // behind the last token stands the length of the text
    // Between a closing quote and the next token is white space only: the index saw to it.
    do --close;
    while (text_[close] != '"');
    return {text_ + open + 1, close - open - 1};
  }
  // REQUIRES that the next token is a scalar other than a string. All of it.
  [[nodiscard]] std::string_view raw_scalar() noexcept {
    const std::uint32_t begin = *token_++;
    std::uint32_t end = *token_;
    while (end > begin && is_space(text_[end - 1])) --end;
    return {text_ + begin, end - begin};
  }

  // Checks the next value and goes behind it. False: a fault.
  [[nodiscard]] bool skip() noexcept;
  // As skip, and says what text it spans.
  [[nodiscard]] bool skip(std::string_view& span) noexcept;
  // Nothing may follow the document. False: a fault.
  [[nodiscard]] bool finish() noexcept;

  // Records a fault at the next token, or at `at`. Always false, to be returned.
  bool fail(std::string_view expected) noexcept;
  bool fail_at(std::uint32_t at, std::string_view expected, Code code = Code::not_json) noexcept;
  // The escapes of a raw string are right. False: a fault.
  [[nodiscard]] bool check_escapes(std::string_view raw) noexcept;

 private:
  static bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  bool enter() noexcept {
    if (depth_ == depth_max_) return too_deep();
    ++depth_;
    ++token_;
    return true;
  }
  bool leave() noexcept {
    --depth_;
    ++token_;
    return false;
  }
  bool take(char wanted, std::string_view expected) noexcept {
    if (peek() != wanted) return fail(expected);
    ++token_;
    return true;
  }
  bool member_key(std::string_view& key) noexcept {
    if (peek() != '"') return fail("a key in quotes");
    key = raw_string();
    return take(':', "':' after a key");
  }
  bool too_deep() noexcept;
  bool skip_scalar() noexcept;
  bool skip_key() noexcept;
  bool close_ended(std::size_t& open, bool& more) noexcept;

  const char* text_ = nullptr;
  std::uint32_t size_ = 0;
  const std::uint32_t* token_ = nullptr;
  const std::uint32_t* last_ = nullptr;
  std::size_t depth_ = 0;
  std::size_t depth_max_ = depth_bound;
  bool failed_ = false;
  Fault fault_;
  std::array<bool, depth_bound + 1> object_at_{};  // of the containers that skip() is in
};

}  // namespace thalweg::json
