#include "cli/file_descriptor.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

constexpr mode_t readable_by_all = 0644;

Error cannot(const std::string& what, const std::string& verb, const std::string& path) {
  return Error(Code::io_failed, fmt::format("{}: expected a file that can be {}; got '{}' ({})",
                                            what, verb, path, std::strerror(errno)));
}

}  // namespace

Result<FileDescriptor> FileDescriptor::to_read(const std::string& path, const std::string& what) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot(what, "read", path);
  return FileDescriptor(fd, true);
}

Result<FileDescriptor> FileDescriptor::to_write(const std::string& path, const std::string& what) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, readable_by_all);
  if (fd < 0) return cannot(what, "written", path);
  return FileDescriptor(fd, true);
}

FileDescriptor::~FileDescriptor() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

}  // namespace thalweg::cli
