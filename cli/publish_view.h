// What the two commands that publish versions share: their options, the progress, and what they print.
#pragma once

#include "cli/options.h"
#include "model/publish.h"

namespace thalweg::cli {

struct PublishWords {
  PublishOptions wanted;
  std::int64_t version = -1;
  // --golden, --tolerance, --baseline, --version.
  void declare(Command& command);
  // Publishes and says so. Errors: those of publish().
  [[nodiscard]] Result<Published> run(const std::string& from, bool json);
};

}  // namespace thalweg::cli
