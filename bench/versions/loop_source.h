// Records without end that take no memory: the texts of a sample in turn, made as they are read and forgotten. So what the process grows by
// is not its load.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg::bench {

// Record n is text n mod texts, lies in partition n mod partitions, and has n as its key.
class LoopTopic {
 public:
  LoopTopic(std::vector<std::string> texts, std::size_t partitions);

  // Record n, counted from 0. One thread.
  void append(std::uint64_t n);
  // Reads one partition; the topic outlives it. At most so many records of a partition may be under way: then a key's place is used again.
  static constexpr std::size_t under_way_max = std::size_t{1} << 15;
  [[nodiscard]] std::unique_ptr<Source> source(std::size_t partition);

 private:
  friend class LoopSource;
  struct Part {
    std::mutex mutex;
    std::int64_t end = 0;    // mutex
    Waker* waker = nullptr;  // mutex
  };
  const std::vector<std::string> texts_;
  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace thalweg::bench
