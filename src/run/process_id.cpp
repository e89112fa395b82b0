#include "run/process_id.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace thalweg {
namespace {

constexpr std::size_t uuid_size = 36;

std::string new_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  // So few bytes come at once and whole, once the machine has started.
  [[maybe_unused]] const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

bool is_uuid(std::string_view text) {
  if (text.size() != uuid_size) return false;
  for (const char c : text) {
    if (c != '-' && std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
  }
  return true;
}

Error io_error(const std::string& path, const char* what) {
  return Error(Code::io_failed,
               fmt::format("state_directory: {}: expected to {}; got {}; check the directory, its "
                           "owner and its room",
                           path, what, std::strerror(errno)));
}

std::string read_text(int fd) {
  std::array<char, uuid_size> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  return {text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

bool write_text(int fd, const std::string& text) {
  if (::ftruncate(fd, 0) != 0) return false;
  const ssize_t n = ::pwrite(fd, text.data(), text.size(), 0);
  // Where a part was written there is no room for the rest, and no errno that says so.
  if (n >= 0 && n < static_cast<ssize_t>(text.size())) errno = ENOSPC;
  return n == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
}

}  // namespace

ProcessId ProcessId::random() {
  return {new_uuid(), -1};
}

Result<ProcessId> ProcessId::kept_in(const std::string& directory, const std::string& pipeline) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  const std::string path = directory + "/" + pipeline + ".process-id";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return io_error(path, "open the file");
  ProcessId id({}, fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error(path, "lock the file");
    return Error(Code::config_invalid,
                 fmt::format("state_directory: {}: expected to be its only user; another process "
                             "holds it; give each process of pipeline '{}' a directory of its own",
                             path, pipeline));
  }
  id.text_ = read_text(fd);
  if (is_uuid(id.text_)) return id;
  id.text_ = new_uuid();
  if (!write_text(fd, id.text_)) return io_error(path, "write the file");
  return id;
}

ProcessId::ProcessId(ProcessId&& other) noexcept
    : text_(std::move(other.text_)), lock_(std::exchange(other.lock_, -1)) {}

ProcessId::~ProcessId() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace thalweg
