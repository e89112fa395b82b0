#include "cli/junit.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "json/utf8.h"

namespace thalweg::cli {
namespace {

// XML has no way to say most control characters, nor bytes that are not UTF-8.
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t good = json::valid_utf8_prefix(text);
    for (const char c : text.substr(0, good)) {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\n': out += "&#10;"; break;
        case '\t': out += "&#9;"; break;
        default: out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
      }
    }
    text.remove_prefix(good);
    if (!text.empty()) {
      out += '?';
      text.remove_prefix(1);
    }
  }
  return out;
}

struct Totals {
  std::size_t tests = 0, failures = 0, errors = 0;
  double seconds = 0;
};

Totals totals_of(const std::vector<JunitCase>& cases, const std::string* suite) {
  Totals totals;
  for (const JunitCase& c : cases) {
    if (suite != nullptr && c.suite != *suite) continue;
    ++totals.tests;
    totals.seconds += c.seconds;
    if (!c.failure.empty()) ++(c.broken ? totals.errors : totals.failures);
  }
  return totals;
}

std::string attributes(const Totals& t) {
  return fmt::format(R"(tests="{}" failures="{}" errors="{}" time="{:.3f}")", t.tests, t.failures,
                     t.errors, t.seconds);
}

void append_case(const JunitCase& c, std::string& out) {
  out += fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.3f}")", escaped(c.suite),
                     escaped(c.name), c.seconds);
  if (c.failure.empty()) {
    out += "/>\n";
    return;
  }
  const char* element = c.broken ? "error" : "failure";
  const std::string first = c.failure.substr(0, c.failure.find('\n'));
  out += fmt::format(">\n      <{0} message=\"{1}\">{2}</{0}>\n    </testcase>\n", element,
                     escaped(first), escaped(c.failure));
}

}  // namespace

std::string junit_xml(const std::vector<JunitCase>& cases) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out +=
      fmt::format("<testsuites name=\"thalweg test\" {}>\n", attributes(totals_of(cases, nullptr)));
  for (std::size_t i = 0; i < cases.size();) {
    const std::string& suite = cases[i].suite;
    out += fmt::format("  <testsuite name=\"{}\" {}>\n", escaped(suite),
                       attributes(totals_of(cases, &suite)));
    for (; i < cases.size() && cases[i].suite == suite; ++i) append_case(cases[i], out);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

Status write_junit(const std::string& path, const std::vector<JunitCase>& cases) {
  std::ofstream file(path, std::ios::binary);
  file << junit_xml(cases);
  file.close();
  if (file) return {};
  return Error(Code::io_failed,
               fmt::format("--junit: expected a file that can be written; got '{}' ({})", path,
                           std::strerror(errno)));
}

}  // namespace thalweg::cli
