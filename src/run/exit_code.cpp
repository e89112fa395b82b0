#include "run/exit_code.h"

#include <fmt/format.h>

namespace thalweg {

int exit_code_of(const Error& error) noexcept {
  if (error.code() == Code::stopped) return exit_ok;
  if (error.code() == Code::model_hung) return exit_hung;
  switch (error.domain()) {
    case Domain::user: return exit_configuration;
    case Domain::external: return exit_external;
    case Domain::internal: return exit_internal;
  }
  return exit_internal;
}

int report(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.message());
  return exit_code_of(error);
}

}  // namespace thalweg
