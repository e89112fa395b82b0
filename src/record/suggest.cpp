// "Did you mean …?": the nearest known word, by the number of typing slips (a letter more, less, wrong, or two swapped).
#include <algorithm>
#include <cctype>

#include "thalweg/settings.h"

namespace thalweg {

namespace {

constexpr std::size_t longest_word =
    64;  // longer ones are no typing slips, and cost length squared

char lower(char c) {
  if (c == '-') return '_';  // `batch-size` for `batch_size` is half a slip
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Damerau-Levenshtein distance (optimal string alignment), letter case ignored.
std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = lower(a[i - 1]);
      const char y = lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  if (word.empty() || word.size() > longest_word) return {};
  const std::string* best = nullptr;
  std::size_t best_slips = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > longest_word) continue;
    const std::size_t distance = slips(word, candidate);
    // A word with every letter changed is another word.
    if (distance < best_slips && distance < std::max(word.size(), candidate.size())) {
      best = &candidate;
      best_slips = distance;
    }
  }
  return best == nullptr ? std::string() : " Did you mean '" + *best + "'?";
}

std::string quoted_list(std::span<const std::string> names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 == names.size() ? " and " : ", ";
    list.append("'").append(names[i]).append("'");
  }
  return list;
}

}  // namespace thalweg
