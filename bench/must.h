// What a benchmark does with an error: it says so under its own name, and ends.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "thalweg/error.h"

namespace thalweg::bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error().message());
  return *std::move(result);
}
inline void must(const Status& status) {
  if (!status) fail(status.error().message());
}

}  // namespace thalweg::bench
