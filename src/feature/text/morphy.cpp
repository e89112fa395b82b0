// Morphy, after NLTK 3.7's `_morphy` and `lemmatize`.
#include "feature/text/morphy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <fmt/format.h>

namespace thalweg::feature {
namespace {

using Entries = std::vector<std::pair<std::string_view, std::int64_t>>;

// Calls f(line) for each line of the text.
template <class F>
void each_line(std::string_view text, F f) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    f(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::string_view take_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \r"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \r", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::string_view file_suffix(PartOfSpeech part) {
  switch (part) {
    case PartOfSpeech::noun: return "noun";
    case PartOfSpeech::verb: return "verb";
    case PartOfSpeech::adjective: return "adj";
    default: return "adv";
  }
}

// Lemmas are ASCII, so bytes are characters; of two as short the first wins.
void keep_shorter(std::string_view& best, std::string_view candidate) {
  if (!candidate.empty() && (best.empty() || candidate.size() < best.size())) best = candidate;
}

}  // namespace

std::vector<Morphy::Rule> Morphy::rules_of(PartOfSpeech part) {
  switch (part) {
    case PartOfSpeech::noun:
      return {{"s", ""},      {"ses", "s"},   {"ves", "f"},   {"xes", "x"}, {"zes", "z"},
              {"ches", "ch"}, {"shes", "sh"}, {"men", "man"}, {"ies", "y"}};
    case PartOfSpeech::verb:
      return {{"s", ""},   {"ies", "y"}, {"es", "e"},  {"es", ""},
              {"ed", "e"}, {"ed", ""},   {"ing", "e"}, {"ing", ""}};
    case PartOfSpeech::adjective: return {{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}};
    default: return {};
  }
}

Result<Morphy> Morphy::load(PartOfSpeech part, const std::string& folder,
                            const FeatureContext& context) {
  const auto missing = [&](const Error& cause) {
    return bad_settings(fmt::format(
        "expected WordNet's dictionary in '{}'; {}; install it with: apt-get install wordnet-base, "
        "or name its folder with `wordnet:`",
        folder, cause.message()));
  };
  auto index = read_feature_bytes(fmt::format("{}/index.{}", folder, file_suffix(part)), context);
  if (!index) return missing(index.error());
  auto exceptions =
      read_feature_bytes(fmt::format("{}/{}.exc", folder, file_suffix(part)), context);
  if (!exceptions) return missing(exceptions.error());
  return from_bytes(part, *index, *exceptions);
}

Morphy Morphy::from_bytes(PartOfSpeech part, std::string_view index, std::string_view exceptions) {
  Morphy morphy;
  morphy.rules_ = rules_of(part);
  Entries lemmas;
  each_line(index, [&](std::string_view line) {
    if (!line.empty() && line.front() != ' ')
      lemmas.emplace_back(take_word(line), 0);  // the licence is indented
  });
  morphy.words_ = WordTable(lemmas);

  // What a word on the list becomes is known at once: the shortest of itself and its forms that is a lemma.
  Entries listed;
  each_line(exceptions, [&](std::string_view line) {
    const std::string_view word = take_word(line);
    if (word.empty()) return;
    std::string_view best = morphy.known(word, {});
    for (std::string_view form = take_word(line); !form.empty(); form = take_word(line))
      keep_shorter(best, morphy.known(form, {}));
    listed.emplace_back(word, static_cast<std::int64_t>(morphy.exception_lemmas_.size()));
    morphy.exception_lemmas_.push_back(best);
  });
  // The last line of a word counts, as in NLTK's dictionary; the table keeps the first it is given.
  std::reverse(listed.begin(), listed.end());
  morphy.exceptions_ = WordTable(listed);
  return morphy;
}

std::string_view Morphy::known(std::string_view stem, std::string_view ending) const noexcept {
  std::array<char, 128> candidate;
  const std::size_t size = stem.size() + ending.size();
  if (size > words_.longest() || size > candidate.size()) return {};
  if (!stem.empty()) std::memcpy(candidate.data(), stem.data(), stem.size());
  if (!ending.empty()) std::memcpy(candidate.data() + stem.size(), ending.data(), ending.size());
  const WordTable::Entry* entry = words_.find({candidate.data(), size});
  return entry == nullptr ? std::string_view{} : entry->word;
}

std::string_view Morphy::lemma(std::string_view word) const noexcept {
  if (const WordTable::Entry* entry = exceptions_.find(word)) {
    const std::string_view lemma = exception_lemmas_[static_cast<std::size_t>(entry->value)];
    return lemma.empty() ? word : lemma;
  }
  const std::string_view lemma = by_rules(word);
  return lemma.empty() ? word : lemma;
}

// Applies the rules to the word, then to what came out, until something known is left. Only forms that are a beginning of the
// word can meet another rule: what a rule puts in place of an ending ("-ies" → "-y") ends like none of the endings.
std::string_view Morphy::by_rules(std::string_view word) const noexcept {
  constexpr std::size_t forms_max =
      8;  // "-es" leaves three, of which one meets a rule again: never more
  std::array<std::string_view, forms_max> forms{word};
  std::size_t count = 1;
  std::string_view best = known(word, {});
  while (count > 0) {
    std::array<std::string_view, forms_max> next;
    std::size_t next_count = 0;
    for (const std::string_view form : std::span(forms).first(count)) {
      for (const auto& [ending, instead] : rules_) {
        if (!form.ends_with(ending)) continue;
        const std::string_view stem = form.substr(0, form.size() - ending.size());
        keep_shorter(best, known(stem, instead));
        // "-ses" → "-s" is a beginning too, one letter longer than the stem.
        if (!ending.starts_with(instead) || next_count == forms_max) continue;
        next[next_count++] = form.substr(0, stem.size() + instead.size());
      }
    }
    if (!best.empty()) return best;
    forms = next;
    count = next_count;
  }
  return best;
}

}  // namespace thalweg::feature
