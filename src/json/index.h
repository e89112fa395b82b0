// The index of a JSON text: where each of its tokens begins. The first half of reading JSON without a tree.
//
// simdjson's first stage finds, in one vectorised pass, the places of `{ } [ ] : ,`, of every opening quote and of the first byte
// of every other scalar, and checks on the way that the text is UTF-8, that strings end, and that no control character stands in one.
// Everything else about the grammar is the Walker's (walker.h). We use this stage alone, and not simdjson's On Demand front,
// for three reasons: a value is then judged whole, also where no field looks; going back to a place is an assignment; and
// nothing is read behind the end, so that a payload needs neither padding nor a copy.
//
// One per worker. Keeps its memory: once warm, `build` allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "json/fault.h"

namespace thalweg::json {

class Index {
 public:
  Index();
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Finds the tokens of `text`, which must stay where it is while they are used. On false: fault().
  [[nodiscard]] bool build(std::string_view text);
  [[nodiscard]] const Fault& fault() const noexcept { return fault_; }

  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  // Places of the tokens, ascending. One more entry, equal to the length of the text, may be read behind the last.
  [[nodiscard]] const std::uint32_t* tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  // Gives memory back that one huge value made it take.
  void trim();

 private:
  struct Scanner;
  bool grow(std::size_t bytes);

  std::unique_ptr<Scanner> scanner_;
  std::string_view text_;
  const std::uint32_t* tokens_ = nullptr;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  Fault fault_;
};

}  // namespace thalweg::json
