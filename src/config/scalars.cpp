// Text → value for the settings' scalar types. std::from_chars does the digits: it knows no locale.
#include "config/scalars.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace thalweg::config {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - begin;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

std::optional<std::int64_t> whole(std::string_view digits, int base) {
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stop != end || digits.empty()) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array<Unit, 5> duration_units = {
    {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
constexpr double kibi = 1024;
constexpr std::array<Unit, 11> bytes_units = {{{"B", 1},
                                               {"KB", 1e3},
                                               {"kB", 1e3},
                                               {"MB", 1e6},
                                               {"GB", 1e9},
                                               {"TB", 1e12},
                                               {"KiB", kibi},
                                               {"MiB", kibi* kibi},
                                               {"GiB", kibi* kibi* kibi},
                                               {"TiB", kibi* kibi* kibi* kibi},
                                               {"", 1}}};

// "<number><unit>", not negative, a whole number of the smallest unit.
template <std::size_t n>
std::optional<std::int64_t> with_unit(std::string_view text, const std::array<Unit, n>& units) {
  std::size_t split = 0;
  while (split < text.size() && (is_digit(text[split]) || text[split] == '.')) ++split;
  const std::string_view amount = text.substr(0, split);
  std::string_view name = text.substr(split);
  if (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  if (!looks_like_number(amount)) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (unit.factor == 1) return whole(amount, 10);  // exact up to 2^63
    const double value = *parse_number(amount) * unit.factor;
    if (!(value < 9.2e18) || std::abs(value - std::round(value)) > 1e-6) return std::nullopt;
    return std::llround(value);
  }
  return std::nullopt;
}

template <std::size_t n>
std::string in_units(double value, const std::array<Unit, n>& units, std::string_view smallest) {
  const Unit* best = nullptr;
  for (const Unit& unit : units) {
    const bool divides = value >= unit.factor && std::fmod(value, unit.factor) == 0;
    if (divides && unit.factor > 1 && (best == nullptr || unit.factor > best->factor)) best = &unit;
  }
  if (best == nullptr) return fmt::format("{:.0f}{}", value, smallest);
  return fmt::format("{:.0f}{}", value / best->factor, best->name);
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with("0x"))
    return text.size() > 2 && text[2] != '-' ? whole(text.substr(2), 16) : std::nullopt;
  if (text.starts_with("0o"))
    return text.size() > 2 && text[2] != '-' ? whole(text.substr(2), 8) : std::nullopt;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  return whole(text, 10);
}

std::optional<double> parse_number(std::string_view text) {
  if (const auto integer = parse_integer(text)) return static_cast<double>(*integer);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::string_view unsigned_text = text;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) unsigned_text.remove_prefix(1);
  for (const char* name : {".inf", ".Inf", ".INF"}) {
    if (unsigned_text == name) return negative ? -infinity : infinity;
  }
  for (const char* name : {".nan", ".NaN", ".NAN"}) {
    if (text == name) return std::numeric_limits<double>::quiet_NaN();
  }
  if (!looks_like_number(text)) return std::nullopt;
  double value = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [stop, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  for (const char* name : {"true", "True", "TRUE"}) {
    if (text == name) return true;
  }
  for (const char* name : {"false", "False", "FALSE"}) {
    if (text == name) return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text == "0") return 0;
  return with_unit(text, duration_units);
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  return with_unit(text, bytes_units);
}

std::string duration_text(double ms) {
  return in_units(ms, duration_units, "ms");
}

std::string bytes_text(double bytes) {
  constexpr std::array<Unit, 4> binary = {{{"KiB", kibi},
                                           {"MiB", kibi * kibi},
                                           {"GiB", kibi * kibi * kibi},
                                           {"TiB", kibi * kibi * kibi * kibi}}};
  return in_units(bytes, binary, bytes == 1 ? " byte" : " bytes");
}

std::string number_text(double number) {
  return fmt::format("{}", number);
}

}  // namespace thalweg::config
