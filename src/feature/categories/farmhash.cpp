// FarmHash's Fingerprint64, after its definition: one way each for up to 16, 32, 64 and more bytes.
#include "feature/categories/farmhash.h"

#include <bit>
#include <cstring>
#include <utility>

namespace thalweg::feature {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the loads below take the machine's byte order for the hash's");

using u64 = std::uint64_t;

// The three primes the algorithm is built on.
constexpr u64 prime0 = 0xc3a5c85c97cb3127;
constexpr u64 prime1 = 0xb492b66fbe98f273;
constexpr u64 prime2 = 0x9ae16a3b2f90404f;

u64 load64(const char* p) noexcept {
  u64 value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

u64 load32(const char* p) noexcept {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

u64 turn(u64 value, int by) noexcept {
  return std::rotr(value, by);
}
u64 fold(u64 value) noexcept {
  return value ^ (value >> 47);
}

u64 mix(u64 u, u64 v, u64 factor) noexcept {
  const u64 a = fold((u ^ v) * factor);
  return fold((v ^ a) * factor) * factor;
}

u64 up_to_16(const char* s, u64 size) noexcept {
  const u64 factor = prime2 + size * 2;
  if (size >= 8) {
    const u64 first = load64(s) + prime2;
    const u64 last = load64(s + size - 8);
    return mix(turn(last, 37) * factor + first, (turn(first, 25) + last) * factor, factor);
  }
  if (size >= 4) return mix(size + (load32(s) << 3), load32(s + size - 4), factor);
  if (size == 0) return prime2;
  const auto byte = [s](u64 i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(s[i]));
  };
  const std::uint32_t y = byte(0) + (byte(size >> 1) << 8);
  const std::uint32_t z = static_cast<std::uint32_t>(size) + (byte(size - 1) << 2);
  return fold(y * prime2 ^ z * prime0) * prime2;
}

u64 up_to_32(const char* s, u64 size) noexcept {
  const u64 factor = prime2 + size * 2;
  const u64 a = load64(s) * prime1;
  const u64 b = load64(s + 8);
  const u64 c = load64(s + size - 8) * factor;
  const u64 d = load64(s + size - 16) * prime2;
  return mix(turn(a + b, 43) + turn(c, 30) + d, a + turn(b + prime2, 18) + c, factor);
}

u64 up_to_64(const char* s, u64 size) noexcept {
  const u64 factor = prime2 + size * 2;
  const u64 a = load64(s) * prime2;
  const u64 b = load64(s + 8);
  const u64 c = load64(s + size - 8) * factor;
  const u64 d = load64(s + size - 16) * prime2;
  const u64 y = turn(a + b, 43) + turn(c, 30) + d;
  const u64 z = mix(y, a + turn(b + prime2, 18) + c, factor);
  const u64 e = load64(s + 16) * factor;
  const u64 f = load64(s + 24);
  const u64 g = (y + load64(s + size - 32)) * factor;
  const u64 h = (z + load64(s + size - 24)) * factor;
  return mix(turn(e + f, 43) + turn(g, 30) + h, e + turn(f + a, 18) + g, factor);
}

struct Pair {
  u64 first = 0, second = 0;
};

Pair mix_32_bytes(const char* s, u64 a, u64 b) noexcept {
  const u64 w = load64(s), x = load64(s + 8), y = load64(s + 16), z = load64(s + 24);
  a += w;
  b = turn(b + a + z, 21);
  const u64 c = a;
  a += x + y;
  b += turn(a, 44);
  return {a + z, b + c};
}

u64 above_64(const char* s, u64 size) noexcept {
  constexpr u64 seed = 81;
  u64 x = seed * prime2 + load64(s);
  u64 y = seed * prime1 + 113;
  u64 z = fold(y * prime2 + 113) * prime2;
  Pair v, w;
  // Whole blocks of 64, then the last 64 bytes, which overlap the block before.
  const char* end = s + (size - 1) / 64 * 64;
  const char* last = end + ((size - 1) & 63) - 63;
  const auto round = [&](u64 factor, u64 nine) {
    x = turn(x + y + v.first + load64(s + 8), 37) * factor;
    y = turn(y + v.second + load64(s + 48), 42) * factor;
    x ^= w.second * nine;
    y += v.first * nine + load64(s + 40);
    z = turn(z + w.first, 33) * factor;
    v = mix_32_bytes(s, v.second * factor, x + w.first);
    w = mix_32_bytes(s + 32, z + w.second, y + load64(s + 16));
    std::swap(z, x);
  };
  for (; s != end; s += 64) round(prime1, 1);
  const u64 factor = prime1 + ((z & 0xff) << 1);
  s = last;
  w.first += (size - 1) & 63;
  v.first += w.first;
  w.first += v.first;
  round(factor, 9);
  return mix(mix(v.first, w.first, factor) + fold(y) * prime0 + z,
             mix(v.second, w.second, factor) + x, factor);
}

}  // namespace

u64 farm_fingerprint64(std::string_view s) noexcept {
  if (s.size() <= 16) return up_to_16(s.data(), s.size());
  if (s.size() <= 32) return up_to_32(s.data(), s.size());
  if (s.size() <= 64) return up_to_64(s.data(), s.size());
  return above_64(s.data(), s.size());
}

}  // namespace thalweg::feature
