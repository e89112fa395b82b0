// The values of a workload file, mapped into memory and repeated for as long as records are wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::bench {

class Records {
 public:
  // `record_bytes`: the fixed size of a record; 0: one record a line. Ends the program when the file cannot be read.
  // The bytes stay where they are until the process ends, so that the producer need not copy them.
  Records(const std::string& path, std::size_t record_bytes);
  [[nodiscard]] std::string_view operator[](std::uint64_t sequence) const noexcept {
    return values_[sequence % values_.size()];
  }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

 private:
  std::vector<std::string_view> values_;
};

}  // namespace thalweg::bench
