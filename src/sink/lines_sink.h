// Outputs into a file or a pipe, one a line, in the order they are sent; dead letters into another.
//
// A value that is not one line of UTF-8 text (raw tensors, say) is written as {"base64":"…"}, a tombstone as null. A dead letter is
// {"line":8,"code":"not_json","message":"…","value":"…"} with the number of the input line from 1.
//
// Delivered at once: there is nobody who could refuse later but the disk, and a file that cannot be written ends the run
// (io_failed). Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

// Writes a record in another way, its line end included, or not at all. `topic`: where it would go.
using LineWriter =
    std::function<void(const std::string& topic, const OutputRecord& output, std::string& out)>;

struct LineWriters {
  LineWriter output;       // none: as said above
  LineWriter dead_letter;  // none: as said above
};

class LinesSink final : public Sink {
 public:
  // Descriptors stay the caller's. dead_fd -1: dead letters go nowhere (they are counted elsewhere).
  LinesSink(int out_fd, int dead_fd, LineWriters writers = {});
  ~LinesSink() override;

  // All targets are written to the same place.
  [[nodiscard]] Result<std::uint16_t> add_target(const std::string& topic) override;
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override;
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override;
  void abandon() override {}  // nothing ever waits
  [[nodiscard]] std::optional<Error> fatal() const override;

 private:
  struct Stream {
    int fd;
    const char* name;
    std::string buffer{};
  };
  void append(const OutputRecord& output, std::string& out) const;
  [[nodiscard]] bool write(Stream& stream);  // REQUIRES mutex_

  const LineWriters writers_;
  mutable std::mutex mutex_;
  Stream out_;
  Stream dead_;
  std::vector<std::string> targets_;
  std::optional<Error> fatal_;
};

}  // namespace thalweg
