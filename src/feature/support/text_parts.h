// Text steps that can be put together: what each does to one string, without the column around it.
//
// A step that is one of these may be run by another that holds several of them (src/feature/fused/), so that a text goes
// through a chain once and not once a step. What comes out is the same.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

#include "feature/support/columns.h"

namespace thalweg::feature {

// What becomes of each ASCII character, whatever stands beside it.
struct AsciiMap {
  static constexpr unsigned char gone = 0x80;  // no ASCII character
  std::array<unsigned char, 128> becomes{};

  // f(character) gives an ASCII character, or `gone`.
  template <class F>
  [[nodiscard]] static AsciiMap from(F f) {
    AsciiMap map;
    for (unsigned char c = 0; c < 128; ++c) map.becomes[c] = f(static_cast<char>(c));
    return map;
  }
  // This one, then `next`.
  [[nodiscard]] AsciiMap then(const AsciiMap& next) const noexcept {
    return from([&](char c) {
      const unsigned char first = becomes[static_cast<unsigned char>(c)];
      return first == gone ? gone : next.becomes[first];
    });
  }
  bool operator==(const AsciiMap&) const = default;
};

// string → string, each for itself.
class TextStep : public FeatureStep {
 public:
  TextStep(ColumnType type, std::optional<AsciiMap> ascii)
      : type_(std::move(type)), ascii_(ascii) {}
  [[nodiscard]] const ColumnType& type() const noexcept final { return type_; }
  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
             FeatureScratch& scratch) const final {
    map_strings(*inputs[0], rows, out, scratch,
                [this](std::string_view s, Arena& arena) { return text(s, arena); });
  }

  // A part of `s`, or bytes of the arena; nullopt if `s` is not UTF-8.
  [[nodiscard]] virtual std::optional<std::string_view> text(std::string_view s,
                                                             Arena& arena) const = 0;
  // What text() does to a text of ASCII alone, if it looks at one character at a time.
  [[nodiscard]] const std::optional<AsciiMap>& ascii() const noexcept { return ascii_; }

 private:
  ColumnType type_;
  std::optional<AsciiMap> ascii_;
};

// f: std::optional<std::string_view>(std::string_view, Arena&)
template <class F>
[[nodiscard]] std::unique_ptr<FeatureStep> make_text_step(const ColumnType& type,
                                                          std::optional<AsciiMap> ascii, F f) {
  class Step final : public TextStep {
   public:
    Step(const ColumnType& type, std::optional<AsciiMap> ascii, F f)
        : TextStep(type, ascii), f_(std::move(f)) {}
    [[nodiscard]] std::optional<std::string_view> text(std::string_view s,
                                                       Arena& arena) const override {
      return f_(s, arena);
    }

   private:
    F f_;
  };
  return std::make_unique<Step>(type, ascii, std::move(f));
}

// words → words: each stays, goes or becomes another, whatever stands beside it. Cannot refuse a row.
class WordStep : public FeatureStep {
 public:
  WordStep(ColumnType type, bool dear) : type_(std::move(type)), dear_(dear) {}
  [[nodiscard]] const ColumnType& type() const noexcept final { return type_; }
  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
             FeatureScratch&) const final {
    for (std::size_t row = 0; row < rows; ++row) {
      for (const std::string_view s : inputs[0]->string_row(row)) {
        if (const auto stays = word(s)) out.push_string(*stays);
      }
      out.end_row();
    }
  }

  // `s` itself, or a string that lives as long as the step; nullopt: it goes.
  [[nodiscard]] virtual std::optional<std::string_view> word(std::string_view s) const noexcept = 0;
  // Costs more than to look up what became of the word before.
  [[nodiscard]] bool dear() const noexcept { return dear_; }

 private:
  ColumnType type_;
  bool dear_;
};

// f: std::optional<std::string_view>(std::string_view)
template <class F>
[[nodiscard]] std::unique_ptr<FeatureStep> make_word_step(const ColumnType& type, bool dear, F f) {
  class Step final : public WordStep {
   public:
    Step(const ColumnType& type, bool dear, F f) : WordStep(type, dear), f_(std::move(f)) {}
    [[nodiscard]] std::optional<std::string_view> word(std::string_view s) const noexcept override {
      return f_(s);
    }

   private:
    F f_;
  };
  return std::make_unique<Step>(type, dear, std::move(f));
}

// A text becomes its words: `split` on white space.
class SplitOnSpace : public FeatureStep {
 public:
  // Pushes the words, and leaves the row open; none, and false, if the text is not UTF-8.
  [[nodiscard]] virtual bool split(std::string_view s, Column& out) const = 0;

  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
             FeatureScratch& scratch) const final {
    for (std::size_t row = 0; row < rows; ++row) {
      if (!split(inputs[0]->string_row(row)[0], out)) refuse_not_utf8(scratch, row);
      out.end_row();
    }
  }
};

// Words become a text.
class JoinWords : public FeatureStep {
 public:
  [[nodiscard]] virtual std::string_view with() const noexcept = 0;
};

// A text becomes the ids of its words, of which each counts for itself.
class TokenStep : public FeatureStep {
 public:
  // Is this white space that stands between words, and that no word can contain?
  [[nodiscard]] virtual bool separates(char c) const noexcept = 0;
  // Appends the ids; false if the text is not UTF-8.
  [[nodiscard]] virtual bool append_ids(std::string_view text, Arena& arena,
                                        std::vector<std::int32_t>& ids) const = 0;
};

}  // namespace thalweg::feature
