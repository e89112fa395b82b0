#include "cli/golden.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "cli/lines.h"
#include "config/yaml_reader.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 30;

// Lines as `score` reads them: without their end, the last one with or without it.
Result<std::vector<std::string>> read_lines(const std::string& path) {
  auto text = read_text_file(path, file_bytes_max);
  if (!text) return std::move(text).error();
  std::vector<std::string> lines;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void compare_line(const std::string& expected, const std::string& got, double tolerance,
                  const std::string& path, std::vector<Difference>& out) {
  if (expected == got) return;
  auto wanted = parse_json(expected);
  auto came = parse_json(got);
  if (wanted && came) return compare(*wanted, *came, {.tolerance = tolerance}, path, out);
  out.push_back({path, expected, got});
}

void compare_lines(const std::vector<std::pair<std::string, std::string>>& expected,
                   const std::vector<std::string>& got, double tolerance, const std::string& path,
                   std::vector<Difference>& out) {
  for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
    if (i >= expected.size()) {
      out.push_back({path, "nothing more", got[i]});
    } else if (i >= got.size()) {
      out.push_back({path + ":" + expected[i].first, expected[i].second, "nothing"});
    } else {
      compare_line(expected[i].second, got[i], tolerance, path + ":" + expected[i].first, out);
    }
  }
}

// (line number, line) by topic: between topics there is no order.
using LinesByTopic = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;

LinesByTopic by_topic(const std::vector<std::string>& lines,
                      const std::vector<std::string>& topics) {
  LinesByTopic result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string topic = topics.front();
    if (topics.size() > 1) {
      const auto parsed = parse_json(lines[i]);
      const Json* named = parsed ? parsed->find("topic") : nullptr;
      topic = named == nullptr ? "" : named->text;
    }
    result[topic].emplace_back(std::to_string(i + 1), lines[i]);
  }
  return result;
}

// Only what does not depend on words: messages may become better.
std::string place_and_code(const std::string& line) {
  const auto parsed = parse_json(line);
  if (!parsed) return line;
  std::string text;
  for (const char* name : {"line", "code"}) {
    const Json* member = parsed->find(name);
    text += fmt::format("{} {} ", name, member == nullptr ? "?" : member->text);
  }
  return text;
}

std::vector<std::string> topics_of(const PipelineFile& file) {
  std::vector<std::string> topics;
  for (const Values& to : file.values.sections("to")) {
    const std::string& topic = to.string("topic");
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) topics.push_back(topic);
  }
  return topics;
}

}  // namespace

Result<std::optional<Golden>> read_golden(const std::string& stem, const PipelineFile& file) {
  const std::string input = stem + ".input.jsonl";
  if (!is_there(input)) return std::optional<Golden>{};
  auto lines = read_lines(input);
  if (!lines) return std::move(lines).error();
  Golden golden;
  golden.path = stem + ".expected.jsonl";
  auto expected = read_lines(golden.path);
  if (!expected) return std::move(expected).error();
  golden.expected = std::move(expected).value();
  if (is_there(stem + ".dead.jsonl")) {
    auto dead = read_lines(stem + ".dead.jsonl");
    if (!dead) return std::move(dead).error();
    golden.dead = std::move(dead).value();
  }
  const std::string topic = input_topics(file.values.section("from")).front();
  for (std::string& line : *lines) golden.records.push_back({topic, {.value = std::move(line)}});
  return std::optional<Golden>{std::move(golden)};
}

std::vector<Difference> judge_golden(const Golden& golden, const TrialResult& result,
                                     const PipelineFile& file, double tolerance) {
  std::vector<Difference> out;
  const auto topics = topics_of(file);
  const LinesByTopic expected = by_topic(golden.expected, topics);
  std::map<std::string, std::vector<std::string>> got;
  std::vector<std::string> got_dead;
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    for (const TestOutput& output : result.outcomes[i].outputs) {
      got[output.topic].push_back(topics.size() > 1 ? tagged_line(output.topic, output.value)
                                                    : plain_line(output.value));
    }
    if (const auto& dead = result.outcomes[i].dead) {
      got_dead.push_back(fmt::format("line {} code {} ", i + 1, dead->dead_code()));
    }
  }
  for (const auto& [topic, lines] : expected)
    compare_lines(lines, got[topic], tolerance, golden.path, out);
  for (const auto& [topic, lines] : got) {
    if (!expected.contains(topic)) compare_lines({}, lines, tolerance, golden.path, out);
  }
  std::vector<std::pair<std::string, std::string>> expected_dead;
  for (std::size_t i = 0; i < golden.dead.size(); ++i) {
    expected_dead.emplace_back(std::to_string(i + 1), place_and_code(golden.dead[i]));
  }
  compare_lines(expected_dead, got_dead, tolerance, "dead letters", out);
  return out;
}

}  // namespace thalweg::cli
