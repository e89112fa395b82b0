// FILE and `--set key=value`: how commands are told which pipeline.
#pragma once

#include <string>
#include <vector>

#include "thalweg/error.h"

#include "cli/options.h"
#include "config/pipeline.h"

namespace thalweg::cli {

struct PipelineOptions {
  std::vector<std::string> paths;
  std::vector<std::string> set;

  void declare_file(Command& command);
  // Where further words follow the file: a list would take them for files.
  void declare_first_file(Command& command);
  // For commands that can do without.
  void declare_file_if_any(Command& command);
  void declare_files(Command& command);

  [[nodiscard]] const std::string& path() const { return paths.front(); }
  // Reads a file with the overrides of the line; `more` come last and win. Errors: config_invalid.
  [[nodiscard]] Result<PipelineFile> read(const std::string& path,
                                          const Overrides& more = {}) const;
  // For commands that run a pipeline beside its cluster: one worker, no HTTP endpoint, no shadow, no watch for drift, and a dead-letter topic even if the file
  // has none, so that a bad record is reported and the next one is looked at.
  [[nodiscard]] Result<PipelineFile> read_for_trial(const std::string& path,
                                                    const Overrides& more = {}) const;
};

// Where read_for_trial sends the dead letters of a pipeline that has no topic for them.
inline constexpr const char* no_dead_letters_topic = "no-dead-letters-configured";

}  // namespace thalweg::cli
