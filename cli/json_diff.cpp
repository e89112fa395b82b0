#include "cli/json_diff.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

// A difference at the top of a large document should not print it all.
std::string shortened(std::string text) {
  constexpr std::size_t bytes_max = 400;
  if (text.size() <= bytes_max) return text;
  std::size_t cut = bytes_max;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  text.resize(cut);
  return text + "…";
}

std::string escaped(std::string_view step) {
  std::string out;
  for (const char c : step) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

void compare_objects(const Json& expected, const Json& got, const Comparison& how,
                     const std::string& path, std::vector<Difference>& out) {
  for (const auto& [key, value] : expected.members) {
    const std::string at = path + "/" + escaped(key);
    if (const Json* other = got.find(key)) {
      compare(value, *other, how, at, out);
    } else {
      out.push_back({at, shortened(value.to_text()), "nothing"});
    }
  }
  if (how.subset) return;
  for (const auto& [key, value] : got.members) {
    if (expected.find(key) == nullptr) {
      out.push_back({path + "/" + escaped(key), "nothing", shortened(value.to_text())});
    }
  }
}

void compare_arrays(const Json& expected, const Json& got, const Comparison& how,
                    const std::string& path, std::vector<Difference>& out) {
  const std::size_t both = std::min(expected.items.size(), got.items.size());
  for (std::size_t i = 0; i < both; ++i) {
    compare(expected.items[i], got.items[i], how, fmt::format("{}/{}", path, i), out);
  }
  if (expected.items.size() != got.items.size()) {
    out.push_back({path, fmt::format("{} items", expected.items.size()),
                   fmt::format("{} items", got.items.size())});
  }
}

bool same_scalar(const Json& expected, const Json& got, double tolerance) {
  if (expected.kind != got.kind) return false;
  if (expected.text == got.text) return true;
  if (expected.kind != Json::Kind::number) return false;
  if (expected.is_integer() && got.is_integer()) return false;
  return near(expected.as_double(), got.as_double(), tolerance);
}

}  // namespace

bool near(double expected, double got, double tolerance) noexcept {
  const double apart = std::abs(expected - got);
  return apart <= tolerance || apart <= tolerance * std::abs(expected);
}

void compare(const Json& expected, const Json& got, const Comparison& how, const std::string& path,
             std::vector<Difference>& out) {
  if (expected.kind == Json::Kind::object && got.kind == Json::Kind::object) {
    compare_objects(expected, got, how, path, out);
  } else if (expected.kind == Json::Kind::array && got.kind == Json::Kind::array) {
    compare_arrays(expected, got, how, path, out);
  } else if (!same_scalar(expected, got, how.tolerance)) {
    out.push_back({path, shortened(expected.to_text()), shortened(got.to_text())});
  }
}

}  // namespace thalweg::cli
