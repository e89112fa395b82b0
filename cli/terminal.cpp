#include "cli/terminal.h"

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

constexpr std::size_t columns_without_terminal = 100;
constexpr Style plain{};
constexpr Style coloured{"\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"};

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

bool is_terminal(std::FILE* stream) noexcept {
  return ::isatty(::fileno(stream)) != 0;
}

std::size_t columns(std::FILE* stream) noexcept {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return columns_without_terminal;
  return size.ws_col;
}

const Style& style(std::FILE* stream) noexcept {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(stream) && (no_color == nullptr || *no_color == '\0') ? coloured : plain;
}

std::string one_line(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (continues_character(text[i])) {
      out += text[i];
      continue;
    }
    if (++used > columns) {
      // The cut takes the place of the last character.
      while (!out.empty() && continues_character(out.back())) out.pop_back();
      if (!out.empty()) out.pop_back();
      return out + "…";
    }
    out += static_cast<unsigned char>(text[i]) < 0x20 ? ' ' : text[i];
  }
  return out;
}

std::string indented(std::string_view text, std::size_t indent) {
  std::string out(indent, ' ');
  for (const char c : text) {
    out += c;
    if (c == '\n') out.append(indent, ' ');
  }
  return out;
}

std::string thousands(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string counted(std::uint64_t n, std::string_view word) {
  return fmt::format("{} {}{}", thousands(n), word, n == 1 ? "" : "s");
}

}  // namespace thalweg::cli
