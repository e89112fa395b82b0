// `thalweg model baseline`: what a version read and said on its training rows, as the file that the watch for drift compares with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::cli {

struct BaselineOptions {
  std::string from;  // rows, JSON lines; "-": standard input
  std::string out;   // "": standard output
  std::string model;
  std::vector<std::string> set;
  std::int64_t version = -1;
  bool json = false;
  bool quiet = false;
};

// `what`: a model's folder or file, or a pipeline file. Returns the exit code.
[[nodiscard]] int make_baseline(const std::string& what, const BaselineOptions& options);

}  // namespace thalweg::cli
