// Records out of a file or a pipe: one line, one record, its offset the line's number from 0.
//
// Read in large blocks, and lines are not copied: they are views into the blocks, which the batch keeps alive. A line ends at
// \n or \r\n; an empty last line is no record. A pipe with nothing in it is waited for, for a moment: the one exception to
// "drain never waits", so that a worker on a terminal does not spin.
//
// One topic, one partition, no group: there is nothing to commit.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

struct LinesSourceOptions {
  int fd = 0;                   // stays the caller's
  std::string topic = "stdin";  // what the records say they come from
  std::size_t limit = 0;        // lines; 0: all
  std::size_t line_bytes_max = std::size_t{64} << 20;
  std::chrono::milliseconds wait{100};  // for a pipe that is silent
};

class LinesSource final : public Source {
 public:
  explicit LinesSource(LinesSourceOptions options);

  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override;
  void serve() override {}
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override;
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset> next, bool wait) override;
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override;
  [[nodiscard]] bool ended() const noexcept override { return ended_; }
  void lag(std::vector<Lag>& out) const override;
  void close() override;

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    std::size_t size = 0;  // without the padding behind it
  };
  // The next line without its end; false: no whole line is here.
  [[nodiscard]] bool next_line(std::string_view& line);
  // More bytes behind end_; false: none now, or none ever (then ended_ or at_eof_).
  [[nodiscard]] bool read_more();
  [[nodiscard]] bool make_room();
  [[nodiscard]] std::shared_ptr<Block> free_block(std::size_t size);
  void fail(const std::string& message);

  LinesSourceOptions options_;
  Waker* waker_ = nullptr;
  SourceListener* listener_ = nullptr;
  std::vector<std::shared_ptr<Block>> pool_;
  std::shared_ptr<Block> block_;  // being read into: [begin_, end_) is not delivered yet
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;  // no line end before it
  std::size_t end_ = 0;
  std::int64_t line_ = 0;
  bool at_eof_ = false;
  bool ended_ = false;
};

}  // namespace thalweg
