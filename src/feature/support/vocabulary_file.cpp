// Reads the files of vocabulary_file.h.
#include "feature/support/vocabulary_file.h"

#include <set>

#include <fmt/format.h>
#include <simdjson.h>

namespace thalweg::feature {
namespace {

namespace dom = simdjson::dom;

Error not_a_vocabulary(std::string_view why) {
  return bad_settings(fmt::format(
      "expected a JSON list of words or a map from words to whole numbers; got {}", why));
}

Result<Vocabulary> from_list(dom::array list) {
  Vocabulary vocabulary;
  for (const dom::element item : list) {
    const auto index = static_cast<std::int64_t>(vocabulary.words.size());
    if (std::string_view word; item.get(word) == simdjson::SUCCESS) {
      vocabulary.words.emplace_back(word, index);
    } else if (item.is_int64() || item.is_uint64()) {
      vocabulary.words.emplace_back(simdjson::minify(item), index);
    } else {
      return not_a_vocabulary(
          fmt::format("a list whose element {} is neither a text nor a whole number", index));
    }
  }
  return vocabulary;
}

Result<Vocabulary> from_map(dom::object map) {
  Vocabulary vocabulary;
  vocabulary.numbered = true;
  for (const auto [key, value] : map) {
    std::int64_t index = 0;
    if (value.get(index) != simdjson::SUCCESS) {
      return not_a_vocabulary(fmt::format("a map that holds no whole number at '{}'", key));
    }
    vocabulary.words.emplace_back(key, index);
  }
  return vocabulary;
}

Result<Vocabulary> from_object(dom::object object) {
  dom::object inner;
  if (object["word_index"].get(inner) == simdjson::SUCCESS) return from_map(inner);
  if (std::string_view text; object["config"]["word_index"].get(text) == simdjson::SUCCESS) {
    return parse_vocabulary_json(
        std::string(text));  // Keras writes the map as a text inside the JSON
  }
  if (object["config"]["word_index"].get(inner) == simdjson::SUCCESS) return from_map(inner);
  return from_map(object);
}

Status refuse_duplicates(const Vocabulary& vocabulary) {
  std::set<std::string_view> seen;
  for (const auto& [word, value] : vocabulary.words) {
    if (!seen.insert(word).second)
      return bad_settings(fmt::format("expected each word once; got '{}' twice", word));
  }
  return {};
}

}  // namespace

WordTable Vocabulary::table(std::int64_t first) const {
  std::vector<std::pair<std::string_view, std::int64_t>> entries;
  entries.reserve(words.size());
  for (const auto& [word, value] : words) entries.emplace_back(word, value + first);
  return WordTable(entries);
}

Result<Vocabulary> parse_vocabulary_text(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  Vocabulary vocabulary;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    vocabulary.words.emplace_back(line, static_cast<std::int64_t>(vocabulary.words.size()));
  }
  return vocabulary;
}

Result<Vocabulary> parse_vocabulary_json(const std::string& bytes) {
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(bytes).get(root))
    return not_a_vocabulary(simdjson::error_message(error));
  if (dom::array list; root.get(list) == simdjson::SUCCESS) return from_list(list);
  if (dom::object object; root.get(object) == simdjson::SUCCESS) return from_object(object);
  return not_a_vocabulary("a single value");
}

Result<Vocabulary> vocabulary_of(const Values& settings, std::string_view file,
                                 const FeatureContext& context, Repeats repeats) {
  if (settings.given(file) == settings.given("words")) {
    return bad_settings(fmt::format("expected either `{}` or `words`; got {}", file,
                                    settings.given("words") ? "both" : "none of them"));
  }
  Vocabulary vocabulary;
  if (settings.given("words")) {
    for (std::string& word : settings.strings("words")) {
      vocabulary.words.emplace_back(std::move(word),
                                    static_cast<std::int64_t>(vocabulary.words.size()));
    }
  } else {
    auto bytes = file_of(settings, file, context);
    if (!bytes) return std::move(bytes).error();
    const std::string& path = settings.string(file);
    auto read =
        path.ends_with(".json") ? parse_vocabulary_json(*bytes) : parse_vocabulary_text(*bytes);
    if (!read) return std::move(read).error().at("'" + path + "'");
    vocabulary = *std::move(read);
  }
  if (repeats == Repeats::allowed) return vocabulary;
  if (auto status = refuse_duplicates(vocabulary); !status) return std::move(status).error();
  return vocabulary;
}

}  // namespace thalweg::feature
