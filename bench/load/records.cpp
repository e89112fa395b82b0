#include "records.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kafka.h"

namespace thalweg::bench {
namespace {

std::string_view map_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about {};
  if (fd < 0 || ::fstat(fd, &about) != 0) fail(path + ": cannot be read: " + std::strerror(errno));
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) fail(path + ": expected records; the file is empty");
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED) fail(path + ": cannot be mapped: " + std::strerror(errno));
  return {static_cast<const char*>(memory), size};
}

}  // namespace

Records::Records(const std::string& path, std::size_t record_bytes) {
  std::string_view rest = map_file(path);
  if (record_bytes != 0 && rest.size() % record_bytes != 0)
    fail(path + ": expected records of " + std::to_string(record_bytes) + " bytes; got " +
         std::to_string(rest.size()) + " bytes in all");
  while (!rest.empty()) {
    const std::size_t size =
        record_bytes != 0 ? record_bytes : std::min(rest.find('\n'), rest.size());
    values_.push_back(rest.substr(0, size));
    rest.remove_prefix(std::min(rest.size(), size + (record_bytes == 0 ? 1 : 0)));
  }
}

}  // namespace thalweg::bench
