// SHA-256 by OpenSSL, which the Kafka client brings anyway.
#include "feature/content_hash.h"

#include <array>
#include <cstdlib>
#include <openssl/evp.h>

#include <fmt/format.h>

namespace thalweg::feature {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    std::abort();  // only when out of memory, or when OpenSSL was built without SHA-256
  }
  std::string hex;
  for (const unsigned char byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

}  // namespace thalweg::feature
