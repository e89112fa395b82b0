// What a server has done. Written by its thread, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace thalweg::http {

enum class Dropped {
  crowded,       // for a newer one, when there were connections_max
  request_time,  // the request did not come in time
  answer_time,   // the handler did not answer in time
  write_time,    // the caller did not take the answer in time
};
constexpr std::size_t dropped_count = 4;
[[nodiscard]] constexpr const char* to_string(Dropped why) noexcept {
  constexpr const char* names[] = {"crowded", "request_time", "answer_time", "write_time"};
  return names[static_cast<std::size_t>(why)];
}

struct Counters {
  std::atomic<std::int64_t> connections{0};  // open now
  std::atomic<std::uint64_t> accepted{0};
  std::array<std::atomic<std::uint64_t>, dropped_count> dropped{};
  std::array<std::atomic<std::uint64_t>, 600> responses{};  // by status

  void drop(Dropped why) noexcept { ++dropped[static_cast<std::size_t>(why)]; }
};

}  // namespace thalweg::http
