// JUnit XML: what build servers read test results from.
#pragma once

#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg::cli {

struct JunitCase {
  std::string suite;  // the pipeline file
  std::string name;
  double seconds = 0;
  std::string failure;  // empty: passed
  bool broken = false;  // the suite could not be run at all: an error, not a failure
};

[[nodiscard]] std::string junit_xml(const std::vector<JunitCase>& cases);
[[nodiscard]] Status write_junit(const std::string& path, const std::vector<JunitCase>& cases);

}  // namespace thalweg::cli
