// SipHash-2-4, after its paper: two rounds per eight bytes, four at the end.
#include "feature/categories/siphash.h"

#include <array>
#include <bit>
#include <cstring>

namespace thalweg::feature {
namespace {

using u64 = std::uint64_t;

struct State {
  std::array<u64, 4> v;

  void round() noexcept {
    v[0] += v[1];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[3];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[2] = std::rotl(v[2], 32);
  }
  void absorb(u64 word) noexcept {
    v[3] ^= word;
    round();
    round();
    v[0] ^= word;
  }
};

}  // namespace

u64 siphash24(SipKey key, std::string_view s) noexcept {
  State state{{key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d,
               key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573}};
  const std::size_t whole = s.size() / 8 * 8;
  u64 word = 0;
  for (std::size_t i = 0; i < whole; i += 8) {
    std::memcpy(&word, s.data() + i, 8);
    state.absorb(word);
  }
  // What is left over, with the length in the top byte.
  word = 0;
  if (s.size() > whole) std::memcpy(&word, s.data() + whole, s.size() - whole);
  state.absorb(word | static_cast<u64>(s.size()) << 56);
  state.v[2] ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}

}  // namespace thalweg::feature
