#include "two_versions.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace thalweg::bench {
namespace {

namespace fs = std::filesystem;

Error unreadable(const fs::path& path, const std::string& why) {
  return {Code::io_failed,
          fmt::format("tweets: expected {} of the example; got {}; give the folder "
                      "examples/tweets",
                      path.string(), why)};
}

// The words of the vocabulary in the opposite order.
std::string turned_round(const std::string& vocabulary) {
  const std::regex number(R"(: (\d+))");
  int words = 0;
  for (std::sregex_iterator it(vocabulary.begin(), vocabulary.end(), number), end; it != end; ++it)
    words = std::max(words, std::stoi((*it)[1]));
  std::string turned;
  auto rest = vocabulary.cbegin();
  for (std::sregex_iterator it(vocabulary.begin(), vocabulary.end(), number), end; it != end;
       ++it) {
    turned.append(rest, (*it)[0].first);
    turned += fmt::format(": {}", words + 1 - std::stoi((*it)[1]));
    rest = (*it)[0].second;
  }
  return turned.append(rest, vocabulary.cend());
}

}  // namespace

Status make_two_versions(const fs::path& tweets, const fs::path& to) {
  std::error_code error;
  for (const char* version : {"1", "2"}) {
    fs::copy(tweets / "model/1", to / version, fs::copy_options::recursive, error);
    if (error) return unreadable(tweets / "model/1", error.message());
  }
  const fs::path vocabulary = to / "2/assets.extra/vocab.json";
  std::ifstream in(vocabulary);
  if (!in) return unreadable(vocabulary, "nothing that can be read");
  const std::string turned =
      turned_round({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
  std::ofstream out(vocabulary);
  if (!(out << turned) || !out.flush())
    return unreadable(vocabulary, "nothing that can be written");
  return {};
}

Result<std::vector<std::string>> read_texts(const fs::path& tweets) {
  std::ifstream in(tweets / "sample.jsonl");
  std::vector<std::string> texts;
  for (std::string line; std::getline(in, line);) texts.push_back(line);
  if (texts.empty()) return unreadable(tweets / "sample.jsonl", "no line");
  return texts;
}

std::string two_versions_pipeline(const fs::path& versions, int workers) {
  return fmt::format(
      R"(
pipeline: bench
workers: {}
models: {{ m: {{ runtime: tensorflow, path: {}, version: 1, keep_previous: 0s }} }}
from: {{ topic: in, start: earliest, fields: {{ value: string }} }}
steps: [ {{ infer: {{ model: m, outputs: {{ dense_5: score }} }} }} ]
to: {{ topic: out, value: {{ score: score }} }}
dead_letters: dead
)",
      workers, versions.string());
}

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace thalweg::bench
