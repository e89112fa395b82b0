// An open file that closes itself; standard input and output stay open.
#pragma once

#include <string>
#include <utility>

#include "thalweg/error.h"

namespace thalweg::cli {

class FileDescriptor {
 public:
  // `what` ("--output") is the front of error messages. Errors: io_failed.
  [[nodiscard]] static Result<FileDescriptor> to_read(const std::string& path,
                                                      const std::string& what);
  // Creates or empties the file.
  [[nodiscard]] static Result<FileDescriptor> to_write(const std::string& path,
                                                       const std::string& what);
  // One that stays the caller's.
  [[nodiscard]] static FileDescriptor borrowed(int fd) { return FileDescriptor(fd, false); }

  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor();

  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  FileDescriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
  int fd_;
  bool owned_;
};

}  // namespace thalweg::cli
