#include "control/file_log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "control/json_node.h"

namespace thalweg::control {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool ok() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

Error failed(const std::string& path, const char* what) {
  return Error(Code::io_failed,
               fmt::format("state_directory: {}: expected to {}; got {}; check the directory, its "
                           "owner and its room",
                           path, what, std::strerror(errno)));
}

bool write_whole(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

std::string line_of(const LogEntry& entry) {
  Node value = entry.value ? json_string(*entry.value) : Node::null({});
  return Node::map({{"offset", json_number(entry.offset)},
                    {"key", json_string(entry.key)},
                    {"value", std::move(value)}})
             .to_json() +
         "\n";
}

// A version's address may hold a password, and stands whole in a record.
constexpr mode_t readable_by = 0600;

// No file gets so far; a larger offset has nothing behind it.
constexpr std::int64_t offset_end = std::int64_t{1} << 62;

Result<LogEntry> entry_of(const std::string& line, const std::string& path) {
  auto node = read_json(line);
  if (!node) return std::move(node).error().at(path);
  const Node* offset = node->find("offset");
  const Node* key = node->find("key");
  const Node* value = node->find("value");
  const auto place = offset == nullptr ? std::nullopt : offset->as_integer();
  if (!place || *place < 0 || *place >= offset_end || key == nullptr || !key->is_scalar() ||
      value == nullptr || (!value->is_null() && !value->is_scalar()))
    return Error(Code::config_invalid,
                 fmt::format("{}: expected offset, key and value in each line; got one of {} bytes "
                             "without them; restore the file, or remove it to go back to the "
                             "pipeline file",
                             path, line.size()));
  LogEntry entry{*place, key->text(), std::nullopt, -1};
  if (!value->is_null()) entry.value = value->text();
  return entry;
}

// Version and place of a file, so that another one is seen.
std::string stamp_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return "-";
  return fmt::format("{}.{}.{}.{}", s.st_ino, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_size);
}

}  // namespace

FileLog::FileLog(std::string directory, std::string pipeline)
    : directory_(std::move(directory)),
      path_(directory_ + "/" + pipeline + ".control.jsonl"),
      lock_path_(directory_ + "/" + pipeline + ".control.lock"),
      audit_path_(directory_ + "/" + pipeline + ".audit.jsonl"),
      process_path_(directory_ + "/" + pipeline + ".process.json") {}

Status FileLog::open() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) {
    errno = error.value();
    return failed(directory_, "make the directory");
  }
  return {};
}

std::string FileLog::stamp() const {
  return stamp_of(path_) + " " + stamp_of(process_path_);
}

Result<std::vector<LogEntry>> FileLog::read_all() const {
  std::vector<LogEntry> entries;
  std::ifstream file(path_, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    auto entry = entry_of(line, path_);
    if (!entry) return std::move(entry).error();
    entries.push_back(*std::move(entry));
  }
  if (file.bad()) return failed(path_, "read the file");
  return entries;
}

Result<std::vector<LogEntry>> FileLog::read_to_end() {
  const std::lock_guard lock(mutex_);
  seen_ = stamp();  // before reading: what comes between is read again
  auto entries = read_all();
  if (!entries) return entries;
  std::erase_if(*entries, [&](const LogEntry& e) { return e.offset < position_; });
  for (const LogEntry& e : *entries) position_ = std::max(position_, e.offset + 1);
  // The process's last word has no place in the order.
  std::ifstream file(process_path_, std::ios::binary);
  std::string line;
  if (std::getline(file, line)) {
    if (auto word = entry_of(line, process_path_); word) entries->push_back(*std::move(word));
  }
  return entries;
}

Result<std::vector<LogEntry>> FileLog::follow(std::chrono::milliseconds) {
  {
    const std::lock_guard lock(mutex_);
    if (stamp() == seen_) return std::vector<LogEntry>{};
  }
  return read_to_end();
}

Status FileLog::replace(const std::string& path, const std::string& text, bool sync) const {
  const std::string beside = fmt::format("{}.new-{}", path, ::getpid());
  {
    const Descriptor file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, readable_by));
    if (!file.ok()) return failed(beside, "open the file");
    if (!write_whole(file.get(), text) || (sync && ::fsync(file.get()) != 0)) {
      const Status why = failed(beside, "write the file");
      ::unlink(beside.c_str());  // where there is no room it must not take any
      return why;
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(path, "replace the file");
  const Descriptor folder(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (sync && (!folder.ok() || ::fsync(folder.get()) != 0))
    return failed(directory_, "sync the directory");
  return {};
}

Result<std::int64_t> FileLog::append(const std::string& key,
                                     const std::optional<std::string>& value) {
  const std::lock_guard lock(mutex_);
  const Descriptor guard(::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, readable_by));
  if (!guard.ok() || ::flock(guard.get(), LOCK_EX) != 0) return failed(lock_path_, "lock the file");
  auto entries = read_all();
  if (!entries) return std::move(entries).error();
  std::int64_t next = 0;
  for (const LogEntry& e : *entries) next = std::max(next, e.offset + 1);
  std::erase_if(*entries, [&](const LogEntry& e) { return e.key == key; });
  entries->push_back({next, key, value, -1});
  std::string text;
  for (const LogEntry& e : *entries) text += line_of(e);
  if (Status s = replace(path_, text, true); !s) return std::move(s).error();
  return next;
}

Status FileLog::post(const std::string& key, const std::optional<std::string>& value) {
  // A process that ends keeps its last word here: there is nobody to take its place.
  return value ? replace(process_path_, line_of({0, key, value, -1}), false) : Status{};
}

// A line is there whole, or not at all: half of one would spoil the next. Locked, since the command line writes here too.
Status FileLog::audit(const std::string&, const std::string& value) {
  const Descriptor file(
      ::open(audit_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, readable_by));
  if (!file.ok()) return failed(audit_path_, "open the file");
  if (::flock(file.get(), LOCK_EX) != 0) return failed(audit_path_, "lock the file");
  const off_t before = ::lseek(file.get(), 0, SEEK_END);
  if (write_whole(file.get(), value + "\n") && ::fsync(file.get()) == 0) return {};
  Status why = failed(audit_path_, "write the file");
  if (before < 0 || ::ftruncate(file.get(), before) != 0)
    return failed(audit_path_, "take back half of a line");
  return why;
}

}  // namespace thalweg::control
