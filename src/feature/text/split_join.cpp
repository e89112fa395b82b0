// split: a text becomes a list of words. join: the way back.
#include <algorithm>

#include "feature/support/step.h"
#include "feature/support/text_parts.h"
#include "feature/text/utf8.h"

namespace thalweg::feature::steps {
namespace {

const Section split_section{
    .name = "split",
    .doc = "A text becomes a list of words.",
    .settings = {{.name = "on",
                  .example = "','",
                  .doc = "What stands between the words; empty words are kept. None: any white "
                         "space, and no empty words."}},
    .shorthand = "on"};

const Section join_section{.name = "join",
                           .doc = "A list of words becomes one text.",
                           .settings = {{.name = "with",
                                         .fallback = " ",
                                         .example = "' '",
                                         .doc = "What is put between the words."}},
                           .shorthand = "with"};

// Calls f(word) for each; false if the text is not UTF-8.
template <class F>
bool each_word(std::string_view s, F f) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < s.size();) {
    const std::size_t here = at;
    const std::int32_t c = next_code_point(s, at);
    if (c < 0) return false;
    if (!is_space(c)) continue;
    if (here > begin) f(s.substr(begin, here - begin));
    begin = at;
  }
  if (begin < s.size()) f(s.substr(begin));
  return true;
}

class Words final : public SplitOnSpace {
 public:
  [[nodiscard]] const ColumnType& type() const noexcept override { return type_; }
  [[nodiscard]] bool split(std::string_view s, Column& out) const override {
    if (each_word(s, [&](std::string_view word) { out.push_string(word); })) return true;
    out.abandon_row();
    return false;
  }

 private:
  ColumnType type_{DType::string, {{Shape::unknown}}};
};

void split_on_text(const Column& in, std::string_view on, std::size_t rows, Column& out) {
  for (std::size_t row = 0; row < rows; ++row) {
    std::string_view rest = in.string_row(row)[0];
    for (std::size_t at = rest.find(on); at != std::string_view::npos; at = rest.find(on)) {
      out.push_string(rest.substr(0, at));
      rest.remove_prefix(at + on.size());
    }
    out.push_string(rest);
    out.end_row();
  }
}

StepResult make_split(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_text(context); !status) return std::move(status).error();
  const ColumnType type{DType::string, {{Shape::unknown}}};
  if (!settings.given("on")) return std::unique_ptr<FeatureStep>(std::make_unique<Words>());
  if (settings.string("on").empty())
    return bad_settings(
        "on: expected at least one character; leave it out to split on white space");
  return make_feature_step(type, [on = settings.string("on")](Inputs inputs, std::size_t rows,
                                                              Column& out, FeatureScratch&) {
    split_on_text(*inputs[0], on, rows, out);
  });
}

std::string_view joined(std::span<const std::string_view> words, std::string_view with,
                        Arena& arena) {
  if (words.empty()) return {};
  if (words.size() == 1) return words.front();
  std::size_t bytes = with.size() * (words.size() - 1);
  for (const std::string_view word : words) bytes += word.size();
  char* begin = arena.allocate(bytes);
  char* to = std::copy(words.front().begin(), words.front().end(), begin);
  for (const std::string_view word : words.subspan(1)) {
    to = std::copy(with.begin(), with.end(), to);
    to = std::copy(word.begin(), word.end(), to);
  }
  return {begin, bytes};
}

class Join final : public JoinWords {
 public:
  explicit Join(std::string with) : with_(std::move(with)) {}
  [[nodiscard]] const ColumnType& type() const noexcept override { return type_; }
  [[nodiscard]] std::string_view with() const noexcept override { return with_; }
  void apply(Inputs inputs, std::size_t rows, Column& out, FeatureScratch& scratch) const override {
    for (std::size_t row = 0; row < rows; ++row) {
      out.push_string(joined(inputs[0]->string_row(row), with_, *scratch.arena));
      out.end_row();
    }
  }

 private:
  ColumnType type_{DType::string, {}};
  std::string with_;
};

StepResult make_join(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_words(context); !status) return std::move(status).error();
  return std::unique_ptr<FeatureStep>(std::make_unique<Join>(settings.string("with")));
}

}  // namespace

FeatureStepKind split() {
  return {.name = "split",
          .doc =
              "A text becomes a list of words. Equals Python's str.split() and, with `on`, "
              "str.split(on).",
          .section = &split_section,
          .make = make_split};
}

FeatureStepKind join() {
  return {.name = "join",
          .doc = "A list of words becomes one text. Equals Python's with.join(words).",
          .section = &join_section,
          .make = make_join};
}

}  // namespace thalweg::feature::steps
