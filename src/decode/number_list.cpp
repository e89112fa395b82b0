// See number_list.h.
#include "decode/number_list.h"

#include <algorithm>
#include <array>
#include <span>

#include "decode/four_numbers.h"

namespace thalweg::decode {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Which of the 64 bytes at `p` are `wanted`.
std::uint64_t matches(const char* p, char wanted) noexcept {
  std::uint64_t bits = 0;
#if defined(__SSE2__)
  const __m128i pattern = _mm_set1_epi8(wanted);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern)));
    bits |= std::uint64_t{found} << (16 * i);
  }
#else
  for (int i = 0; i < 64; ++i) bits |= std::uint64_t{p[i] == wanted} << i;
#endif
  return bits;
}

// Finds the ends of the items of a text, a stretch at a time. Apart from reading the items, because a branch per block of 64 bytes
// that is taken after six items or seven is guessed wrong each time, and that costs as much as two numbers.
class ItemEnds {
 public:
  ItemEnds(std::string_view text, char separator) noexcept
      : at_(text.data()), end_(text.data() + text.size()), separator_(separator) {}

  // The ends found in the next stretch; none when the text is over. The last end of all is the end of the text.
  std::span<const char* const> next() noexcept {
    if (over_) return {};
    std::size_t count = 0;
    for (int block = 0; block < blocks && end_ - at_ >= 64; ++block, at_ += 64)
      count = note(matches(at_, separator_), count);
    if (end_ - at_ < 64) {
      const auto left = static_cast<std::size_t>(end_ - at_);
      char copy[64] = {};
      std::memcpy(copy, at_, left);
      count = note(matches(copy, separator_) & ((std::uint64_t{1} << left) - 1), count);
      ends_[count++] = end_;
      over_ = true;
    }
    return {ends_.data(), count};
  }

 private:
  static constexpr int blocks = 8;

  // Writes eight places whether there are as many or not: fewer branches than asking.
  std::size_t note(std::uint64_t bits, std::size_t count) noexcept {
    const auto found = static_cast<std::size_t>(std::popcount(bits));
    for (std::size_t done = 0; done < found; done += 8) {
#pragma GCC unroll 8
      for (std::size_t i = 0; i < 8; ++i) {
        ends_[count + done + i] = at_ + (std::countr_zero(bits) & 63);
        bits &= bits - 1;
      }
    }
    return count + found;
  }

  const char* at_;
  const char* end_;
  char separator_;
  bool over_ = false;
  std::array<const char*, (blocks + 1) * 64 + 8> ends_;
};

std::string_view trimmed(const char* begin, const char* end) noexcept {
  while (begin < end && is_space(*begin)) ++begin;
  while (begin < end && is_space(end[-1])) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

// How many items could be read four at a time. Four that are not plain end it, until the next stretch: so a text of other numbers pays
// little for the attempt. REQUIRES that the byte behind each item may be read.
template <class T>
std::size_t parse_fours(const char* /*begin*/, std::span<const char* const> /*ends*/,
                        const char* /*readable*/, T* /*out*/) noexcept {
  return 0;
}
#if defined(__SSE2__)
template <>
std::size_t parse_fours(const char* begin, std::span<const char* const> ends, const char* readable,
                        float* out) noexcept {
  std::size_t done = 0;
  while (done + 4 <= ends.size() &&
         detail::parse_four(begin, ends.data() + done, readable, out + done)) {
    begin = ends[done + 3] + 1;
    done += 4;
  }
  return done;
}
#endif

}  // namespace

std::size_t count_items_at_most(std::string_view text, char separator) noexcept {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), separator)) + 1;
}

template <class T>
ListOutcome parse_list(std::string_view text, const char* readable, char separator, T* out,
                       std::size_t room) noexcept {
  ItemEnds stretches(text, separator);
  const bool by_space = is_space(separator);
  const char* const text_end = text.data() + text.size();
  const char* begin = text.data();
  std::size_t count = 0;
  for (auto ends = stretches.next(); !ends.empty(); ends = stretches.next()) {
    std::size_t fours = 0;
    if (count < room) {
      // Behind the last item of all there may be nothing to read.
      const std::size_t inner = ends.size() - (ends.back() == text_end ? 1 : 0);
      fours = parse_fours(begin, ends.first(std::min(inner, room - count)), readable, out + count);
      if (fours != 0) begin = ends[fours - 1] + 1;
      count += fours;
    }
    for (const char* const end : ends.subspan(fours)) {
      T value;
      if (!parse_quickly(begin, end, readable, value)) {
        const std::string_view item = trimmed(begin, end);
        begin = end + 1;
        if (item.empty() && (by_space || end == text_end)) continue;
        const json::NumberFault fault = json::parse_number(item, json::Grammar::loose, value);
        if (fault != json::NumberFault::none) return {fault, count, item};
      }
      begin = end + 1;
      if (count < room) out[count] = value;
      ++count;
    }
  }
  return {json::NumberFault::none, count, {}};
}

template ListOutcome parse_list(std::string_view, const char*, char, float*, std::size_t) noexcept;
template ListOutcome parse_list(std::string_view, const char*, char, double*, std::size_t) noexcept;
template ListOutcome parse_list(std::string_view, const char*, char, std::int32_t*,
                                std::size_t) noexcept;
template ListOutcome parse_list(std::string_view, const char*, char, std::int64_t*,
                                std::size_t) noexcept;
template ListOutcome parse_list(std::string_view, const char*, char, std::uint8_t*,
                                std::size_t) noexcept;

}  // namespace thalweg::decode
