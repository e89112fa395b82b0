// How much of everything a server takes. Each bound is a claim in tests/http/; docs/operating.md lists them for operators.
#pragma once

#include <chrono>
#include <cstddef>

namespace thalweg::http {

struct Limits {
  // At once. One more drops the one that has rested or dawdled longest. REQUIRES more than threads + queue_max, whose callers stay.
  std::size_t connections_max = 64;
  std::size_t requests_max = 100;  // of one connection
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 256 * 1024;
  std::size_t threads = 4, queue_max = 8;  // of handlers that may block

  using Time = std::chrono::milliseconds;
  Time request_time{5'000};   // from a request's first byte to its last
  Time answer_time{60'000};   // of a handler, its waiting for a thread included
  Time write_time{10'000};    // until the caller has taken the whole answer
  Time idle_time{120'000};    // between two requests; before the first one it is request_time
  Time farewell_time{1'000};  // a caller may still be sending when he is told off
  Time undisturbed_time{50};  // what is younger in its doing is not dropped for another
  Time stop_time{1'000};      // answers under way when the server stops
};

}  // namespace thalweg::http
