#include "cli/judge.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cli/lines.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view nothing = "nothing";

std::string shown(const std::optional<std::string>& bytes) {
  if (!bytes) return "null";
  return value_member(*bytes);
}

std::string shown(const Expected& expected) {
  if (expected.json) return expected.json->to_text();
  return expected.bytes ? value_member(*expected.bytes) : "null";
}

// The entries of "id=a,model=b".
std::map<std::string, std::string> entries_of(std::string_view header) {
  std::map<std::string, std::string> entries;
  while (!header.empty()) {
    const std::string_view entry = header.substr(0, header.find(','));
    const std::size_t split = entry.find('=');
    entries.emplace(entry.substr(0, split),
                    split == std::string_view::npos ? "" : entry.substr(split + 1));
    header.remove_prefix(std::min(header.size(), entry.size() + 1));
  }
  return entries;
}

void judge_header(const ExpectedHeader& expected, const TestOutput& got, const std::string& path,
                  std::vector<Difference>& out) {
  const auto value = got.header(expected.name);
  const std::string at = path + "headers/" + expected.name;
  if (!expected.entries.empty()) {
    const auto entries = entries_of(value.value_or(""));
    for (const auto& [name, text] : expected.entries) {
      const auto it = entries.find(name);
      if (it != entries.end() && it->second == text) continue;
      out.push_back(
          {at + "/" + name, text, it == entries.end() ? std::string(nothing) : it->second});
    }
  } else if (value != expected.value) {
    out.push_back(
        {at, expected.value.value_or(std::string(nothing)), value.value_or(std::string(nothing))});
  }
}

void judge_output(const ExpectedOutput& expected, const TestOutput& got, double tolerance,
                  const std::string& path, std::vector<Difference>& out) {
  const Comparison how{tolerance, expected.subset};
  if (expected.value) judge_value(*expected.value, got.value, how, path + "value", out);
  if (expected.key) judge_value(*expected.key, got.key, how, path + "key", out);
  for (const ExpectedHeader& header : expected.headers) judge_header(header, got, path, out);
}

std::string line_of(const TestOutput& output) {
  return tagged_line(output.topic, output.value);
}

std::string code_and_message(const TestOutput& letter) {
  return fmt::format("dead: {} ({})", letter.dead_code(),
                     letter.header("__thalweg.errors.message").value_or(""));
}

void judge_outputs(const Case& expected, const Outcome& got, double tolerance,
                   std::vector<Difference>& out) {
  std::vector<bool> taken(got.outputs.size());
  for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
    const ExpectedOutput& wanted = expected.outputs[i];
    // In the order of each topic; the order between topics says nothing.
    std::size_t k = 0;
    while (k < got.outputs.size() && (taken[k] || got.outputs[k].topic != wanted.topic)) ++k;
    const std::string path = expected.outputs.size() == 1 ? "" : fmt::format("outputs/{}/", i);
    if (k == got.outputs.size()) {
      out.push_back(
          {path + "output", fmt::format("a record to '{}'", wanted.topic), std::string(nothing)});
      continue;
    }
    taken[k] = true;
    judge_output(wanted, got.outputs[k], tolerance, path, out);
  }
  for (std::size_t k = 0; k < got.outputs.size(); ++k) {
    if (!taken[k]) out.push_back({"output", std::string(nothing), line_of(got.outputs[k])});
  }
}

}  // namespace

void judge_value(const Expected& expected, const std::optional<std::string>& got,
                 const Comparison& how, const std::string& path, std::vector<Difference>& out) {
  if (!expected.json && !expected.bytes) {
    if (got) out.push_back({path, "null", shown(got)});
    return;
  }
  if (got && expected.bytes && *got == *expected.bytes) return;
  if (got && expected.json) {
    if (auto parsed = parse_json(*got)) return compare(*expected.json, *parsed, how, path, out);
  }
  out.push_back({path, shown(expected), shown(got)});
}

std::string words_for(const Outcome& outcome) {
  if (outcome.dead) return code_and_message(*outcome.dead);
  if (outcome.outputs.empty()) return "filtered";
  std::string words;
  for (const TestOutput& output : outcome.outputs)
    words += (words.empty() ? "" : ", ") + line_of(output);
  return words;
}

std::vector<Difference> judge(const Case& expected, const Outcome& got, double tolerance) {
  std::vector<Difference> out;
  if (expected.dead) {
    const std::string code = got.dead ? got.dead->dead_code() : "";
    const std::string message =
        got.dead ? got.dead->header("__thalweg.errors.message").value_or("") : "";
    if (code != expected.dead->code) {
      out.push_back({"outcome", "dead: " + expected.dead->code, words_for(got)});
    } else if (message.find(expected.dead->message) == std::string::npos) {
      out.push_back(
          {"dead/message", fmt::format("a text with '{}'", expected.dead->message), message});
    }
    return out;
  }
  if (expected.outputs.empty() && (got.dead || !got.outputs.empty())) {
    return {{"outcome", "filtered", words_for(got)}};
  }
  if (got.dead || (got.outputs.empty() && !expected.outputs.empty())) {
    const std::string wanted = fmt::format("{} output{}", expected.outputs.size(),
                                           expected.outputs.size() == 1 ? "" : "s");
    return {{"outcome", wanted, words_for(got)}};
  }
  judge_outputs(expected, got, tolerance, out);
  return out;
}

std::vector<Difference> judge_same(const Outcome& one, const Outcome& other, double tolerance) {
  // The first run says what to expect of the second, its own values and keys included.
  Case expected;
  if (one.dead) expected.dead = ExpectedDeath{one.dead->dead_code(), ""};
  for (const TestOutput& output : one.outputs) {
    ExpectedOutput& wanted = expected.outputs.emplace_back();
    wanted.topic = output.topic;
    Expected value;
    value.bytes = output.value;
    if (output.value) {
      if (auto parsed = parse_json(*output.value)) value.json = std::move(parsed).value();
    }
    wanted.value = std::move(value);
    Expected key;
    key.bytes = output.key;
    wanted.key = std::move(key);
    for (const auto& [name, text] : output.headers)
      wanted.headers.push_back({name, output.header(name), {}});
  }
  return judge(expected, other, tolerance);
}

}  // namespace thalweg::cli
