#include "testing/simulation/verdict.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace thalweg::testing_kit {
namespace {

// "key:count:p0#12" of an output, "!p0#12" or "Xp0#12" of a dead letter.
struct Seen {
  std::size_t partition = 0;
  int number = 0;
  std::string key;
  int count = 0;
};

int number_at(std::string_view text) {
  int n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

Seen parse(const SentRecord& record) {
  const std::string& value = *record.value;
  const std::size_t p = value.find('p');
  const std::size_t hash = value.find('#');
  Seen seen;
  seen.partition = static_cast<std::size_t>(number_at(std::string_view(value).substr(p + 1)));
  seen.number = number_at(std::string_view(value).substr(hash + 1));
  if (record.dead_letter) return seen;
  const std::size_t colon = value.find(':');
  seen.key = value.substr(0, colon);
  seen.count = number_at(std::string_view(value).substr(colon + 1));
  return seen;
}

class Verdict {
 public:
  Verdict(const Promise& promise, SimulationResult& result) : promise_(promise), result_(result) {}

  void input(const Input& in) {
    auto& there = times_[{in.partition, in.number}];
    if (there.outputs + there.dead == 0) wrong("p{}#{} was lost", in.partition, in.number);
    if (in.dies && there.outputs > 0) wrong("p{}#{} should be dead", in.partition, in.number);
    if (!in.dies && there.dead > 0) wrong("p{}#{} should be alive", in.partition, in.number);
    const int repeated = std::max(0, there.outputs + there.dead - 1);
    result_.repeated += static_cast<std::size_t>(repeated);
    if (promise_.exactly_once && repeated > 0)
      wrong("p{}#{} came {} times", in.partition, in.number, repeated + 1);
  }
  // In the order of the topic.
  void output(const SentRecord& record) {
    const Seen seen = parse(record);
    auto& there = times_[{seen.partition, seen.number}];
    const bool first = there.outputs + there.dead == 0;
    ++(record.dead_letter ? there.dead : there.outputs);
    ++(record.dead_letter ? result_.dead : result_.outputs);
    if (record.dead_letter) return;  // a topic of its own
    int& last = last_.try_emplace(seen.partition, -1).first->second;
    if (first && seen.number < last)
      wrong("p{}#{} came after p{}#{}", seen.partition, seen.number, seen.partition, last);
    if (first) last = std::max(last, seen.number);
    if (promise_.counts) count(seen);
  }

 private:
  void count(const Seen& seen) {
    int& before = counts_[{seen.partition, seen.key}];
    if (seen.count != before + 1)
      wrong("p{}#{}: {} was counted {} after {}", seen.partition, seen.number, seen.key, seen.count,
            before);
    before = seen.count;
  }
  template <class... A>
  void wrong(fmt::format_string<A...> text, A&&... args) {
    if (result_.wrong.size() < 10)
      result_.wrong.push_back(fmt::format(text, std::forward<A>(args)...));
  }

  struct Times {
    int outputs = 0, dead = 0;
  };
  const Promise promise_;
  SimulationResult& result_;
  std::map<std::pair<std::size_t, int>, Times> times_;
  std::map<std::size_t, int> last_;
  std::map<std::pair<std::size_t, std::string>, int> counts_;
};

}  // namespace

std::map<std::string, int> counts_of(const std::vector<SentRecord>& outputs,
                                     std::size_t partition) {
  std::map<std::string, int> counts;
  for (const SentRecord& record : outputs) {
    if (record.dead_letter) continue;
    const Seen seen = parse(record);
    if (seen.partition == partition) counts[seen.key] = std::max(counts[seen.key], seen.count);
  }
  return counts;
}

void judge(const std::vector<Input>& inputs, const std::vector<SentRecord>& outputs,
           const Promise& promise, SimulationResult& result) {
  Verdict verdict(promise, result);
  for (const SentRecord& record : outputs) verdict.output(record);
  for (const Input& in : inputs) verdict.input(in);
  result.records = inputs.size();
}

}  // namespace thalweg::testing_kit
